"""Imports all modules named on the command line and reports those that fail.

The text of this file runs in the generated repository's interpreter, without PaperCoder.
"""

import importlib
import sys
import traceback


def fails(name: str) -> bool:
    """Import a module; if that fails, print the traceback and return True."""
    try:
        importlib.import_module(name)
    except BaseException:  # noqa: BLE001 - a module that exits the interpreter fails too
        sys.stdout.write(f"\n{name} cannot be imported:\n{traceback.format_exc()}")
        return True
    return False


if __name__ == "__main__":
    failed = [name for name in sys.argv[1:] if fails(name)]
    sys.stdout.write(f"\nimported {len(sys.argv) - 1 - len(failed)} of {len(sys.argv) - 1} modules\n")
    sys.exit(bool(failed))
