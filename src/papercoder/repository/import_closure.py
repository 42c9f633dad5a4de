"""The files that one module needs: itself and every module of the repository that it imports."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from papercoder.artifacts import SourceFile
from papercoder.repository.paths import module_of
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
