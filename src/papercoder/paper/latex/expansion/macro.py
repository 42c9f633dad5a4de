# ruff: noqa: S105  (a token is LaTeX's here, no secret)
"""A macro: which arguments it takes, and the tokens that it puts in their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from papercoder.paper.latex.expansion.stream import Stream, Unclosed
from papercoder.paper.names import names

Kind = Literal[
    "argument", "option", "star", "delimited option", "delimited", "braced option", "until", "literal", "scripts"
]

_BEYOND = names(r"\catcode \afterassignment \aftergroup \setbox \halign \read \openin \write \immediate \special")
YES, NO, ABSENT = "\\BooleanTrue", "\\BooleanFalse", "\\NoValue"
"""What xparse passes for a star that is there or not, and for an option that is not given."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a macro."""

    kind: Kind = "argument"
    default: tuple[str, ...] = ()
    """What an optional parameter is if it is not given."""

    marks: tuple[str, ...] = ()
    """The delimiters: the pair around it, the tokens after it, or the token that is tested for."""

    defaults: tuple[tuple[str, ...], ...] = ()
    """Of `scripts`, which are several arguments: the default of each."""


@dataclass(frozen=True)
class Macro:
    """A user's macro: its parameters `#1`, `#2`, ... stand in the body."""

    parameters: tuple[Parameter, ...]
    body: tuple[str, ...]

    @property
    def is_switch(self) -> bool:
        """Whether it sets a conditional, as `\\xtrue` does."""
        return len(self.body) == 3 and self.body[0] == "\\let" and self.body[2] in ("\\iftrue", "\\iffalse")

    @cached_property
    def internals(self) -> tuple[str, ...]:
        """Commands in the body that expansion can only follow if the user defines them: internal ones of packages."""
        return tuple({token for token in self.body if token in _BEYOND or (token[0] == "\\" and "@" in token[1:-1])})


def simple(arity: int, default: Sequence[str] | None, body: Sequence[str]) -> Macro:
    """A macro of `\\newcommand`: the first of its parameters is optional if it has a default."""
    parameters = [Parameter()] * arity
    if default is not None:
        parameters[:1] = [Parameter("option", tuple(default))]
    return Macro(tuple(parameters), tuple(body))


def take_arguments(parameters: Sequence[Parameter], stream: Stream) -> list[list[str]]:
    """Take a macro's arguments from the stream; raises `Unclosed` if one does not end or a delimiter is missing."""
    arguments: list[list[str]] = []
    try:
        for parameter in parameters:
            if parameter.kind == "literal":
                stream.expect(parameter.marks)
            elif parameter.kind == "scripts":
                arguments += _scripts(parameter, stream)
            else:
                arguments.append(_one(parameter, stream))
    except Unclosed:
        for argument in reversed(arguments):
            stream.pending += ["}", *reversed(argument), "{"]
        raise
    return arguments


def _one(parameter: Parameter, stream: Stream) -> list[str]:
    match parameter.kind:
        case "option":
            found = stream.option()
        case "star":
            return _star(parameter, stream)
        case "delimited option" | "delimited":
            found = _pair(parameter, stream)
        case "braced option":
            stream.skip_blanks()
            found = stream.argument() if stream.peek == "{" else None
        case "until":
            return _without_braces(stream.delimited(parameter.marks))
        case _:
            found = stream.argument()
    return list(parameter.default) if found is None else found


def _star(parameter: Parameter, stream: Stream) -> list[str]:
    blanks = []
    while stream.peek.isspace():
        blanks.append(stream.pop())
    if stream.skip(parameter.marks[0]):
        return [YES]
    stream.pending += reversed(blanks)
    return [NO]


def _pair(parameter: Parameter, stream: Stream) -> list[str] | None:
    """An argument between two characters, such as parentheses."""
    opening, closing = parameter.marks
    stream.skip_blanks()
    if not stream.take((opening,)):
        return None
    found, depth = list[str](), 0
    while True:
        part = stream.delimited((closing,))
        found += part
        depth += sum(token.count(opening) for token in part) if opening != closing else 0
        if depth == 0:
            return found
        depth -= 1
        found.append(closing)


def _scripts(parameter: Parameter, stream: Stream) -> list[list[str]]:
    """Arguments that follow characters such as `^` and `_`, in any order."""
    found: dict[str, list[str]] = {}
    while (
        mark := next((mark for mark in parameter.marks if mark not in found and stream.skip(mark)), None)
    ) is not None:
        found[mark] = stream.argument()
    defaults = zip(parameter.marks, parameter.defaults, strict=True)
    return [found.get(mark, list(default)) for mark, default in defaults]


def _without_braces(tokens: list[str]) -> list[str]:
    """TeX strips the braces around a delimited argument, if they hold all of it."""
    if tokens[:1] != ["{"] or tokens[-1:] != ["}"]:
        return tokens
    depth = 0
    for token in tokens[:-1]:
        depth += (token == "{") - (token == "}")
        if depth == 0:
            return tokens
    return tokens[1:-1]


def substitute(body: Sequence[str], arguments: Sequence[Sequence[str]]) -> list[str]:
    """A body with the arguments in place of the parameters; `##1` becomes `#1`, for a definition in the body."""
    tokens: list[str] = []
    for token in body:
        if token[0] != "#":
            tokens.append(token)
            continue
        digit = token.lstrip("#")
        half, is_parameter = divmod(len(token) - len(digit), 2)
        if half:
            tokens.append("#" * half + ("" if is_parameter else digit))
        if is_parameter:
            known = digit and 0 < int(digit) <= len(arguments)
            tokens += arguments[int(digit) - 1] if known else ["#" + digit]
    return tokens
