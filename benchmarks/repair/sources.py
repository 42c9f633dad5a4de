"""A repository as texts, and ways to change it at a place that the seed chooses."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TypeVar

from papercoder.repository.files import parse

T = TypeVar("T")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Edit:
    """One file as it is to be."""

    path: str
    text: str | None
    """None where the file is to go."""

    shows_in: tuple[str, ...] = ()
    """Other files in which the defect may show."""


@dataclass(frozen=True)
class Place:
    """A node of a Python file."""

    path: str
    text: str
    node: ast.expr | ast.stmt

    def replaced(self, new: str) -> Edit:
        """The file with the node's text exchanged."""
        start, end = _offset(self.text, self.node, "lineno"), _offset(self.text, self.node, "end_lineno")
        return Edit(self.path, self.text[:start] + new + self.text[end:])

    def changed(self, old: str, new: str) -> Edit:
        """The file with the first `old` inside the node exchanged."""
        return self.replaced(self.source.replace(old, new, 1))

    @property
    def source(self) -> str:
        """The node's text."""
        return ast.get_source_segment(self.text, self.node) or ""


@dataclass(frozen=True)
class Sources:
    """All text files of a repository, and the dice."""

    files: dict[str, str]
    dice: Random

    @property
    def modules(self) -> dict[str, str]:
        """The Python files."""
        return {path: text for path, text in self.files.items() if path.endswith(".py")}

    def pick(self, items: Iterable[T]) -> T | None:
        """One of them, by the seed; None of none."""
        every = list(items)
        return self.dice.choice(every) if every else None

    def places(self, kind: type[ast.expr] | type[ast.stmt]) -> Iterator[Place]:
        """All nodes of a kind, in all Python files but tests."""
        for path, text in sorted(self.modules.items()):
            if "test" not in path:
                for node in ast.walk(parse(text)):
                    if isinstance(node, kind):
                        yield Place(path, text, node)

    def module_of(self, name: str) -> str | None:
        """The file of a dotted name."""
        base = name.replace(".", "/")
        return next((path for path in (f"{base}.py", f"{base}/__init__.py") if path in self.files), None)

    def importers(self, path: str) -> tuple[str, ...]:
        """The files that import from a file."""
        name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return tuple(other for other, text in self.modules.items() if other != path and name in text)


Mutation = Callable[[Sources], Edit | None]
"""Plants one defect; None where the repository has no place for it."""


def read_sources(root: Path, seed: int) -> Sources:
    """All files that are UTF-8 text."""
    files = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in path.relative_to(root).parts):
            try:
                files[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return Sources(files, Random(seed))


def write_sources(root: Path, sources: Sources, edit: Edit) -> None:
    """Write the repository with one file changed."""
    files: dict[str, str | None] = {**sources.files, edit.path: edit.text}
    for name, text in files.items():
        if text is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def without_annotations(sources: Sources) -> Sources:
    """The repository as many write it: no function says the types of what it takes and gives."""
    bare = {path: _bare(text) if path.endswith(".py") else text for path, text in sources.files.items()}
    return Sources(bare, sources.dice)


def _bare(text: str) -> str:
    cuts = [cut for node in ast.walk(parse(text)) for cut in _annotations(text, node)]
    for start, end in sorted(cuts, reverse=True):
        text = text[:start] + text[end:]
    return text


def _annotations(text: str, node: ast.AST) -> Iterator[tuple[int, int]]:
    """Where the annotations of a function stand, with the signs before them."""
    if isinstance(node, Function) and node.returns:
        start = text.rindex("->", 0, _offset(text, node.returns, "lineno"))
        yield len(text[:start].rstrip()), _offset(text, node.returns, "end_lineno")
    elif isinstance(node, ast.arg) and node.annotation:
        start = text.rindex(":", 0, _offset(text, node.annotation, "lineno"))
        yield start, _offset(text, node.annotation, "end_lineno")


def local_names(sources: Sources) -> dict[str, str]:
    """Functions and classes that the repository defines at the top of a module -> the module's file."""
    return {
        node.name: path
        for path, text in sources.modules.items()
        for node in parse(text).body
        if isinstance(node, Function | ast.ClassDef)
    }


def local_imports(sources: Sources) -> Iterator[Place]:
    """`from module import name` of modules of the repository."""
    for place in sources.places(ast.ImportFrom):
        node = place.node
        if isinstance(node, ast.ImportFrom) and not node.level and sources.module_of(node.module or ""):
            yield place


def local_calls(sources: Sources, needed: int = 0) -> Iterator[Place]:
    """Calls of functions and classes of the repository from another file, with at least so many plain arguments."""
    known = local_names(sources)
    for place in sources.places(ast.Call):
        call = place.node
        name = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
        if known.get(name, place.path) != place.path and len(getattr(call, "args", ())) >= needed:
            yield place


def also_in(edit: Edit, *shows_in: str) -> Edit:
    """The edit, with further files in which it may show."""
    return replace(edit, shows_in=shows_in)


def _offset(text: str, node: ast.expr | ast.stmt, which: str) -> int:
    line = getattr(node, which)
    column = getattr(node, which.replace("lineno", "col_offset"))
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())
