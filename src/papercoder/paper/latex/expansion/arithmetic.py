# ruff: noqa: S105  (a token is LaTeX's here, no secret)
"""TeX's numbers and lengths, read from the stream: constants, registers, counters and expressions."""

from collections.abc import Callable, Sequence

from papercoder.paper.latex.expansion.expander import Expander
from papercoder.paper.latex.expansion.stream import Stream
from papercoder.paper.latex.tokens import is_blank

_LARGEST = 2**31 - 1
_CONSTANTS = {
    "\\z@": 0,
    "\\@ne": 1,
    "\\tw@": 2,
    "\\thr@@": 3,
    "\\m@ne": -1,
    "\\@m": 1000,
    "\\@M": 10000,
    "\\p@": 65536,
    "\\maxdimen": 2**30 - 1,
    "\\pdfoutput": 1,
    "\\pdftexversion": 140,
}
_COUNTERS = {"secnumdepth": 3, "tocdepth": 3}
_SCALED_POINTS = {
    "pt": 65536.0,
    "in": 65536 * 72.27,
    "cm": 65536 * 72.27 / 2.54,
    "mm": 65536 * 72.27 / 25.4,
    "bp": 65536 * 1.00375,
    "pc": 65536 * 12.0,
    "dd": 65536 * 1238 / 1157,
    "cc": 65536 * 12 * 1238 / 1157,
    "sp": 1.0,
    "ex": 65536 * 4.3,
    "em": 65536 * 10.0,
}


class Undecided(Exception):
    """A value that only a full run of TeX would know."""


def next_token(expander: Expander) -> str:
    """The next token or character that cannot be expanded further."""
    while True:
        token = expander.stream.character()
        if token[:1] != "\\" or token in ("\\else", "\\or", "\\fi") or not expander.expand(token):
            return token


def put_back(expander: Expander, token: str) -> None:
    """Put a token back in front."""
    if token:
        expander.stream.pending.append(token)


def number(expander: Expander) -> int:
    """Read a number; raises `Undecided` if there is none or its value is not known."""
    sign, token = _sign(expander)
    if token.isdecimal():
        value = int(_digits(expander, token))
        _end(expander)
    elif token in ("'", '"'):
        value = _in_base(expander, 8 if token == "'" else 16)
    elif token == "`":
        value = ord(expander.stream.character().lstrip("\\")[:1] or " ")
        _end(expander)
    else:
        value = _internal(expander, token, number)
    if abs(value) > _LARGEST:
        raise Undecided
    return sign * value


def length(expander: Expander) -> int:
    """Read a length in scaled points; raises `Undecided` if there is none or its value is not known."""
    sign, token = _sign(expander)
    if not (token.isdecimal() or token in (".", ",")):
        return sign * _internal(expander, token, length)
    digits = _digits(expander, token, may_have_point=token.isdecimal())
    factor = float(digits.replace(",", ".")) if digits.strip(".,") else 0.0
    token = next_token(expander)
    while is_blank(token):
        token = next_token(expander)
    if token[:1] == "\\":
        return sign * round(factor * _internal(expander, token, length))
    unit = token + expander.stream.character()
    if unit not in _SCALED_POINTS:
        raise Undecided
    _end(expander)
    return sign * round(factor * _SCALED_POINTS[unit])


def _sign(expander: Expander) -> tuple[int, str]:
    sign, token = 1, next_token(expander)
    while token in ("+", "-") or is_blank(token):
        sign = -sign if token == "-" else sign
        token = next_token(expander)
    return sign, token


def _digits(expander: Expander, first: str, *, may_have_point: bool = False) -> str:
    digits = first
    while len(digits) < 30:
        token = next_token(expander)
        if not (token.isdecimal() or (may_have_point and token in (".", ","))):
            put_back(expander, token)
            break
        may_have_point = may_have_point and token.isdecimal()
        digits += token
    return digits


def _in_base(expander: Expander, base: int) -> int:
    digits = ""
    while (token := next_token(expander)) and token in "0123456789ABCDEF"[:base] and len(digits) < 10:
        digits += token
    put_back(expander, token)
    _end(expander)
    if not digits:
        raise Undecided
    return int(digits, base)


def _end(expander: Expander) -> None:
    """Pass over the one blank that ends a constant."""
    if is_blank(expander.stream.peek):
        expander.stream.pop()


def _internal(expander: Expander, token: str, read: Callable[[Expander], int]) -> int:
    """The value of a register, a counter or an expression."""
    name = expander.canonical(token)
    if name == "\\value":
        return counter(expander, expander.stream.name())
    if name.startswith("\\c@"):
        return counter(expander, name.removeprefix("\\c@"))
    if name in ("\\numexpr", "\\dimexpr", "\\glueexpr"):
        value = _sum(expander, number if name == "\\numexpr" else length)
        expander.stream.take(("\\relax",))
        return value
    if name in ("\\count", "\\dimen", "\\skip"):
        with expander.deeper():
            token = f"{name}{number(expander)}"
    known = expander.counts.get(token, expander.lengths.get(token, _CONSTANTS.get(name)))
    if known is not None:
        return known
    put_back(expander, token)
    inner = expander.stream.argument() if token == "{" else []
    if not inner or inner[0] == "{":
        raise Undecided
    expander.stream.push(inner)  # LaTeX's own commands allow braces around a number
    return read(expander)


def counter(expander: Expander, name: str) -> int:
    """The value of a LaTeX counter; raises `Undecided` if it is not known."""
    value = expander.counters.get(name, _COUNTERS.get(name))
    if value is None:
        raise Undecided
    return value


def _sum(expander: Expander, read: Callable[[Expander], int]) -> int:
    with expander.deeper():
        value = _product(expander, read)
        while sign := _operator(expander, "+-"):
            value += _product(expander, read) * (1 if sign == "+" else -1)
        return value


def _product(expander: Expander, read: Callable[[Expander], int]) -> int:
    value = _factor(expander, read)
    while sign := _operator(expander, "*/"):
        other = _factor(expander, number)
        if sign == "*":
            value *= other
        elif other == 0:
            raise Undecided
        else:  # TeX rounds, and rounds halves away from zero
            quotient, rest = divmod(abs(value), abs(other))
            value = (quotient + (2 * rest >= abs(other))) * (1 if (value < 0) == (other < 0) else -1)
        if abs(value) > _LARGEST * 65536:
            raise Undecided
    return value


def _factor(expander: Expander, read: Callable[[Expander], int]) -> int:
    if _operator(expander, "("):
        value = _sum(expander, read)
        if not _operator(expander, ")"):
            raise Undecided
        return value
    return read(expander)


def _operator(expander: Expander, wanted: str) -> str:
    token = next_token(expander)
    while is_blank(token):
        token = next_token(expander)
    if token and token in wanted:
        return token
    put_back(expander, token)
    return ""


def number_of(expander: Expander, tokens: Sequence[str]) -> int:
    """The value of an expression in an argument; raises `Undecided` if it is not known."""
    return _alone(expander, tokens, number)


def length_of(expander: Expander, tokens: Sequence[str]) -> int:
    """The value of an expression of lengths in an argument, in scaled points; raises `Undecided` if it is not known."""
    return _alone(expander, tokens, length)


def _alone(expander: Expander, tokens: Sequence[str], read: Callable[[Expander], int]) -> int:
    outer = expander.stream
    expander.stream = Stream(outer.budget - len(tokens), list(reversed(tokens)))
    try:
        return _sum(expander, read)
    finally:
        outer.budget = expander.stream.budget
        expander.stream = outer
