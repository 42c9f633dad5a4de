"""Resolves dotted names to modules, and lists the names that a module defines."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from papercoder.repository.paths import module_parts
from papercoder.stages.checking.nodes import Function, statements
from papercoder.stages.checking.repository import Module, Tree


def dotted_name(path: PurePosixPath) -> str | None:
    """The dotted name of a module from the repository's root; empty for the root's `__init__.py`, None if invalid."""
    parts = module_parts(path)
    return ".".join(parts) if all(part.isidentifier() for part in parts) else None


@dataclass(frozen=True, eq=False)
class Index:
    """The modules of a repository by name."""

    modules: dict[str, Module]
    """Dotted name from the root -> the module; a package's is its `__init__.py`."""

    folders: frozenset[str]
    """Dotted names of folders that contain code."""

    other: frozenset[str]
    """Modules that exist but could not be read or are not Python source."""

    is_strict: bool
    """Whether names are resolved from the root only, because the root's `main.py` is what runs."""

    package: str
    """The root's name if the root is itself a package, else empty."""

    def resolve(self, name: str, importer: Module) -> str | None:
        """The name from the root that an absolute import refers to; None if it is outside the repository."""
        if self.package:
            return self._inside(name)
        for prefix in self._prefixes(importer):
            full = prefix + name
            if full in self.modules or full in self.other or (full in self.folders and self._wins(full)):
                return full
        return None

    def _inside(self, name: str) -> str | None:
        """As `resolve`, if the repository is itself a package and its name starts all module names."""
        full = name[len(self.package) + 1 :]
        known = full in self.modules or full in self.folders or full in self.other
        return full if known and f"{name}.".startswith(f"{self.package}.") else None

    def is_local(self, name: str, importer: Module) -> bool:
        """Whether the first part of a dotted name is a module or folder of this repository."""
        return self.resolve(name.partition(".")[0], importer) is not None

    def _wins(self, folder: str) -> bool:
        """Whether Python finds this folder: without `__init__.py`, the standard library takes precedence."""
        return folder.partition(".")[0] not in sys.stdlib_module_names

    def _prefixes(self, importer: Module) -> Iterator[str]:
        yield ""
        if self.is_strict and not importer.is_test:
            return
        yield from ("src.", "lib.", "python.")
        parts = importer.path.parts[:-1]
        yield from (".".join(parts[:depth]) + "." for depth in range(len(parts), 0, -1))

    def offers(self, name: str) -> frozenset[str] | None:
        """The names that can be imported from a module or folder; None if unknown."""
        children = frozenset(self._children.get(name, ()))
        if name in self.other:
            return None
        module = self.modules.get(name)
        if module is None:
            return children
        own = self._names(name, module, frozenset())
        return None if own is None else own | children

    @cached_property
    def _children(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name in filter(None, (*self.modules, *self.folders, *self.other)):
            parent, _, child = name.rpartition(".")
            found.setdefault(parent, set()).add(child)
        return found

    def _names(self, name: str, module: Module, visiting: frozenset[str]) -> frozenset[str] | None:
        bound, stars = _bound(module)
        if bound is None:
            return None
        names = set(bound)
        for star in stars:
            target = self.target(star, module)
            if target is None or target not in self.modules:
                return None
            if target in visiting or target == name:
                continue
            further = self._names(target, self.modules[target], visiting | {name})
            if further is None:
                return None
            names |= further
        return frozenset(names)

    def target(self, node: ast.ImportFrom, importer: Module) -> str | None:
        """The name from the root of the module that `from ... import` reads; None if it is outside the repository."""
        if not node.level:
            return self.resolve(node.module or "", importer)
        base = relative_base(importer.path, node.level)
        if base is None:
            return None
        full = ".".join(part for part in (base, node.module or "") if part)
        return full if full in self.modules or full in self.folders or full in self.other else None


def relative_base(path: PurePosixPath, level: int) -> str | None:
    """The package that `level` dots refer to in a file; empty for the root, None above it."""
    parts = path.parts[:-1]
    return ".".join(parts[: len(parts) - level + 1]) if level <= len(parts) + 1 else None


def index(tree: Tree) -> Index:
    """Index a repository."""
    modules = {name: module for module in tree.modules if (name := dotted_name(module.path)) is not None}
    other = {
        name
        for path in map(PurePosixPath, tree.files)
        if path.suffix in {".py", ".pyx", ".pyi", ".so", ".pyd"}
        and (name := dotted_name(_without_tags(path))) is not None
    }
    every = {*modules, *other}
    folders = {name.rsplit(".", depth)[0] for name in every for depth in range(1, name.count(".") + 1)}
    return Index(
        modules=modules,
        folders=frozenset((folders | {""}) - every),
        other=frozenset(other - modules.keys()),
        is_strict=tree.follows_conventions and "main.py" in tree.files,
        package=tree.package,
    )


def _without_tags(path: PurePosixPath) -> PurePosixPath:
    return path.with_name(path.name.partition(".")[0] + path.suffix)


def _bound(module: Module) -> tuple[frozenset[str] | None, list[ast.ImportFrom]]:
    """The names that a module's scope binds, and its star imports; None if it creates names dynamically."""
    names: set[str] = {"__name__", "__file__", "__doc__", "__path__", "__all__", "__package__", "__spec__", "__dict__"}
    stars: list[ast.ImportFrom] = []
    if _makes_names(module):
        return None, []
    for statement in statements(module.tree.body):
        names |= set(bound_by(statement))
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            stars.append(statement)
    names |= {name for node in module.nodes if isinstance(node, ast.Global) for name in node.names}
    return frozenset(names), stars


def _makes_names(module: Module) -> bool:
    calls = (node.func for node in module.nodes if isinstance(node, ast.Call))
    makers = {"globals", "exec", "vars", "setattr"}
    if any(isinstance(func, ast.Name) and func.id in makers for func in calls):
        return True
    return any(isinstance(item, Function) and item.name == "__getattr__" for item in module.tree.body)


def bound_by(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement binds, without those of its nested blocks."""
    if isinstance(statement, Function | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name.partition(".")[0]) for alias in statement.names)
    elif isinstance(statement, ast.Try):
        yield from (handler.name for handler in statement.handlers if handler.name)
    else:
        yield from _stored(statement)


def _stored(statement: ast.stmt) -> Iterator[str]:
    parts: list[ast.AST] = [statement]
    while parts:
        node = parts.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        parts += [
            child
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, ast.stmt | ast.Lambda | ast.ExceptHandler)
        ]
