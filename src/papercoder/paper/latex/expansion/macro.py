"""Macros, and the stream of tokens from which they take arguments and into which they put their text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from typing import Literal

from papercoder.paper.latex.tokens import END_OF_FILE, PAR, VERBATIM, is_blank, is_name, join


class Unclosed(Exception):
    """An argument does not end, or is longer than the budget allows."""


@dataclass
class Stream:
    """Tokens, read from the front."""

    budget: int
    """How many more tokens may be taken as arguments or put in by macros."""

    pending: list[str] = field(default_factory=list)
    """The tokens still to read, the next one last."""

    def pop(self) -> str:
        """Take the next token; empty if there is none."""
        return self.pending.pop() if self.pending else ""

    @property
    def peek(self) -> str:
        """The next token, left in place; empty if there is none."""
        return self.pending[-1] if self.pending else ""

    def push(self, tokens: Sequence[str]) -> None:
        """Put tokens in front; this costs their number."""
        self.budget -= len(tokens) + 1
        self.pending += reversed(tokens)

    def skip_blanks(self) -> None:
        """Pass over white space, but not over an empty line."""
        while is_blank(self.peek):
            self.pending.pop()

    def skip(self, wanted: str) -> bool:
        """Pass over this character if it comes next; returns whether it did."""
        found = self.peek[:1] == wanted
        if found:
            self.character()
        return found

    def character(self) -> str:
        """Take the next token as TeX sees it: a command without the blank after it, or one character of a word."""
        token = self.pop()
        if is_name(token):
            self.skip_blanks()
        if _is_word(token) and len(token) > 1:
            self.pending.append(token[1:])
        return _first_character(token, 0)

    def argument(self) -> list[str]:
        """The next argument without its braces."""
        self.skip_blanks()
        if self.peek in ("", END_OF_FILE, "}", PAR):
            return []
        if self.peek != "{":
            return [self.character()]
        opening = self.pending.pop()
        try:
            return self.until("}")
        except Unclosed:
            self.pending.append(opening)
            raise

    def option(self) -> list[str] | None:
        """The next argument in brackets, or None if none follows or the bracket is not closed."""
        self.skip_blanks()
        if self.peek != "[":
            return None
        opening = self.pending.pop()
        try:
            return self.until("]", stop=PAR)
        except Unclosed:
            self.pending.append(opening)
            return None

    def until(self, closing: str, stop: str = END_OF_FILE) -> list[str]:
        """Take everything up to a closing token, which is passed over.

        Raises:
            Unclosed: the token does not follow in this file, group or budget, or comes after `stop`.
        """
        depth, start = 0, len(self.pending)
        position = start
        for position in range(start - 1, max(start - self.budget, 0) - 1, -1):
            token = self.pending[position]
            if token == closing and depth == 0:
                taken = self.pending[position + 1 :][::-1]
                del self.pending[position:]
                self.budget -= len(taken)
                return taken
            depth += (token == "{") - (token == "}")
            if token in (END_OF_FILE, stop) or depth < 0:
                break
        self.budget -= start - position
        raise Unclosed

    def delimited(self, delimiter: Sequence[str]) -> list[str]:
        """Take everything up to a sequence of commands and characters, which is passed over.

        Raises:
            Unclosed: the sequence does not follow in this file, group or budget.
        """
        taken: list[str] = []
        depth = 0
        while self.peek not in ("", END_OF_FILE) and self.budget > 0:
            if depth == 0 and self.take(delimiter):
                return taken
            token = self._before(delimiter[0]) if depth == 0 else self.pop()
            depth += (token == "{") - (token == "}")
            taken.append(token)
            self.budget -= 1
            if depth < 0:
                break
        self.pending += reversed(taken)
        raise Unclosed

    def _before(self, character: str) -> str:
        """The next token, cut in front of a character that it may hold."""
        token = self.pop()
        place = token.find(character, 1) if token[0] not in "\\#" + VERBATIM else -1
        if place > 0:
            self.pending.append(token[place:])
            return token[:place]
        return token

    def take(self, wanted: Sequence[str]) -> bool:
        """Pass over a sequence of commands and characters if it comes next; returns whether it did."""
        position, offset = len(self.pending) - 1, 0
        for each in wanted:
            token = self.pending[position] if position >= 0 else ""
            if each != _first_character(token, offset):
                return False
            offset += 1
            if offset >= len(token) or not _is_word(token):
                position, offset = position - 1, 0
            while is_name(token) and position >= 0 and is_blank(self.pending[position]):
                position -= 1
        del self.pending[position + 1 :]
        if offset:
            self.pending[position] = self.pending[position][offset:]
        return True

    def expect(self, wanted: Sequence[str]) -> None:
        """Pass over a sequence that must come next; raises `Unclosed` if it does not."""
        if not self.take(wanted):
            raise Unclosed

    def name(self) -> str:
        """The next argument as a name."""
        return join(self.argument()).strip()

    def bare_name(self) -> str:
        """A name without braces, up to white space or a command, as in plain TeX."""
        parts = list(takewhile(lambda token: not token.isspace() and token[0] != "\\", reversed(self.pending)))
        del self.pending[len(self.pending) - len(parts) :]
        self.skip_blanks()
        return "".join(parts)


def _is_word(token: str) -> bool:
    """Whether TeX sees more than one token in this one."""
    return bool(token) and token[0] not in f"\\#{VERBATIM}" and not token.isspace()


def _first_character(token: str, offset: int) -> str:
    """What TeX sees first in a token of which some characters are already taken."""
    if _is_word(token):
        return token[offset : offset + 1]
    return " " if is_blank(token) else token


Kind = Literal[
    "argument", "option", "star", "delimited option", "delimited", "braced option", "until", "literal", "scripts"
]

_BEYOND = frozenset(
    r"""
    \catcode \afterassignment \aftergroup \setbox \halign \read \openin \write \immediate \special
    """.split()
)
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
    """A user's macro: its parameters `#1`, `#2`, ... are in the body."""

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
            blanks = []
            while stream.peek.isspace():
                blanks.append(stream.pop())
            if stream.skip(parameter.marks[0]):
                return [YES]
            stream.pending += reversed(blanks)
            return [NO]
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
