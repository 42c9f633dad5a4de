"""A repository as the checks see it: each file is read once, each module parsed once, and nothing runs."""

import ast
import codecs
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import yaml

from papercoder.artifacts.coding import Finding, error, warning
from papercoder.errors import RunFolderError
from papercoder.files import regular
from papercoder.files.regular import file_status, is_file, read_bytes
from papercoder.repository.files import RUNNER, quiet_parser
from papercoder.text.characters import visible_name
from papercoder.text.yaml_text import InvalidYaml, compose_yaml

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
        LookupError: it is not an encoding of text.
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


Function = ast.FunctionDef | ast.AsyncFunctionDef


def dotted(node: ast.AST | None) -> str:
    """`a.b.c` for a name or a chain of attributes, else empty."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def called(node: ast.AST | None) -> str:
    """The dotted name of the called function, or empty."""
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def text_of(node: ast.AST | None) -> str | None:
    """The value of a string constant, else None."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def keyword(node: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument."""
    return next((item.value for item in node.keywords if item.arg == name), None)


def argument(node: ast.Call, position: int, name: str) -> ast.expr | None:
    """The value of an argument that is passed by position or keyword."""
    return node.args[position] if len(node.args) > position else keyword(node, name)


def body_of(node: Function | ast.ClassDef | ast.Module) -> list[ast.stmt]:
    """The statements after the docstring."""
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def functions(nodes: Iterable[ast.AST]) -> Iterator[Function]:
    """All functions and methods."""
    return (node for node in nodes if isinstance(node, Function))


def parameters(node: Function) -> list[ast.arg]:
    """All named parameters, in order, without `*args` and `**kwargs`."""
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The nested blocks of a statement that share its scope: `if`, `for`, `while`, `with`, `try`, `match`."""
    if isinstance(node, Function | ast.ClassDef):
        return
    for name in ("body", "orelse", "finalbody"):
        if block := getattr(node, name, None):
            yield block
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements of a scope in order, without the bodies of functions and classes."""
    for statement in body:
        yield statement
        for block in blocks(statement):
            yield from statements(block)


def is_main_guard(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`."""
    if not isinstance(node, ast.If):
        return False
    return any(isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test))


Keys = tuple[str, ...]
"""The path to a setting. In a pattern, `*` matches one key or index, and a leading `**` any path."""

_NUMBER_TO_A_READER = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


@dataclass(frozen=True)
class Setting:
    """A key and its value."""

    keys: Keys
    line: int
    kind: str
    """The type that YAML reads: `map`, `seq`, `str`, `int`, `float`, `bool` or `null`."""

    text: str = ""
    is_plain: bool = False
    """Whether it is a scalar without quotation marks."""

    @property
    def is_misread(self) -> bool:
        """Whether it looks like a number but YAML reads a string, such as `1e-4`."""
        return self.kind == "str" and self.is_plain and bool(_NUMBER_TO_A_READER.fullmatch(self.text))


@dataclass(frozen=True)
class SettingsFile:
    """All settings of a file."""

    path: str
    settings: dict[Keys, Setting]

    @property
    def leaves(self) -> tuple[Setting, ...]:
        """The settings with a scalar value."""
        return tuple(item for item in self.settings.values() if item.kind not in {"map", "seq"})

    def has(self, pattern: Keys) -> bool:
        """Whether any setting matches the pattern."""
        return not pattern or any(fits(pattern, keys) for keys in self.settings)

    def has_keys(self, pattern: Keys) -> bool:
        """Whether any setting that matches the pattern has keys below it, or may have them."""
        return not pattern or any(
            item.kind in {"map", "seq", "null"} and fits(pattern, keys) for keys, item in self.settings.items()
        )

    def is_open(self, pattern: Keys) -> bool:
        """Whether the value is empty or null, so that its keys are unknown."""
        below = {keys[:-1] for keys in self.settings}
        found = [item for keys, item in self.settings.items() if fits(pattern, keys)]
        return any(item.kind == "null" or (item.kind in {"map", "seq"} and item.keys not in below) for item in found)


class UnreadableSettings(Exception):
    """The file is not a valid YAML mapping."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def read_settings(path: str, text: str) -> SettingsFile:
    """Read the keys of a YAML file without constructing objects.

    Raises:
        UnreadableSettings: it is not a valid YAML mapping.
    """
    try:
        node = compose_yaml(text)
    except InvalidYaml as failure:
        raise UnreadableSettings(failure.line, str(failure)) from failure
    if not isinstance(node, yaml.MappingNode):
        raise UnreadableSettings(1, "it is not a mapping of keys to values")
    settings: dict[Keys, Setting] = {}
    for setting in _settings(node):
        settings.setdefault(setting.keys, setting)
    return SettingsFile(path, settings)


def _settings(root: yaml.MappingNode) -> Iterator[Setting]:
    left: list[tuple[Keys, yaml.Node]] = [((), root)]
    while left:
        base, node = left.pop()
        for keys, child, line in _children(base, node):
            if keys != base:
                kind = child.tag.rpartition(":")[2]
                is_plain = isinstance(child, yaml.ScalarNode) and child.style is None
                yield Setting(keys, line, kind, child.value if isinstance(child, yaml.ScalarNode) else "", is_plain)
            left.append((keys, child))


def _children(base: Keys, node: yaml.Node) -> Iterator[tuple[Keys, yaml.Node, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "*"
            is_merge = key.tag == "tag:yaml.org,2002:merge"
            yield base if is_merge else (*base, name), value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        yield from (((*base, "*"), value, value.start_mark.line + 1) for value in node.value)


def fits(pattern: Keys, keys: Keys) -> bool:
    """Whether the pattern matches this setting."""
    if pattern[:1] == ("**",):
        return len(pattern) - 1 <= len(keys) and _same(pattern[1:], keys[len(keys) - len(pattern) + 1 :])
    return len(pattern) == len(keys) and _same(pattern, keys)


def covers(pattern: Keys, keys: Keys) -> bool:
    """Whether the pattern matches this setting or one of its parents."""
    return any(fits(pattern, keys[:length]) for length in range(len(keys) + 1))


def covered(keys: Keys, patterns: Iterable[Keys]) -> bool:
    """Whether any of the patterns matches this setting or one of its parents."""
    return any(covers(pattern, keys) for pattern in patterns)


def _same(pattern: Keys, keys: Keys) -> bool:
    return all(one == other or "*" in {one, other} for one, other in zip(pattern, keys, strict=True))
