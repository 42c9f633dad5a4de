"""What a repository defines: modules by dotted name, functions, classes, attributes that a type checker misses."""

import ast
import sys
from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from rapidfuzz import fuzz, process

from papercoder.repository.files import module_parts
from papercoder.stages.checking.repository import Function, Module, Tree, called, dotted, functions, statements, text_of


def dotted_name(path: PurePosixPath) -> str | None:
    """The dotted name of a module from the repository's root; empty for the root's `__init__.py`, None if invalid."""
    parts = module_parts(path)
    return ".".join(parts) if all(part.isidentifier() for part in parts) else None


_MOST_REACHED = 100
"""Modules that star imports reach; beyond, what a module offers counts as unknown."""

_MOST_COMPARED, _LONGEST_COMPARED = 2_000, 60


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that is most like a misspelt one; None if none is alike, or there are too many to compare."""
    if len(known) > _MOST_COMPARED or len(name) > _LONGEST_COMPARED:
        return None
    short = sorted(each for each in known if len(each) <= _LONGEST_COMPARED)
    found = process.extractOne(name, short, scorer=fuzz.ratio, score_cutoff=60.0)
    return found[0] if found else None


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

    _scopes: dict[str, tuple[dict[str, None] | None, frozenset[str]]] = field(default_factory=dict, init=False)
    _offered: dict[str, Collection[str] | None] = field(default_factory=dict, init=False)

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

    def offers(self, name: str) -> Collection[str] | None:
        """The names that can be imported from a module or folder; None if unknown."""
        if name not in self._offered:
            self._offered[name] = self._names(name)
        return self._offered[name]

    @cached_property
    def _children(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name in filter(None, (*self.modules, *self.folders, *self.other)):
            parent, _, child = name.rpartition(".")
            found.setdefault(parent, set()).add(child)
        return found

    @cached_property
    def by_last_part(self) -> dict[str, list[str]]:
        """The last part of a dotted name -> the modules that end in it, sorted."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.modules):
            found.setdefault(name.rpartition(".")[2], []).append(name)
        return found

    @cached_property
    def owners(self) -> dict[str, list[str]]:
        """A name -> the modules that bind it themselves, sorted."""
        found: dict[str, list[str]] = {}
        for module in sorted(self.modules):
            for name in self._scope(module)[0] or ():
                found.setdefault(name, []).append(module)
        return found

    def _names(self, name: str) -> Collection[str] | None:
        """The scopes of a module and of all that star imports reach from it, one after the other.

        They are not joined: with many modules that import everything from each other, that would take the square.
        """
        if name in self.other:
            return None
        scopes = [dict.fromkeys(self._children.get(name, ()))]
        reached, waiting = {name}, [name] if name in self.modules else []
        while waiting:
            bound, targets = self._scope(waiting.pop())
            if bound is None or not targets <= self.modules.keys() or len(reached | targets) > _MOST_REACHED:
                return None
            scopes.append(bound)
            waiting += targets - reached
            reached |= targets
        return ChainMap(*scopes)

    def _scope(self, name: str) -> tuple[dict[str, None] | None, frozenset[str]]:
        """The names that a module binds, and the modules of its star imports; None if it creates names dynamically."""
        if name not in self._scopes:
            module = self.modules[name]
            bound, stars = _bound(module)
            targets = frozenset(self.target(star, module) or "" for star in stars)
            self._scopes[name] = (None if bound is None else dict.fromkeys(bound), targets)
        return self._scopes[name]

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
        and (name := dotted_name(path.with_name(path.name.partition(".")[0] + path.suffix))) is not None
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


