"""The graph of a repository's imports, and what each file reaches in it."""

import ast
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath

from papercoder.artifacts import LogicDesign, SourceFile
from papercoder.errors import ArtifactError
from papercoder.repository.paths import module_of, path_problem
from papercoder.repository.syntax import parse

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
