"""Attributes that a type checker misses: registered by a call, set from outside, or defined in a subclass."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from papercoder.stages.checking.definitions import definitions
from papercoder.stages.checking.imports.index import bound_by
from papercoder.stages.checking.nodes import called, dotted, text_of
from papercoder.stages.checking.repository import Module

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
    yield from _stored(ast.walk(node))


def _stored(nodes: Iterable[ast.AST]) -> Iterator[str]:
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
