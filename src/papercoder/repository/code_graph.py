"""What uses what in a repository: imports and what a file reaches, definitions, and excerpts of used code.

Names are resolved without types: `x.step()` may be any method `step` of the repository, and counts as its use.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath

from papercoder.artifacts import Excerpt, LogicDesign, SourceFile
from papercoder.errors import ArtifactError
from papercoder.repository.files import module_of, parse, path_problem
from papercoder.repository.traceability import marks

_DYNAMIC = frozenset({"importlib", "pkgutil", "runpy"})
"""Modules with which code imports modules whose names are computed."""


def import_closure(files: Iterable[SourceFile], start: str) -> tuple[SourceFile, ...]:
    """The file at `start` and every Python file that it imports, directly or not, in the order of `files`.

    A package's `__init__.py` counts as imported with each of its modules. If a module imports others by computed
    names, or is not valid Python, all Python files are returned.
    """
    python = {file.path: file for file in files if file.path.endswith(".py")}
    paths = {module_of(path): path for path in python}
    found, todo = set[str](), [start]
    while todo:
        path = todo.pop()
        found.add(path)
        try:
            tree = parse(python[path].text)
        except SyntaxError:
            return tuple(python.values())
        names = {*_imported(tree, path), *_with_packages(module_of(path))}
        if names & _DYNAMIC or any(isinstance(node, ast.Name) and node.id == "__import__" for node in ast.walk(tree)):
            return tuple(python.values())
        todo += {paths[name] for name in names if name in paths} - found
    return tuple(file for path, file in python.items() if path in found)


def _imported(tree: ast.Module, path: str) -> Iterator[str]:
    """The dotted names of all modules and packages that a file may import."""
    package = PurePosixPath(path).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_packages(alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *filter(None, [node.module])))
            yield from _with_packages(base)
            yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names)


def _with_packages(name: str) -> Iterator[str]:
    """`a`, `a.b` and `a.b.c` of `a.b.c`."""
    parts = name.split(".")
    yield from (".".join(parts[: length + 1]) for length in range(len(parts)))


def import_cycle(logic: LogicDesign) -> tuple[str, ...]:
    """Files that import each other in a cycle, with the first repeated at the end; empty if there is no cycle."""
    sorter = TopologicalSorter(_edges(logic))
    try:
        sorter.prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def import_order(logic: LogicDesign) -> tuple[str, ...]:
    """The files' paths, each after the files that it imports.

    Raises:
        ArtifactError: the user's edit of the design has a cycle, an unknown file or a path that may not be written.
    """
    paths = {file.path for file in logic.files}
    for file in logic.files:
        unknown = next((item.path for item in file.imports if item.path not in paths), None)
        problem = path_problem(file.path) or (
            unknown and f"`{file.path}` imports `{unknown}`, which is not in the list"
        )
        if problem:
            raise ArtifactError(f"planning/logic.json: {problem}. Correct it, or delete it to have it made again.")
    if cycle := import_cycle(logic):
        raise ArtifactError(f"planning/logic.json: files import each other in a cycle: {' -> '.join(cycle)}.")
    return tuple(TopologicalSorter(_edges(logic)).static_order())


def _edges(logic: LogicDesign) -> dict[str, list[str]]:
    return {file.path: [item.path for item in file.imports] for file in logic.files}


_NEARLY_WHOLE = 0.7
"""A file of which this share is needed is shown whole."""

_FROM_THE_START = frozenset({"__init__", "__post_init__", "__new__", "__call__", "forward", "__iter__", "__getitem__"})
"""Methods that run without being named."""


@dataclass(frozen=True)
class Definition:
    """A function, a method, a class without its methods, or a constant of a module."""

    path: str
    name: str
    """With its class: `Model.step`."""

    first: int
    last: int
    """Lines, from 1, with decorators and the comments above."""

    uses: frozenset[str]
    """Local names, and attributes with a dot before them, that its code reads."""


class CallGraph:
    """The definitions of all Python files, and which use which."""

    def __init__(self, files: Iterable[SourceFile]) -> None:
        self.texts = {file.path: file.text for file in files if file.path.endswith(".py")}
        self._found: dict[str, list[Definition]] = {}
        self._imports: dict[str, dict[str, tuple[str, str]]] = {}
        for path, text in self.texts.items():
            try:
                tree = parse(text)
            except SyntaxError:
                continue  # the checks report it
            self._found[path] = list(_definitions(path, tree, text.splitlines()))
            self._imports[path] = dict(_imports(tree))
        self._paths = {module_of(path): path for path in self._found}
        self._used = {item: frozenset(self._used_by(item)) for each in self._found.values() for item in each}

    def definitions(self, path: str) -> tuple[Definition, ...]:
        """The definitions in a file."""
        return tuple(self._found.get(path, ()))

    def at(self, path: str, line: int) -> Definition | None:
        """The innermost definition with this line."""
        around = (item for item in self._found.get(path, ()) if item.first <= line <= item.last)
        return min(around, key=lambda item: item.last - item.first, default=None)

    def text(self, item: Definition) -> str:
        """The lines of a definition."""
        return "\n".join(self.texts[item.path].splitlines()[item.first - 1 : item.last])

    def marked(self, requirements: Iterable[str]) -> frozenset[Definition]:
        """The definitions with a mark of one of these requirements."""
        wanted = set(requirements)
        places = ((path, self.at(path, line)) for path, text in self.texts.items() for line in _marked(text, wanted))
        return frozenset(item for _, item in places if item)

    def around_line(self, path: str, line: int) -> tuple[str, int]:
        """The text of the definition with this line, or of the file, and the line's distance from its first."""
        found = self.at(path, line)
        return (self.text(found), line - found.first) if found else (self.texts[path], line - 1)

    def first_line(self, path: str, text: str) -> int | None:
        """The first line of the definition with this text, or 1 for the whole file; None if there is none."""
        if self.texts.get(path) == text:
            return 1
        return next((item.first for item in self.definitions(path) if self.text(item) == text), None)

    def reached_from(self, start: Iterable[Definition]) -> frozenset[Definition]:
        """All that these definitions use, directly or not, and they themselves."""
        return _closure(start, self._used)

    def reaching(self, start: Iterable[Definition]) -> frozenset[Definition]:
        """All that uses these definitions, directly or not, and they themselves."""
        users: dict[Definition, frozenset[Definition]] = {}
        for user, used in self._used.items():
            for item in used:
                users[item] = users.get(item, frozenset()) | {user}
        return _closure(start, users)

    def around(self, paths: Iterable[str], also: Iterable[Definition] = ()) -> tuple[Excerpt, ...]:
        """Of every other file, what these files use and what uses them, and what else is wanted."""
        shown = set(paths)
        own = [item for path in shown for item in self.definitions(path)]
        users = self.reaching(own)
        # The runner passes what `trials` lists to `run_trial`.
        lists = [item for user in users if user.name == "run_trial" for item in self.definitions(user.path)]
        listed = {item for item in self.reached_from(item for item in lists if item.name == "trials") if item in lists}
        near = self.reached_from(own) | users | listed | frozenset(also)
        return tuple(self._excerpt(path, near) for path in self._found if path not in shown and _any(path, near))

    def _excerpt(self, path: str, near: frozenset[Definition]) -> Excerpt:
        lines = self.texts[path].splitlines()
        kept = {number for item in near if item.path == path for number in range(item.first, item.last + 1)}
        if len(kept) >= _NEARLY_WHOLE * len(lines):
            kept = set(range(1, len(lines) + 1))
        return Excerpt(path=path, lines={number: lines[number - 1] for number in sorted(kept)})

    def _used_by(self, item: Definition) -> Iterator[Definition]:
        imports, own = self._imports[item.path], self._found[item.path]
        for name in item.uses:
            if name.startswith("."):
                everywhere = (other for each in self._found.values() for other in each)
                yield from (other for other in everywhere if other.name.endswith(name))
                continue
            head, _, rest = name.partition(".")
            module, original = imports.get(head, ("", head))
            path, wanted = self._paths.get(module, item.path if not module else ""), original
            if f"{module}.{original}".strip(".") in self._paths and rest:  # a function of an imported module
                path, wanted = self._paths[f"{module}.{original}".strip(".")], rest.split(".")[0]
            for other in own if path == item.path else self._found.get(path, ()):
                owner, _, method = other.name.rpartition(".")
                if other.name == wanted or (owner == wanted and method in _FROM_THE_START):
                    yield other


