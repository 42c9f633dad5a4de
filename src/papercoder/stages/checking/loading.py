"""What happens when Python imports modules one after the other: which of them is met half loaded."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from papercoder.stages.checking.imported import import_sites
from papercoder.stages.checking.index import Index, bound_by
from papercoder.stages.checking.nodes import statements
from papercoder.stages.checking.repository import Module


@dataclass(frozen=True)
class HalfLoaded:
    """An import of a name from a module that did not come to define it yet."""

    module: Module
    line: int
    target: str
    name: str


def first_failure(start: str, known: Index) -> HalfLoaded | None:
    """Load a module, and all that it imports while it loads; the first import that a cycle makes fail."""
    return next(_Loading(known).load(start), None)


def loaded_at_once(name: str, known: Index) -> Iterator[tuple[str, int]]:
    """The modules that one imports while it loads, by their names from the root, with the lines."""
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
    """The statements that run when a module loads, without imports that stand there for types alone."""
    skipped = {id(site.node) for site in import_sites(module.tree) if site.is_for_types or site.is_deferred}
    return (node for node in statements(module.tree.body) if id(node) not in skipped)


@dataclass(frozen=True)
class _Loading:
    known: Index
    done: set[str] = field(default_factory=set)
    bound: dict[str, set[str]] = field(default_factory=dict)

    def load(self, name: str) -> Iterator[HalfLoaded]:
        """Load a module after the packages around it."""
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
