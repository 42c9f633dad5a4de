"""Runs a Python module as a program, with a limit on its memory: `limited_module.py BYTES MODULE ARGUMENTS`.

An interpreter of its own runs this file as a script, so that the limit never applies to PaperCoder.
"""

import runpy
import sys
from contextlib import suppress


def main() -> None:
    """Limit the address space where the system can, and run the module with the remaining arguments."""
    most, module = int(sys.argv[1]), sys.argv[2]
    with suppress(ImportError, ValueError, OSError):  # there is no such limit on Windows, nor on macOS
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    sys.argv[:] = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
