"""Import cycles: modules that import each other while they load."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from papercoder.artifacts.checking import Finding, error, warning
from papercoder.stages.checking.imports.import_sites import import_sites
from papercoder.stages.checking.imports.index import Index, bound_by, index
from papercoder.stages.checking.nodes import statements
from papercoder.stages.checking.repository import Module, Tree

_CHECK = "cycles"
_MOST = 300
"""Modules; the loading of larger repositories is not simulated."""

Edges = dict[str, dict[str, int]]


@dataclass(frozen=True)
class HalfLoaded:
    """An import of a name from a module that has not defined it yet."""

    module: Module
    line: int
    target: str
    name: str


def check_cycles(tree: Tree) -> Iterator[Finding]:
    """Find import cycles, and the import that a cycle breaks when `main.py` starts."""
    known = index(tree)
    failure = first_failure("main", known) if known.is_strict and len(known.modules) <= _MOST else None
    if failure:
        yield _failing(failure)
    edges: Edges = {name: dict(reversed(list(loaded_at_once(name, known)))) for name in known.modules}
    for cycle in _cycles(edges):
        if failure is None or failure.target not in cycle:
            yield _cycle(cycle, edges, known)


def _failing(failure: HalfLoaded) -> Finding:
    message = f"`{failure.name}` is imported from `{failure.target}`, which is still loading and lacks it."
    advice = "Move shared code to its own module, or import inside the function that uses it."
    return error(_CHECK, str(failure.module.path), failure.line, message, advice)


def _cycle(cycle: list[str], edges: Edges, known: Index) -> Finding:
    path = " -> ".join(f"`{name or known.package}`" for name in [*cycle, cycle[0]])
    advice = "Whether it works depends on the import order; move shared code to its own module."
    first = known.modules[cycle[0]]
    return warning(_CHECK, str(first.path), edges[cycle[0]][cycle[1]], f"Import cycle: {path}.", advice)


def _cycles(edges: Edges) -> Iterator[list[str]]:
    """One shortest cycle for each strongly connected group of modules, through its first module."""
    seen: set[str] = set()
    back: Edges = {}
    for name, targets in edges.items():
        for target, line in targets.items():
            back.setdefault(target, {})[name] = line
    for start in sorted(edges):
        if start not in seen and (cycle := _shortest(start, edges)):
            seen |= _reached(start, edges) & _reached(start, back)
            yield cycle


def _reached(start: str, edges: Edges) -> set[str]:
    found, left = {start}, [start]
    while left:
        new = edges.get(left.pop(), {}).keys() - found
        found |= new
        left += new
    return found


def _shortest(start: str, edges: Edges) -> list[str] | None:
    """The shortest cycle through a module and at least one other, or None."""
    before: dict[str, str] = {}
    wave = [start]
    while wave:
        following = []
        for name in wave:
            for target in edges.get(name, ()):
                if target == start and name != start:
                    return _way(name, start, before)
                if target not in before and target != start:
                    before[target] = name
                    following.append(target)
        wave = following
    return None


def _way(last: str, start: str, before: dict[str, str]) -> list[str]:
    way = [last]
    while way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]


def first_failure(start: str, known: Index) -> HalfLoaded | None:
    """Simulate the import of a module, and return the first import that a cycle breaks."""
    return next(_Loading(known).load(start), None)


def loaded_at_once(name: str, known: Index) -> Iterator[tuple[str, int]]:
    """The modules that a module imports while it loads, as dotted names from the root, and the lines."""
    module = known.modules[name]
    for node in _events(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if (target := known.resolve(alias.name, module)) is not None:
                    yield target, node.lineno
        elif isinstance(node, ast.ImportFrom) and (target := known.target(node, module)) is not None:
            inner = [full for alias in node.names if (full := f"{target}.{alias.name}") in known.modules]
            yield from ((full, node.lineno) for full in inner)
            if len(inner) < len(node.names):
                yield target, node.lineno


def _events(module: Module) -> Iterator[ast.stmt]:
    """The statements that run when a module loads, without imports that are only for types."""
    skipped = {id(site.node) for site in import_sites(module.tree) if site.is_for_types or site.is_deferred}
    return (node for node in statements(module.tree.body) if id(node) not in skipped)


@dataclass(frozen=True)
class _Loading:
    known: Index
    done: set[str] = field(default_factory=set)
    bound: dict[str, set[str]] = field(default_factory=dict)

    def load(self, name: str) -> Iterator[HalfLoaded]:
        """Load the packages that contain a module, then the module."""
        for depth in range(name.count("."), -1, -1):
            part = name.rsplit(".", depth)[0]
            if part in self.known.modules and part not in self.bound:
                self.bound[part] = set()
                yield from self._run(part, self.known.modules[part])
                self.done.add(part)

    def _run(self, name: str, module: Module) -> Iterator[HalfLoaded]:
        for node in _events(module):
            if isinstance(node, ast.Import):
                yield from self._imports(node, module)
            elif isinstance(node, ast.ImportFrom):
                yield from self._takes(node, module)
            self.bound[name].update(bound_by(node))

    def _imports(self, node: ast.Import, module: Module) -> Iterator[HalfLoaded]:
        for alias in node.names:
            if (target := self.known.resolve(alias.name, module)) is not None:
                yield from self.load(target)

    def _takes(self, node: ast.ImportFrom, module: Module) -> Iterator[HalfLoaded]:
        target = self.known.target(node, module)
        if target is None:
            return
        yield from self.load(target)
        for name in self._missing(target, (alias.name for alias in node.names)):
            if f"{target}.{name}" in self.known.modules:
                yield from self.load(f"{target}.{name}")
            elif name in (self.known.offers(target) or ()):
                yield HalfLoaded(module, node.lineno, target, name)

    def _missing(self, target: str, names: Iterable[str]) -> list[str]:
        there = self.bound.get(target, set())
        return [name for name in names if name != "*" and name not in there and target not in self.done]
