"""A repository as the checks see it: each file is read once, each module parsed once, and nothing runs."""

import ast
import codecs
import io
import re
import tokenize
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from papercoder.artifacts.checking import Finding, error, warning
from papercoder.errors import RunFolderError
from papercoder.files import regular
from papercoder.files.regular import file_status, is_file, read_bytes
from papercoder.repository.paths import RUNNER
from papercoder.repository.syntax import quiet_parser
from papercoder.text.characters import visible_name

MOST_MODULES = 2_000
MOST_BYTES = 6_000_000
"""Limit for all Python files together; more would take minutes and gigabytes."""

LARGEST = 1_000_000
"""Limit for one file, in bytes."""

_ENCODINGS = re.compile(r"utf-?(8|16|32)|ascii|iso|latin|cp\d|mac|koi8|gb|big5|euc|shift")
"""Python also takes encodings such as `hex`, `punycode` and `undefined`, which fail or take long."""

_DEEPEST = 200
"""Levels of a syntax tree; recursive checks need a few stack frames for each."""


@dataclass(frozen=True, eq=False)
class Module:
    """One Python file that could be parsed."""

    path: PurePosixPath
    text: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree, collected once for all checks."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def is_test(self) -> bool:
        """Whether this is a test, to which some checks do not apply."""
        return is_test(self.path)


def is_test(path: PurePosixPath) -> bool:
    """Whether this is the path of a test."""
    name = path.name
    in_tests = any(part in {"test", "tests", "testing"} for part in path.parts[:-1])
    return in_tests or name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py")


@dataclass(frozen=True, eq=False)
class Tree:
    """A folder of code."""

    root: Path
    files: frozenset[str]
    """All files, relative to the root."""

    modules: tuple[Module, ...]
    broken: tuple[Finding, ...]
    """Findings about files that could not be read or parsed, or were left out."""

    @property
    def has_trials(self) -> bool:
        """Whether the runner of PaperCoder runs it."""
        return {RUNNER, "config.yaml"} <= self.files

    @property
    def follows_conventions(self) -> bool:
        """Whether it looks like a repository that PaperCoder wrote, with settings in `config.yaml`."""
        return "config.yaml" in self.files and bool({"main.py", "reproduce.sh"} & self.files)

    @property
    def package(self) -> str:
        """The folder's name if the folder is itself a package, else empty."""
        return self.root.resolve().name if "__init__.py" in self.files else ""

    def text(self, name: str) -> str | None:
        """The text of a file; None if it is missing, too large or not text."""
        if name not in self.files:
            return None
        try:
            raw = read_bytes(self.root, name, LARGEST)
            return None if raw is None else raw.decode("utf-8-sig")
        except (RunFolderError, UnicodeDecodeError):
            return None


def read_tree(root: Path) -> Tree:
    """Read a repository.

    Raises:
        RunFolderError: there is no such folder, or no Python file in it.
    """
    if not root.is_dir():
        raise RunFolderError(f"{root} is not a folder; give the folder of the repository to check.")
    every = tuple(walk(root))
    files = tuple(path for path in every if str(path).isprintable())
    sources = [path for path in files if path.suffix == ".py"]
    if not sources:
        raise RunFolderError(f"{root} has no Python file; give the folder of a repository with Python code.")
    modules: list[Module] = []
    broken: list[Finding] = [*_unprintable(set(every) - set(files))]
    size = 0
    left_out = len(broken)
    for path in sources[:MOST_MODULES]:
        read = _module(root, path)
        size += len(read.text) if isinstance(read, Module) else 0
        if size > MOST_BYTES:
            break
        if isinstance(read, Module):
            modules.append(read)
        else:
            broken.append(read)
    broken += _cut(len(every), len(sources), len(modules) + len(broken) - left_out)
    return Tree(root, frozenset(str(path) for path in files), tuple(modules), tuple(broken))


def _unprintable(paths: Set[PurePosixPath]) -> Iterator[Finding]:
    """The first files whose names have hidden characters; the checks leave them out."""
    for path in sorted(paths)[:_MOST_UNPRINTABLE]:
        yield error("files", visible_name(str(path)), 1, "The name has characters that cannot be printed.", _RENAME)


_MOST_UNPRINTABLE = 20
_RENAME = "Rename it. The file was not checked."


def _cut(files: int, sources: int, read: int) -> Iterator[Finding]:
    if files >= MOST_FILES:
        yield warning("files", ".", 1, f"More than {MOST_FILES:,} files; the others were not checked.", _SMALLER)
    if read < sources:
        message = f"{sources:,} Python files; the first {read:,} were checked."
        yield warning("files", ".", 1, message, _SMALLER)


_SMALLER = "Check a smaller folder."


def _module(root: Path, path: PurePosixPath) -> Module | Finding:
    name = str(path)
    status = file_status(root, name)
    if status and status.st_size > LARGEST:
        return warning("files", name, 1, "The file is too large to check.", "Split the file.")
    try:
        raw = read_bytes(root, name) or b""
    except RunFolderError:
        return error("files", name, 1, "The file cannot be read.", "Make it readable, or remove it.")
    try:
        text = _decoded(raw)
    except (SyntaxError, LookupError) as failure:
        return error("files", name, 1, f"The file is not text: {failure}.", "Save it as UTF-8.")
    except UnicodeError as failure:
        start = failure.start if isinstance(failure, UnicodeDecodeError) else 0
        line = raw.count(b"\n", 0, start) + 1
        return error("files", name, line, "The file is not valid in its declared encoding.", "Save it as UTF-8.")
    return _parse(path, text)


def _decoded(raw: bytes) -> str:
    """The text of source code in the encoding that it declares.

    Raises:
        SyntaxError: the declaration is not valid.
        LookupError: the encoding is none of text, or none that a person would use.
        UnicodeError: the file has other bytes, or characters that no file can hold.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    if not _ENCODINGS.match(codecs.lookup(encoding).name):
        raise LookupError(f"{encoding} is not an encoding of text")
    text = io.TextIOWrapper(io.BytesIO(raw), encoding).read()
    text.encode("utf-8")  # fails on half a surrogate pair
    return text


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
        return error("syntax", name, 1, f"The file cannot be parsed: {failure}.", "Remove the bytes that are not text.")
    except (RecursionError, MemoryError):
        pass  # nested too deep, as reported below
    return warning("files", name, 1, "The code is nested too deep to check.", "Reduce the nesting.")


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
"""Folders below this depth are skipped."""

MOST_FILES = 20_000
"""Limit for files of any kind."""


def walk(root: Path) -> Iterator[PurePosixPath]:
    """Files relative to the root, sorted by name, at most `MOST_FILES`.

    Links are not followed; environments, caches and build folders are skipped.
    """
    return regular.walk(root, enters=lambda folder: _own(root, folder), most=MOST_FILES)


def _own(root: Path, folder: PurePosixPath) -> bool:
    name = folder.name
    if name.startswith(".") or name in _FOREIGN or name.endswith(".egg-info") or len(folder.parts) > DEEPEST:
        return False
    return not is_file(root, f"{folder}/pyvenv.cfg")
