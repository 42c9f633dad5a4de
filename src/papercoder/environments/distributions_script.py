"""Prints the distributions that provide the modules named on the command line, as JSON; null for a missing module.

The text of this file runs in the generated repository's interpreter, without PaperCoder. It imports only the packages
that contain a dotted module.
"""

import importlib.metadata
import importlib.util
import json
import sys


def exists(name: str) -> bool:
    """Whether the module can be found."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError as error:
        return not (error.name or "").startswith(name.partition(".")[0])
    except Exception:  # noqa: BLE001 - a package that fails at import exists; the import step reports the failure
        return True


def holder(name: str) -> str | None:
    """The module, or its parent if the name may be that of a class; None if neither exists."""
    return next((each for each in (name, name.rpartition(".")[0]) if each and exists(each)), None)


if __name__ == "__main__":
    known = importlib.metadata.packages_distributions()
    found = {name: known.get(name.partition(".")[0], []) if holder(name) else None for name in sys.argv[1:]}
    sys.stdout.write("\n" + json.dumps(found) + "\n")
