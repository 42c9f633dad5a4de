"""Prints, as JSON, which distributions bring the modules named on the command line; null for a module that is absent.

Its text is run by the interpreter of the generated repository; it knows nothing of PaperCoder. No module is imported,
except the packages that hold a dotted one.
"""

import importlib.metadata
import importlib.util
import json
import sys


def is_there(name: str) -> bool:
    """Whether the module can be found."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError as error:
        return not (error.name or "").startswith(name.partition(".")[0])
    except Exception:  # noqa: BLE001 - a package that fails at import is there; the import step shows how it fails
        return True


def holder(name: str) -> str | None:
    """The module, or the one that holds it if the name may be that of a class; None if neither is there."""
    return next((each for each in (name, name.rpartition(".")[0]) if each and is_there(each)), None)


if __name__ == "__main__":
    known = importlib.metadata.packages_distributions()
    found = {name: known.get(name.partition(".")[0], []) if holder(name) else None for name in sys.argv[1:]}
    sys.stdout.write("\n" + json.dumps(found) + "\n")
