"""Imports between the repository's files: the module exists, defines the name, and no cycle arises while they load."""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from papercoder.artifacts.coding import Finding, error, warning
from papercoder.stages.checking.definitions import Index, bound_by, index, nearest, relative_base
from papercoder.stages.checking.repository import Function, Module, Tree, blocks, dotted, is_main_guard, statements

_IMPORT_FAILURES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True)
class ImportSite:
    """An import statement and its context."""

    node: ast.Import | ast.ImportFrom
    is_deferred: bool = False
    """Inside a function or below the main guard: it runs later or never."""

    is_guarded: bool = False
    """Inside a `try` that catches its failure."""

    is_for_types: bool = False
    """Below `if TYPE_CHECKING`: it never runs."""

    @property
    def line(self) -> int:
        """Counted from 1."""
        return self.node.lineno

    @property
    def modules(self) -> tuple[str, ...]:
        """The dotted names of absolutely imported modules."""
        if isinstance(self.node, ast.Import):
            return tuple(alias.name for alias in self.node.names)
        return (self.node.module,) if self.node.module and not self.node.level else ()


@dataclass(frozen=True)
class _Place:
    is_deferred: bool = False
    is_guarded: bool = False
    is_for_types: bool = False


def import_sites(tree: ast.Module) -> Iterator[ImportSite]:
    """All imports of a module, in order."""
    yield from _sites(tree.body, _Place())


def _sites(body: list[ast.stmt], place: _Place) -> Iterator[ImportSite]:
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield ImportSite(statement, place.is_deferred, place.is_guarded, place.is_for_types)
        elif isinstance(statement, Function):
            yield from _sites(statement.body, replace(place, is_deferred=True))
        elif isinstance(statement, ast.ClassDef):
            yield from _sites(statement.body, place)
        else:
            inner = _below(statement, place)
            for block in blocks(statement):
                yield from _sites(block, inner)


def _below(statement: ast.stmt, place: _Place) -> _Place:
    if isinstance(statement, ast.Try) and any(_expects_failure(handler) for handler in statement.handlers):
        return replace(place, is_guarded=True)
    if isinstance(statement, ast.If) and dotted(statement.test).rpartition(".")[2] == "TYPE_CHECKING":
        return replace(place, is_for_types=True)
    if is_main_guard(statement):
        return replace(place, is_deferred=True)
    return place


def _expects_failure(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(dotted(kind) in _IMPORT_FAILURES for kind in kinds)


_LOCAL_CHECK = "imports"


def check_imports(tree: Tree) -> Iterator[Finding]:
    """Find imports of modules and names that the repository does not have."""
    known = index(tree)
    for module in tree.modules:
        for site in import_sites(module.tree):
            if not site.is_guarded and not site.is_for_types:
                yield from _look(site, module, known)
    yield from _shadows(known)


def _look(site: ImportSite, module: Module, known: Index) -> Iterator[Finding]:
    node = site.node
    if isinstance(node, ast.ImportFrom) and node.level:
        yield from _relative(node, module, known)
        return
    for name in site.modules:
        if missing := missing_module(name, module, known):
            yield error(_LOCAL_CHECK, str(module.path), site.line, f"There is no module `{name}`.", missing)
            return
    if isinstance(node, ast.ImportFrom):
        target = known.target(node, module)
        if target is not None:
            yield from _missing_names(node, target, module, known)


def missing_module(name: str, module: Module, known: Index) -> str:
    """Advice for a module of the repository that does not exist under this name; empty if nothing is wrong."""
    top = name.partition(".")[0]
    if known.resolve(name, module) is not None:
        return ""
    if known.is_local(name, module):
        return _which(name, known)
    if top in sys.stdlib_module_names:
        return ""
    ending = known.by_last_part.get(name.rpartition(".")[2], []) if known.is_strict else []
    meant = next((full for full in ending if full.endswith(f".{name}")), None)
    return f"Import `{meant}`: module names start at the repository's root." if meant else ""


def _which(name: str, known: Index) -> str:
    same = known.by_last_part.get(name.rpartition(".")[2], [])
    near = same[0] if same else nearest(name, known.modules)
    return f"Import `{near}` instead." if near else "Add the module, or correct the import."


def _relative(node: ast.ImportFrom, module: Module, known: Index) -> Iterator[Finding]:
    path, said = str(module.path), "." * node.level + (node.module or "")
    base = relative_base(module.path, node.level)
    if base is None or (not base and not known.package):
        advice = "Use an absolute import from the repository's root."
        yield error(_LOCAL_CHECK, path, node.lineno, f"`{said}` refers to a folder outside the package.", advice)
        return
    target = known.target(node, module)
    if target is None:
        advice = _which(node.module or "", known)
        yield error(_LOCAL_CHECK, path, node.lineno, f"There is no module `{said}`.", advice)
        return
    yield from _missing_names(node, target, module, known)


def _missing_names(node: ast.ImportFrom, target: str, module: Module, known: Index) -> Iterator[Finding]:
    offered = known.offers(target)
    if offered is None:
        return
    for alias in node.names:
        if alias.name != "*" and alias.name not in offered:
            message = f"`{target or '.'}` has no `{alias.name}`."
            yield error(
                _LOCAL_CHECK, str(module.path), alias.lineno, message, _instead(alias.name, target, module, known)
            )


def _instead(name: str, target: str, importer: Module, known: Index) -> str:
    if near := nearest(name, known.offers(target) or ()):
        return f"Import `{near}` instead, or define `{name}`."
    others = (other for other in known.owners.get(name, ()) if other != target and known.modules[other] is not importer)
    owner = next(others, None)
    return f"`{owner}` has it; import it from there." if owner else f"Define `{name}` in `{target}`."


def _shadows(known: Index) -> Iterator[Finding]:
    """Files at the root that hide modules of the standard library."""
    for name, module in known.modules.items():
        if not known.package and "." not in name and name in sys.stdlib_module_names and not module.is_test:
            message = f"This file hides the standard library's module `{name}`."
            say = error if known.is_strict else warning
            yield say(_LOCAL_CHECK, str(module.path), 1, message, "Rename the file and its imports.")


_CYCLE_CHECK = "cycles"
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
    failure = next(_Loading(known).load("main"), None) if known.is_strict and len(known.modules) <= _MOST else None
    if failure:
        yield _failing(failure)
    edges: Edges = {name: dict(reversed(list(loaded_at_once(name, known)))) for name in known.modules}
    for cycle in _cycles(edges):
        if failure is None or failure.target not in cycle:
            yield _cycle(cycle, edges, known)


def _failing(failure: HalfLoaded) -> Finding:
    message = f"`{failure.name}` is imported from `{failure.target}`, which is still loading and lacks it."
    advice = "Move shared code to its own module, or import inside the function that uses it."
    return error(_CYCLE_CHECK, str(failure.module.path), failure.line, message, advice)


def _cycle(cycle: list[str], edges: Edges, known: Index) -> Finding:
    path = " -> ".join(f"`{name or known.package}`" for name in [*cycle, cycle[0]])
    advice = "Whether it works depends on the import order; move shared code to its own module."
    first = known.modules[cycle[0]]
    return warning(_CYCLE_CHECK, str(first.path), edges[cycle[0]][cycle[1]], f"Import cycle: {path}.", advice)


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
