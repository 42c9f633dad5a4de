"""Wrong versions of code: one sign, operator, comparison, constant, index or term is changed.

Judges and tests are measured by whether they notice. Only the characters in question change, so that layout and
comments do not reveal the change.
"""

import ast
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import PurePosixPath

from papercoder.artifacts import SourceFile
from papercoder.repository.files import parse, tokens
from papercoder.repository.traceability import marks

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
class Mutant:
    """A file with one change."""

    file: SourceFile
    line: int
    function: str
    change: str
    """`"+" became "-"`."""

    requirements: frozenset[str]
    """Ids of the marks in its function."""

    @property
    def where(self) -> str:
        """`model.py, line 12, in loss: "+" became "-"`."""
        return f"{self.file.path}, line {self.line}, in {self.function}: {self.change}"


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
    """Arithmetic below a node, outermost first; not in f-strings, whose tokens only Python 3.12 and later give."""
    strings = (each for each in ast.walk(node) if isinstance(each, ast.JoinedStr))
    in_strings = {id(part) for string in strings for part in ast.walk(string)}
    for part in (each for each in ast.walk(node) if id(each) not in in_strings):
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
            return 0 < abs(value) < _SMALL
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lower().strip("_") in {"eps", "epsilon", "tiny"}
    return False


def mutants(file: SourceFile, most: int) -> tuple[Mutant, ...]:
    """At most this many wrong versions of a file's functions, spread over the functions; marked ones come first."""
    try:
        tree = parse(file.text)
    except SyntaxError:
        return ()
    marked = marks(file.text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inner = {id(each) for node in functions for each in ast.walk(node) if each is not node}
    found = []
    for node in (each for each in functions if id(each) not in inner):
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        ids = frozenset(name for name, places in marked.items() if any(place in lines for place in places))
        kinds = ([Mutant(new, line, node.name, said, ids) for new, line, said in kind] for kind in _changes(file, node))
        found.append(tuple(_in_turn(kinds)))
    found.sort(key=lambda each: not (each and each[0].requirements))
    return tuple(_in_turn(found))[:most]


def _in_turn(groups: Iterable[Iterable[Mutant]]) -> Iterator[Mutant]:
    """The first of each group, then the second of each, and so on, without equal files."""
    seen = set[str]()
    for row in zip_longest(*groups):
        for mutant in row:
            if mutant and mutant.file.text not in seen:
                seen.add(mutant.file.text)
                yield mutant


_Change = tuple[SourceFile, int, str]
"""The changed file, the line and what was changed."""


def _changes(file: SourceFile, node: ast.AST) -> Iterator[Iterator[_Change]]:
    """The changes of a function, by kind."""
    parts = [each for each in _computing(node) if hasattr(each, "lineno")]
    yield _made(file, ((site, *_rewritten(file, site)) for site in _sums(node)))
    yield _made(file, ((site, *_without_term(file, site)) for site in _sums(node) if isinstance(site, ast.BinOp)))
    yield _made(file, ((site, *_without_step(file, site)) for site in parts if isinstance(site, ast.stmt)))
    yield _made(file, ((site, *_compared(file, site)) for site in parts if isinstance(site, ast.Compare)))
    yield _made(
        file, ((site.test, *_negated(file, site.test)) for site in parts if isinstance(site, ast.If | ast.IfExp))
    )
    yield _made(file, ((site, *_with_number(file, site)) for site in parts if isinstance(site, ast.Constant)))


def _made(file: SourceFile, changes: Iterable[tuple[ast.expr | ast.stmt, str, str]]) -> Iterator[_Change]:
    for site, text, said in changes:
        if text and text != file.text and _parses(text):
            yield SourceFile(path=file.path, text=text), site.lineno, said


def _computing(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a function that compute; not its docstring, annotations, errors and messages."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Raise | ast.Assert | ast.JoinedStr | ast.arguments):
            continue
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.If) and all(isinstance(each, ast.Raise) for each in child.body):
            continue  # a check of the input: every test would notice
        yield child
        if isinstance(child, ast.AnnAssign):
            yield from _computing(ast.Tuple(elts=[child.value] if child.value else [], ctx=ast.Load()))
        else:
            yield from _computing(child)


def _without_term(file: SourceFile, site: ast.BinOp) -> tuple[str, str]:
    """The text without the right operand of a sum or a product."""
    sign = _SIGNS[type(site.op)]
    begin, end = _end(file, site.left), _end(file, site)
    found = next((place for place in _operators(file.text, sign) if begin <= place < _start(file, site.right)), None)
    if not found or found[0] != end[0]:
        return "", ""
    lines = file.text.split("\n")
    line = lines[found[0] - 1]
    lines[found[0] - 1] = line[: found[1]].rstrip() + line[end[1] :]
    return "\n".join(lines), f'"{line[found[1] : end[1]]}" was left out'


def _without_step(file: SourceFile, site: ast.stmt) -> tuple[str, str]:
    """The text without a statement that changes something that exists: `Q[labelled] = Y[labelled]`, `x += 1`."""
    target = site.targets[0] if isinstance(site, ast.Assign) else None
    if not isinstance(site, ast.AugAssign) and not isinstance(target, ast.Subscript | ast.Attribute):
        return "", ""
    begin, end = _start(file, site), _end(file, site)
    lines = file.text.split("\n")
    step = lines[begin[0] - 1][begin[1] :] if begin[0] == end[0] else f"{lines[begin[0] - 1][begin[1] :]} ..."
    lines[begin[0] - 1 : end[0]] = [f"{lines[begin[0] - 1][: begin[1]]}pass{lines[end[0] - 1][end[1] :]}"]
    return "\n".join(lines), f'"{step}" was left out'


def _negated(file: SourceFile, condition: ast.expr) -> tuple[str, str]:
    """The text with a condition turned round; comparisons have changes of their own."""
    begin, end = _start(file, condition), _end(file, condition)
    if isinstance(condition, ast.Compare) or begin[0] != end[0]:
        return "", ""
    old = file.text.split("\n")[begin[0] - 1][begin[1] : end[1]]
    return _replaced(file.text, begin, old, f"(not ({old}))"), f'"{old}" became "not {old}"'


_COMPARED: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
}


