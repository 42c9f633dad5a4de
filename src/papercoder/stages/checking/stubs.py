"""Unimplemented functions, and comments such as TODO."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from papercoder.artifacts.checking import Finding, error, warning
from papercoder.stages.checking.nodes import Function, body_of, called, dotted, functions, parameters
from papercoder.stages.checking.repository import Module, Tree

_CHECK = "stubs"
_WRITE = "Implement it in full."
_WORDS = re.compile(
    r"\b(TODO|FIXME|XXX)\b|(?i:\bplaceholders?\b|\bin a real (implementation|setting|system)\b|\byour code here\b"
    r"|\bnot (yet )?implemented\b|\bto be implemented\b|\bimplement (this|me|here)\b|\bstub(bed)?\b"
    r"|\bsimplified (version|stand-in)\b)"
)
_ABSTRACT = frozenset({"abstractmethod", "abstractproperty", "overload"})


def check_stubs(tree: Tree) -> Iterator[Finding]:
    """Find empty bodies, and comments such as TODO."""
    overridden = _overridden(tree)
    for module in tree.modules:
        if not module.is_test:
            yield from _bodies(module, overridden)
        yield from _comments(module)


def _overridden(tree: Tree) -> frozenset[str]:
    """Methods `Class.name` that a subclass overrides."""
    classes = [node for module in tree.modules for node in module.nodes if isinstance(node, ast.ClassDef)]
    return frozenset(
        f"{dotted(base).rpartition('.')[2]}.{item.name}"
        for node in classes
        for base in node.bases
        for item in node.body
        if isinstance(item, Function)
    )


def _bodies(module: Module, overridden: frozenset[str]) -> Iterator[Finding]:
    owners = _owners(module)
    for function in functions(module.nodes):
        owner = owners.get(id(function))
        if _is_abstract(function, owner) or (owner and f"{owner.name}.{function.name}" in overridden):
            continue
        if finding := _stub(function, owner, str(module.path)):
            yield finding


def _owners(module: Module) -> dict[int, ast.ClassDef]:
    classes = (node for node in module.nodes if isinstance(node, ast.ClassDef))
    return {id(item): node for node in classes for item in node.body if isinstance(item, Function)}


def _is_abstract(function: Function, owner: ast.ClassDef | None) -> bool:
    if any(dotted(node).rpartition(".")[2] in _ABSTRACT for node in function.decorator_list):
        return True
    bases = [*owner.bases, *(item.value for item in owner.keywords)] if owner else []
    names = {dotted(base.value if isinstance(base, ast.Subscript) else base).rpartition(".")[2] for base in bases}
    return bool(names & {"Protocol", "ABC", "ABCMeta"})


def _stub(function: Function, owner: ast.ClassDef | None, path: str) -> Finding | None:
    body = body_of(function)
    name, line = function.name, function.lineno
    if len(body) == 1 and _raises_not_implemented(body[0]):
        return error(_CHECK, path, line, f"`{name}` is not implemented.", _WRITE)
    if all(_is_empty(statement) for statement in body):
        if _gives_value(function):
            return error(_CHECK, path, line, f"`{name}` is empty, but its annotation promises a value.", _WRITE)
        if owner is None or not name.startswith(("_", "on_", "close", "reset")):
            return warning(_CHECK, path, line, f"`{name}` is empty.", _WRITE)
        return None
    return _constant(function, owner, body, path)


def _raises_not_implemented(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Raise):
        return False
    return "NotImplementedError" in {dotted(statement.exc), called(statement.exc)}


def _is_empty(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass)


def _gives_value(function: Function) -> bool:
    kind = function.returns
    return (
        kind is not None and not (isinstance(kind, ast.Constant) and kind.value is None) and "None" not in _text(kind)
    )


def _text(node: ast.expr) -> str:
    return ast.unparse(node)


def _constant(function: Function, owner: ast.ClassDef | None, body: list[ast.stmt], path: str) -> Finding | None:
    """A body that only returns a constant although the function takes arguments."""
    only = body[0]
    if len(body) != 1 or not isinstance(only, ast.Return) or not isinstance(only.value, ast.Constant):
        return None
    value, name = only.value.value, function.name
    if value is None and _gives_value(function):
        return error(_CHECK, path, only.lineno, f"`{name}` returns None, but its annotation promises a value.", _WRITE)
    taken = [item for item in parameters(function) if item.arg not in {"self", "cls"} and not item.arg.startswith("_")]
    if taken and isinstance(value, int | float) and not isinstance(value, bool) and not (owner and owner.bases):
        message = f"`{name}` always returns {value!r}."
        return warning(_CHECK, path, only.lineno, message, "Compute the value, or use a constant.")
    return None


def _comments(module: Module) -> Iterator[Finding]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
            if token.type == tokenize.COMMENT and (word := _WORDS.search(token.string)):
                message = f"A comment says `{word[0]}`."
                yield warning(
                    _CHECK, str(module.path), token.start[0], message, "Complete the code and remove the comment."
                )
    except (tokenize.TokenError, SyntaxError):
        return  # the parser accepts it but the tokenizer does not; comments before the error are checked
