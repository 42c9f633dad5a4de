"""Checks of file paths from a model, which are untrusted, before they are written into the repository."""

import keyword
import re
import sys
from collections.abc import Iterable
from pathlib import PurePath, PurePosixPath

from papercoder.artifacts.base import normalise_path

RUNNER = "trials.py"
"""The module in the root of a generated repository that runs its trials."""

RESERVED_FILES = frozenset(
    {"config.yaml", "config.smoke.yaml", "requirements.txt", "reproduce.sh", "readme.md", "traceability.md",
     "traceability.json", "results.json", "results.md", "requirements.lock", "claims.json", "pyproject.toml",
     "dockerfile", "citation.cff", RUNNER}
)  # fmt: skip
"""Files that PaperCoder writes itself, in lower case."""

_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))})
_LONGEST = 120


def path_problem(path: str) -> str | None:
    """Why this path may not be written; None if it may."""
    pure = PurePosixPath(path)
    if path != normalise_path(path) or not pure.parts or len(path) > _LONGEST:
        return f"`{path[:_LONGEST]}` is not a plain relative path with forward slashes"
    if pure.is_absolute() or ".." in pure.parts or re.match(r"^[A-Za-z]:", path):
        return f"`{path}` leads out of the repository"
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", path, re.ASCII):
        return f"`{path}` has characters other than letters, digits, `_`, `-` and `.`"
    if bad := next((part for part in pure.parts if _reserved(part)), None):
        return f"`{path}`: `{bad}` is a reserved name"
    if path.lower() in RESERVED_FILES:
        return f"`{path}` is written by PaperCoder itself"
    return None


def _reserved(part: str) -> bool:
    return part.startswith((".", "-")) or part.endswith(".") or part.split(".", maxsplit=1)[0].lower() in _DEVICES


def module_parts(path: str | PurePath) -> tuple[str, ...]:
    """The parts of `module_of`; a part that is not an identifier cannot be imported."""
    pure = PurePosixPath(path)
    return pure.parts[:-1] if pure.stem == "__init__" else (*pure.parts[:-1], pure.stem)


def module_of(path: str | PurePath) -> str:
    """The dotted name with which a file is imported; empty for the `__init__.py` of the root."""
    return ".".join(module_parts(path))


def module_problem(path: str, packages: Iterable[str]) -> str | None:
    """Why this path cannot be a module beside these third-party packages (names as imported); None if it can."""
    pure = PurePosixPath(path)
    if pure.suffix != ".py":
        return f"`{path}` is not a Python file"
    names = (*pure.parts[:-1], pure.stem)
    if bad := next((name for name in names if not name.isidentifier() or keyword.iskeyword(name)), None):
        return f"`{path}`: `{bad}` is not a Python identifier and could not be imported"
    if names[0] in sys.stdlib_module_names:
        return f"`{path}` would hide the standard library's `{names[0]}`"
    if names[0] in set(packages):
        return f"`{path}` would hide the package `{names[0]}`"
    return None


def collisions(paths: Iterable[str]) -> list[str]:
    """Paths that are the same file on a case-insensitive file system, and files that are also folders or packages."""
    found, seen = [], dict[str, str]()
    paths = tuple(paths)
    folders = {str(parent).lower() for path in paths for parent in PurePosixPath(path).parents}
    for path in paths:
        if other := seen.get(path.lower()):
            found.append(f"`{path}` and `{other}` are the same file on a case-insensitive file system")
        seen[path.lower()] = path
        if path.lower() in folders:
            found.append(f"`{path}` is a file and a folder")
        if path.lower().removesuffix(".py") in folders and path.endswith(".py"):
            found.append(f"`{path}` and the folder `{path.removesuffix('.py')}` are the same module")
    return found
