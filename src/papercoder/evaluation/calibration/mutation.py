"""Makes one core equation of a repository wrong by changing a sign or an operator.

Only the operator's characters change, so that layout and comments do not reveal the change.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from papercoder.artifacts import SourceFile
from papercoder.repository.syntax import parse

_OTHER = {"+": "-", "-": "+", "*": "/", "/": "*", "**": "*", "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*="}
_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_MARK = re.compile(r"#\s*R[1-9]\d*\b")
_EQUATION = re.compile(r"#\s*R[1-9]\d*\b.*\beq:")
_SMALL = 1e-3
"""Smaller constants only prevent division by zero."""

Position = tuple[int, int]
"""Line, from 1, and column in characters, from 0."""

Files = tuple[SourceFile, ...]


@dataclass(frozen=True)
class Mutation:
    """Files with one changed operator, and its place."""

    files: Files
    where: str
    """`model.py, line 12, in loss: "+" became "-"`."""


@dataclass(frozen=True)
class _Function:
    """A function with arithmetic."""

    file: SourceFile
    node: ast.FunctionDef | ast.AsyncFunctionDef
    sums: tuple[ast.expr | ast.stmt, ...]
    """Its arithmetic operations."""

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Whether it is marked with an equation, whether it is marked at all, and its number of operations."""
        lines = self.file.text.split("\n")[self.node.lineno - 1 : self.node.end_lineno]
        return any(map(_EQUATION.search, lines)), any(map(_MARK.search, lines)), len(self.sums)


def mutate(files: Files) -> Mutation | None:
    """Make one core equation wrong, deterministically; None if no function has arithmetic.

    Functions with a mark of an equation (`# R12: ... (eq:3)`) are preferred, then those with any mark, then those with
    the most arithmetic. The outermost operator of the statement with the most arithmetic is changed.
    """
    functions = [function for file in files if _is_method(file.path) for function in _functions(file)]
    if not functions:
        return None
    chosen = max(functions, key=lambda function: function.rank)
    return _mutated(files, chosen)


def _is_method(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return path.endswith(".py") and not any(re.match(r"tests?(_|\.|$)", part) for part in parts)


def _functions(file: SourceFile) -> Iterator[_Function]:
    try:
        tree = parse(file.text)
    except SyntaxError:
        return  # the result of a change could not be parsed either
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (sums := tuple(_sums(node))):
            yield _Function(file, node, sums)


def _sums(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Arithmetic below a node, outermost first."""
    for part in ast.walk(node):
        match part:
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS and _is_method_of(op, left, right):
                yield part
            case ast.AugAssign(op=op, value=value) if type(op) in _SIGNS and not _is_plain(value):
                yield part
            case ast.UnaryOp(op=ast.USub(), operand=operand) if not _is_plain(operand):
                yield part


def _is_method_of(op: ast.operator, left: ast.expr, right: ast.expr) -> bool:
    """Excludes concatenation, constants and guards against division by zero."""
    if _is_plain(left) and _is_plain(right):
        return False
    if isinstance(op, ast.Add | ast.Sub) and (_is_guard(left) or _is_guard(right)):
        return False
    return not any(isinstance(side, ast.JoinedStr | ast.List | ast.Tuple) or _is_text(side) for side in (left, right))


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def _is_guard(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=float(value)):
            return abs(value) < _SMALL
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lower().strip("_") in {"eps", "epsilon", "tiny"}
    return False


def _mutated(files: Files, chosen: _Function) -> Mutation | None:
    for site in _outermost_first(chosen):
        text, said = _rewritten(chosen.file, site)
        if text and _parses(text):
            file = SourceFile(path=chosen.file.path, text=text)
            where = f"{file.path}, line {site.lineno}, in {chosen.node.name}: {said}"
            return Mutation(tuple(file if each.path == file.path else each for each in files), where)
    return None


def _outermost_first(chosen: _Function) -> list[ast.expr | ast.stmt]:
    """Operations that contain the most arithmetic first."""
    inside = {id(site): sum(1 for _ in _sums(site)) for site in chosen.sums}
    return sorted(chosen.sums, key=lambda site: (-inside[id(site)], site.lineno, site.col_offset))


def _rewritten(file: SourceFile, site: ast.expr | ast.stmt) -> tuple[str, str]:
    """The text with the operator replaced and a description; empty if the operator was not found."""
    match site:
        case ast.UnaryOp(operand=operand):
            begin, end, old, new = _start(file, site), _start(file, operand), "-", ""
        case ast.BinOp(left=left, op=op, right=right):
            begin, end, old = _end(file, left), _start(file, right), _SIGNS[type(op)]
            new = _OTHER[old]
        case ast.AugAssign(target=target, op=op, value=value):
            begin, end, old = _end(file, target), _start(file, value), f"{_SIGNS[type(op)]}="
            new = _OTHER[old]
        case _:
            return "", ""
    found = next((place for place in _operators(file.text, old) if begin <= place < end), None)
    said = f'"{old}" became "{new}"' if new else f'the sign "{old}" was removed'
    return (_replaced(file.text, found, old, new), said) if found else ("", "")


def _operators(text: str, sign: str) -> Iterator[Position]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return (token.start for token in tokens if token.type == tokenize.OP and token.string == sign)


def _replaced(text: str, place: Position, old: str, new: str) -> str:
    lines = text.split("\n")
    line, column = lines[place[0] - 1], place[1]
    lines[place[0] - 1] = line[:column] + new + line[column + len(old) :]
    return "\n".join(lines)


def _start(file: SourceFile, node: ast.expr | ast.stmt) -> Position:
    return node.lineno, _characters(file, node.lineno, node.col_offset)


def _end(file: SourceFile, node: ast.expr) -> Position:
    line, column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return line, _characters(file, line, column)


def _characters(file: SourceFile, line: int, octets: int) -> int:
    """Convert a syntax tree's byte offset to characters, as tokens count."""
    return len(file.text.split("\n")[line - 1].encode()[:octets].decode())


def _parses(text: str) -> bool:
    try:
        parse(text)
    except SyntaxError:
        return False
    return True
