"""Queries on syntax trees that several checks share."""

import ast
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def dotted(node: ast.AST | None) -> str:
    """`a.b.c` for a name or a chain of attributes, else empty."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def called(node: ast.AST | None) -> str:
    """The dotted name of the called function, or empty."""
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def text_of(node: ast.AST | None) -> str | None:
    """The value of a string constant, else None."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def keyword(node: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument."""
    return next((item.value for item in node.keywords if item.arg == name), None)


def argument(node: ast.Call, position: int, name: str) -> ast.expr | None:
    """The value of an argument that is passed by position or keyword."""
    return node.args[position] if len(node.args) > position else keyword(node, name)


def body_of(node: Function | ast.ClassDef | ast.Module) -> list[ast.stmt]:
    """The statements after the docstring."""
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def functions(nodes: Iterable[ast.AST]) -> Iterator[Function]:
    """All functions and methods."""
    return (node for node in nodes if isinstance(node, Function))


def parameters(node: Function) -> list[ast.arg]:
    """All named parameters, in order, without `*args` and `**kwargs`."""
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The nested blocks of a statement that share its scope: `if`, `for`, `while`, `with`, `try`, `match`."""
    if isinstance(node, Function | ast.ClassDef):
        return
    for name in ("body", "orelse", "finalbody"):
        if block := getattr(node, name, None):
            yield block
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements of a scope in order, without the bodies of functions and classes."""
    for statement in body:
        yield statement
        for block in blocks(statement):
            yield from statements(block)


def is_main_guard(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`."""
    if not isinstance(node, ast.If):
        return False
    return any(isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test))