def _marked(text: str, wanted: set[str]) -> Iterator[int]:
    yield from (line for name, lines in marks(text).items() if name in wanted for line in lines)


def _any(path: str, near: Iterable[Definition]) -> bool:
    return any(item.path == path for item in near)


def _closure(start: Iterable[Definition], edges: dict[Definition, frozenset[Definition]]) -> frozenset[Definition]:
    found = set(start)
    todo = list(found)
    while todo:
        new = edges.get(todo.pop(), frozenset()) - found
        found |= new
        todo += new
    return frozenset(found)


def _definitions(path: str, tree: ast.Module, lines: list[str]) -> Iterator[Definition]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            for method in methods:
                yield _definition(path, f"{node.name}.{method.name}", method, lines)
            end = min((_first(method, lines) for method in methods), default=(node.end_lineno or node.lineno) + 1) - 1
            fields = [each for each in node.body if each not in methods]
            uses = frozenset(name for each in (*node.bases, *node.decorator_list, *fields) for name in _uses(each))
            yield Definition(path, node.name, _first(node, lines), max(end, node.lineno), uses)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _definition(path, node.name, node, lines)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in (part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)):
                yield _definition(path, name, node, lines)


_Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


def _definition(path: str, name: str, node: _Named, lines: list[str]) -> Definition:
    return Definition(path, name, _first(node, lines), node.end_lineno or node.lineno, frozenset(_uses(node)))


def _first(node: _Named, lines: list[str]) -> int:
    """The first line, with decorators and with the comments directly above."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []
    first = min([node.lineno, *(each.lineno for each in decorators)])
    while first > 1 and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return first


def _uses(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield f".{part.attr}"
            if isinstance(part.value, ast.Name | ast.Attribute):
                yield ast.unparse(part)


def _imports(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """Local name -> module and name in it; an imported module `a.b as c` is `c` -> (`a`, `b`)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((alias.asname or alias.name, (node.module, alias.name)) for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    module, _, name = alias.name.rpartition(".")
                    yield alias.asname, (module, name)
