"""Attributes that objects have though a type checker does not see them: registered, set from outside, or made below."""

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
    """What is known of the attributes of a repository's classes."""

    classes: frozenset[str]
    """The repository's own; of others, private attributes are not described."""

    anywhere: frozenset[str]
    """Names that some object gets by a call with the name, or by an assignment from outside."""

    below: frozenset[tuple[str, str]]
    """Class and attribute, where a class derived from it has the attribute."""

    open: frozenset[str]
    """Classes that give themselves attributes with computed names."""

    def may_have(self, owner: str, name: str) -> bool:
        """Can an object of this class have this attribute after all?"""
        if name.startswith("_") and owner not in self.classes:
            return True
        return name in self.anywhere or owner in self.open or (owner, name) in self.below


def attributes(modules: tuple[Module, ...]) -> Attributes:
    """Look at all classes and assignments."""
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
    """Names that objects get from outside."""
    if isinstance(node, ast.Call) and called(node).rpartition(".")[2] in _REGISTER:
        yield from (text for item in node.args[:2] if (text := text_of(item)))
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and dotted(node.value) != "self":
        yield node.attr


def _made_in(node: ast.ClassDef) -> Iterator[str]:
    """What the body of a class defines, and what its methods give to `self`."""
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
