"""Imports the modules named on the command line, all of them, and says which could not be.

Its text is run by the interpreter of the generated repository; it knows nothing of PaperCoder.
"""

import importlib
import sys
import traceback


def fails(name: str) -> bool:
    """Import a module; True, with the traceback printed, where that ends in any other way than with the module."""
    try:
        importlib.import_module(name)
    except BaseException:  # noqa: BLE001 - a module that exits the interpreter has failed to be imported too
        sys.stdout.write(f"\n{name} cannot be imported:\n{traceback.format_exc()}")
        return True
    return False


if __name__ == "__main__":
    failed = [name for name in sys.argv[1:] if fails(name)]
    sys.stdout.write(f"\nimported {len(sys.argv) - 1 - len(failed)} of {len(sys.argv) - 1} modules\n")
    sys.exit(bool(failed))