def _compared(file: SourceFile, site: ast.Compare) -> tuple[str, str]:
    old, new = _COMPARED.get(type(site.ops[0]), ("", ""))
    begin, end = _end(file, site.left), _start(file, site.comparators[0])
    found = next((place for place in _operators(file.text, old) if begin <= place < end), None) if old else None
    return (_replaced(file.text, found, old, new), f'"{old}" became "{new}"') if found else ("", "")


def _with_number(file: SourceFile, site: ast.Constant) -> tuple[str, str]:
    """The text with another number: the next integer, or half more of a fraction."""
    value = site.value
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and 0 < value < _SMALL)
    ):
        return "", ""
    begin, end = _start(file, site), _end(file, site)
    old = file.text.split("\n")[begin[0] - 1][begin[1] : end[1]]
    new = str(value + 1) if isinstance(value, int) else repr(value * 1.5 if value else 1.0)
    return _replaced(file.text, begin, old, new), f"{old} became {new}"


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
    return (token.start for token in tokens(text) if token.type == tokenize.OP and token.string == sign)


def _replaced(text: str, place: Position, old: str, new: str) -> str:
    lines = text.split("\n")
    line, column = lines[place[0] - 1], place[1]
    lines[place[0] - 1] = line[:column] + new + line[column + len(old) :]
    return "\n".join(lines)


def _start(file: SourceFile, node: ast.expr | ast.stmt) -> Position:
    return node.lineno, _characters(file, node.lineno, node.col_offset)


def _end(file: SourceFile, node: ast.expr | ast.stmt) -> Position:
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
