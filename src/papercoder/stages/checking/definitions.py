"""The functions and classes of a repository by name, used to follow values from calls to parameters."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from papercoder.stages.checking.nodes import Function, called, dotted, functions
from papercoder.stages.checking.repository import Module


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

    def called_by(self, node: ast.Call) -> tuple[Definition, ...]:
        """The definitions that a call may run; empty if it calls code outside the repository."""
        name = called(node)
        last = name.rpartition(".")[2] or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
        if last in self.classes:
            made = self.methods.get("__init__", ())
            return tuple(one for one in made if one.owner is not None and one.owner.name == last)
        plain = self.functions.get(last, ())
        return plain if name == last else self.methods.get(last) or plain

    def is_mapping_like(self, name: str) -> bool:
        """Whether instances of a class expose their arguments as items or attributes."""
        return any(_wraps(node) for node in self.classes.get(name, ()))

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
