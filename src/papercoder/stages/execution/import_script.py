"""Imports all modules named on the command line and reports those that fail.

The text of this file runs in the generated repository's interpreter, without PaperCoder. The report repeats a nonce
that is deleted before the first import, so a module that prints what this script prints and exits passes nothing. A
module that is written against this very script could still find the nonce in memory.
"""

import importlib
import json
import sys
import traceback
from pathlib import Path


def outcome(name: str) -> str:
    """Import a module: `passed` or `failed`; if it fails, print the traceback."""
    try:
        importlib.import_module(name)
    except BaseException:  # noqa: BLE001 - a module that exits the interpreter fails too
        sys.stdout.write(f"\n{name} cannot be imported:\n{traceback.format_exc()}")
        return "failed"
    return "passed"


def main(nonce_file: str, report_file: str, *modules: str) -> int:
    """Import the modules and write the report."""
    root = Path.cwd()
    nonce = Path(nonce_file).read_text(encoding="ascii")
    Path(nonce_file).unlink()
    sys.path.insert(0, "")
    outcomes = {name: outcome(name) for name in modules}
    failed = sum(one == "failed" for one in outcomes.values())
    sys.stdout.write(f"\nimported {len(modules) - failed} of {len(modules)} modules\n")
    report = {"nonce": nonce, "complete": True, "outcomes": outcomes}
    (root / report_file).write_text(json.dumps(report), encoding="utf-8")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
