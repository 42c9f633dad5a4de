"""A repository as the checks see it: every file once read, every module once parsed, nothing ever run."""

import ast
import io
import os
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from papercoder.artifacts.checking import Finding, error, warning
from papercoder.errors import RunFolderError
from papercoder.repository.syntax import quiet_parser

MOST_MODULES = 2_000
MOST_BYTES = 6_000_000
"""Of all Python files together; more would take minutes and gigabytes."""

LARGEST = 1_000_000
"""Bytes of one file."""

_DEEPEST = 200
"""Levels of a syntax tree; the checks that descend need a few stack frames for each."""


@dataclass(frozen=True, eq=False)
class Module:
    """One Python file that could be parsed."""

    path: PurePosixPath
    text: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree, found once for all checks."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def is_test(self) -> bool:
        """Is this a test, which may do what other code may not?"""
        return is_test(self.path)


def is_test(path: PurePosixPath) -> bool:
    """Is this the path of a test?"""
    name = path.name
    in_tests = any(part in {"test", "tests", "testing"} for part in path.parts[:-1])
    return in_tests or name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py")


@dataclass(frozen=True, eq=False)
class Tree:
    """A folder with code in it."""

    root: Path
    files: frozenset[str]
    """All files, relative to the root."""

    modules: tuple[Module, ...]
    broken: tuple[Finding, ...]
    """What could not be read or parsed, or was left out."""

    @property
    def follows_conventions(self) -> bool:
        """Does it look like a repository that PaperCoder wrote: `python main.py --config config.yaml`?"""
        return "config.yaml" in self.files and bool({"main.py", "reproduce.sh"} & self.files)

    @property
    def package(self) -> str:
        """The folder's own name where it is itself a package, else nothing."""
        return self.root.resolve().name if "__init__.py" in self.files else ""

    def text(self, name: str) -> str | None:
        """The text of a file of any kind; None where there is none, or it is too large or not text."""
        if name not in self.files:
            return None
        try:
            raw = _read(self.root / name)
            return None if len(raw) > LARGEST else raw.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return None


def read_tree(root: Path) -> Tree:
    """Read a repository.

    Raises:
        RunFolderError: there is no such folder, or no Python file in it.
    """
    if not root.is_dir():
        raise RunFolderError(f"{root} is no folder; give the folder of the repository to check.")
    files = tuple(walk(root))
    sources = [path for path in files if path.suffix == ".py"]
    if not sources:
        raise RunFolderError(f"{root} has no Python file; give the folder of a repository with Python code.")
    modules: list[Module] = []
    broken: list[Finding] = []
    size = 0
    for path in sources[:MOST_MODULES]:
        read = _module(root, path)
        size += len(read.text) if isinstance(read, Module) else 0
        if size > MOST_BYTES:
            break
        if isinstance(read, Module):
            modules.append(read)
        else:
            broken.append(read)
    broken += _cut(len(files), len(sources), len(modules) + len(broken))
    return Tree(root, frozenset(str(path) for path in files), tuple(modules), tuple(broken))


def _cut(files: int, sources: int, read: int) -> Iterator[Finding]:
    if files >= MOST_FILES:
        yield warning("files", ".", 1, f"More than {MOST_FILES:,} files; the others were not looked at.", _SMALLER)
    if read < sources:
        message = f"{sources:,} Python files; the first {read:,} were checked."
        yield warning("files", ".", 1, message, _SMALLER)


_SMALLER = "Check a smaller folder."


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _module(root: Path, path: PurePosixPath) -> Module | Finding:
    name = str(path)
    try:
        raw = _read(root / path)
    except OSError as failure:
        return error("files", name, 1, f"It cannot be read: {failure.strerror}.", "Make it readable, or remove it.")
    if len(raw) > LARGEST:
        return warning("files", name, 1, "It was not checked: it is too large.", "Split it.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = io.TextIOWrapper(io.BytesIO(raw), encoding).read()
    except UnicodeDecodeError as failure:
        line = raw.count(b"\n", 0, failure.start) + 1
        return error("files", name, line, "It is not the text that Python takes it for.", "Save it as UTF-8.")
    except SyntaxError as failure:
        return error("files", name, 1, f"It is no text: {failure.msg}.", "Save it as UTF-8.")
    return _parse(path, text)


def _parse(path: PurePosixPath, text: str) -> Module | Finding:
    name = str(path)
    try:
        with quiet_parser():
            tree = ast.parse(text)
            if _depth_is_fine(tree):
                compile(tree, name, "exec", dont_inherit=True)  # finds a `return` outside a function; runs nothing
                return Module(path, text, tree)
    except SyntaxError as failure:
        message = f"Syntax error: {failure.msg}."
        return error("syntax", name, failure.lineno or 1, message, "Write this line as valid Python 3.11.")
    except ValueError as failure:
        return error("syntax", name, 1, f"It cannot be parsed: {failure}.", "Remove the bytes that are no text.")
    except (RecursionError, MemoryError):
        pass  # nested as deep as what is said of the depth below
    return warning("files", name, 1, "It was not checked: it is nested too deep.", "Write it flatter.")


def _depth_is_fine(tree: ast.AST) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return True
    return False


_FOREIGN = frozenset(
    {"__pycache__", "site-packages", "node_modules", "venv", "env", "build", "dist", "wandb", "mlruns"}
)  # fmt: skip
DEEPEST = 30
"""Folders below this depth are left out."""

MOST_FILES = 20_000
"""No more files than these are looked at, of any kind."""


def walk(root: Path) -> Iterator[PurePosixPath]:
    """Files relative to the root, in the order of their names, at most `MOST_FILES`."""
    left, open_folders = MOST_FILES, [PurePosixPath()]
    while open_folders and left > 0:
        folder = open_folders.pop()
        files, folders = _entries(root, folder)
        yield from files[:left]
        left -= len(files)
        open_folders += reversed(folders)


def _entries(root: Path, folder: PurePosixPath) -> tuple[list[PurePosixPath], list[PurePosixPath]]:
    """The files and the folders right in this one; none where it cannot be listed."""
    files, folders = [], []
    try:
        with os.scandir(root / folder) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.is_file(follow_symlinks=False):
                    files.append(folder / entry.name)
                elif entry.is_dir(follow_symlinks=False) and _own(root, folder / entry.name):
                    folders.append(folder / entry.name)
    except OSError:
        return [], []  # the user may not list it, or its name is too long for the system
    return files, folders


def _own(root: Path, folder: PurePosixPath) -> bool:
    name = folder.name
    if name.startswith(".") or name in _FOREIGN or name.endswith(".egg-info") or len(folder.parts) > DEEPEST:
        return False
    return not (root / folder / "pyvenv.cfg").exists()
