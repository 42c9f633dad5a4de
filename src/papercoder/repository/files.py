"""The files of a repository: paths from a model checked, files of any source read, Python source parsed.

Hidden, linked, installed and huge files are left out; errors of any kind become syntax errors.
"""

import ast
import io
import keyword
import re
import sys
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath, PurePosixPath
from threading import Lock

from papercoder.artifacts import SourceFile
from papercoder.artifacts.base import normalise_path
from papercoder.files.regular import file_status, is_file, read_bytes, walk

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


TEXTS = frozenset({".py", ".txt", ".yaml", ".yml", ".toml", ".cfg", ".sh", ".md", ".json"})
"""The file extensions that are read as text by default."""

_FOREIGN = frozenset({"__pycache__", "node_modules", "site-packages"})
_LARGEST = 200_000
"""Bytes; larger files are data."""


def read_files(
    repository: Path, endings: frozenset[str] = TEXTS, *, every_name: bool = False
) -> tuple[SourceFile, ...]:
    """The text files of a repository, without hidden and huge ones; none if there is no such folder.

    Args:
        repository: the folder.
        endings: of the files to read.
        every_name: also those whose names cannot be printed, such as names of several lines. In a prompt, they could
            imitate what stands beside them.
    """
    return tuple(
        SourceFile(path=path, text=content.decode(errors="replace"))
        for path in own_files(repository)
        if PurePosixPath(path).suffix in endings
        and (every_name or path.isprintable())
        and (content := _content(repository, path)) is not None
    )


def own_files(repository: Path) -> tuple[str, ...]:
    """The paths of the files that are not hidden, not linked, and not part of an environment or a cache."""

    def is_own(folder: PurePosixPath) -> bool:
        is_foreign = folder.name.startswith(".") or folder.name in _FOREIGN
        return not is_foreign and not is_file(repository, f"{folder}/pyvenv.cfg")

    if is_file(repository, "pyvenv.cfg"):
        return ()
    return tuple(str(path) for path in sorted(walk(repository, enters=is_own)) if not path.name.startswith("."))


def _content(repository: Path, path: str) -> bytes | None:
    status = file_status(repository, path)
    return read_bytes(repository, path) if status and status.st_size <= _LARGEST else None


_lock = Lock()


@contextmanager
def quiet_parser() -> Iterator[None]:
    """Parse or compile inside this context: one thread at a time, without warnings about odd escapes.

    CPython 3.11 counts the parser's recursion depth for all threads together and raises SystemError when two parse at
    once; warning filters are shared by threads too.
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def parse(code: str) -> ast.Module:
    """Parse a module.

    Raises:
        SyntaxError: it is not Python, contains characters that source may not contain, or is nested too deeply.
    """
    try:
        with quiet_parser():
            return ast.parse(code)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "it is nested too deeply") from error


def tokens(code: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens of Python source.

    Raises:
        SyntaxError: it is invalid; the tokens before the error were yielded.
    """
    try:
        yield from tokenize.generate_tokens(io.StringIO(code).readline)
    except (tokenize.TokenError, UnicodeError) as error:  # which of them depends on the version of Python
        raise SyntaxError(str(error)) from error