@dataclass(frozen=True, eq=False)
class Definition:
    """A function or method."""

    node: Function
    owner: ast.ClassDef | None
    module: Module
    around: tuple[Function, ...]
    """The function itself and the enclosing functions, whose names are in scope, innermost first."""

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Parameters that can be passed by position, without `self`."""
        names = [item.arg for item in (*self.node.args.posonlyargs, *self.node.args.args)]
        bound = self.owner is not None and "staticmethod" not in map(dotted, self.node.decorator_list)
        return tuple(names[1:] if bound else names)

    @cached_property
    def keywords(self) -> frozenset[str]:
        """Parameters that can be passed by keyword."""
        return frozenset((*self.parameters, *(item.arg for item in self.node.args.kwonlyargs)))


@dataclass(frozen=True, eq=False)
class Definitions:
    """All definitions of a repository by simple name; definitions of the same name are merged."""

    all: tuple[Definition, ...]
    functions: dict[str, tuple[Definition, ...]]
    methods: dict[str, tuple[Definition, ...]]
    classes: dict[str, tuple[ast.ClassDef, ...]]

    def called_by(self, node: ast.Call, within: str = "") -> tuple[Definition, ...]:
        """The definitions that a call may run; empty if it calls code outside the repository.

        Args:
            node: the call.
            within: the class in which it stands, for `super()`.
        """
        name = called(node)
        last = name.rpartition(".")[2] or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
        if last in self.classes:
            made = self.methods.get("__init__", ())
            return tuple(one for one in made if one.owner is not None and one.owner.name == last)
        if isinstance(node.func, ast.Attribute) and called(node.func.value) == "super":
            bases = self.lineage(within) - {within}
            return tuple(one for one in self.methods.get(last, ()) if one.owner is not None and one.owner.name in bases)
        plain = self.functions.get(last, ())
        return plain if name == last else self.methods.get(last) or plain

    def is_mapping_like(self, name: str) -> bool:
        """Whether instances of a class expose their arguments as items or attributes."""
        return name in self._mapping_like

    @cached_property
    def _mapping_like(self) -> frozenset[str]:
        return frozenset(name for name, nodes in self.classes.items() if any(map(_wraps, nodes)))

    def lineage(self, name: str) -> frozenset[str]:
        """The names of a class and of its base classes in the repository."""
        found, left = {name}, [name]
        while left:
            bases = {
                dotted(base).rpartition(".")[2] for node in self.classes.get(left.pop(), ()) for base in node.bases
            }
            left += bases - found
            found |= bases
        return frozenset(found)


def definitions(modules: tuple[Module, ...]) -> Definitions:
    """Collect all definitions."""
    every = tuple(definition for module in modules for definition in _definitions(module))
    plain: dict[str, tuple[Definition, ...]] = {}
    methods: dict[str, tuple[Definition, ...]] = {}
    classes: dict[str, tuple[ast.ClassDef, ...]] = {}
    for definition in every:
        table = methods if definition.owner else plain
        name = definition.node.name
        table[name] = (*table.get(name, ()), definition)
    for node in (node for module in modules for node in module.nodes):
        if isinstance(node, ast.ClassDef):
            classes[node.name] = (*classes.get(node.name, ()), node)
    return Definitions(every, plain, methods, classes)


def _definitions(module: Module) -> Iterator[Definition]:
    """All functions of a module with their enclosing functions; `ast.walk` yields outer functions first."""
    classes = [node for node in module.nodes if isinstance(node, ast.ClassDef)]
    owners = {id(item): node for node in classes for item in node.body}
    around: dict[int, tuple[Function, ...]] = {}
    for node in functions(module.nodes):
        chain = (node, *around.get(id(node), ()))
        around |= {id(inner): chain for inner in functions(ast.walk(node)) if inner is not node}
        yield Definition(node, owners.get(id(node)), module, chain)


def _wraps(node: ast.ClassDef) -> bool:
    bases = {dotted(base).rpartition(".")[2] for base in node.bases}
    if bases & {"dict", "UserDict", "Namespace", "SimpleNamespace"}:
        return True
    names = {item.name for item in node.body if isinstance(item, Function)}
    calls = {called(item) for item in ast.walk(node)}
    return bool(names & {"__getattr__", "__getitem__"}) or bool(calls & {"setattr", "self.__dict__.update"})


_REGISTER = frozenset({"register_buffer", "register_parameter", "register_module", "add_module", "setattr"})


@dataclass(frozen=True)
class Attributes:
    """The attributes of a repository's classes that mypy does not know."""

    classes: frozenset[str]
    """The repository's own classes; stubs of other classes leave private attributes out."""

    anywhere: frozenset[str]
    """Names that are set on some object by a call such as `register_buffer`, or by an assignment from outside."""

    below: frozenset[tuple[str, str]]
    """Pairs of a class and an attribute that one of its subclasses defines."""

    open: frozenset[str]
    """Classes that set attributes with computed names."""

    def may_have(self, owner: str, name: str) -> bool:
        """Whether an object of this class may have this attribute."""
        if name.startswith("_") and owner not in self.classes:
            return True
        return name in self.anywhere or owner in self.open or (owner, name) in self.below


def attributes(modules: tuple[Module, ...]) -> Attributes:
    """Collect them from all classes and assignments."""
    known = definitions(modules)
    nodes = [node for module in modules for node in module.nodes]
    return Attributes(
        classes=frozenset(known.classes),
        anywhere=frozenset(name for node in nodes for name in _given(node)),
        below=frozenset(
            (above, name)
            for owner, found in known.classes.items()
            for above in known.lineage(owner) - {owner}
            for node in found
            for name in _made_in(node)
        ),
        open=frozenset(owner for owner, found in known.classes.items() if any(map(_computes_names, found))),
    )


def _given(node: ast.AST) -> Iterator[str]:
    """Attribute names that are set from outside the class."""
    if isinstance(node, ast.Call) and called(node).rpartition(".")[2] in _REGISTER:
        yield from (text for item in node.args[:2] if (text := text_of(item)))
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and dotted(node.value) != "self":
        yield node.attr


def _made_in(node: ast.ClassDef) -> Iterator[str]:
    """Names that the body of a class defines, and attributes that its methods set on `self`."""
    yield from (name for statement in node.body for name in bound_by(statement))
    yield from _attribute_stored(ast.walk(node))


def _attribute_stored(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and dotted(node.value) == "self":
            yield node.attr


def _computes_names(node: ast.ClassDef) -> bool:
    for item in ast.walk(node):
        if called(item) == "self.__dict__.update":
            return True
        if isinstance(item, ast.Call) and called(item) == "setattr" and item.args[1:] and text_of(item.args[1]) is None:
            return True
    return False
