"""xparse: commands and environments whose arguments are described by letters, and the tests on such arguments."""

from collections.abc import Callable, Iterator
from functools import partial

from papercoder.paper.latex.expansion.definitions import add_environment, define
from papercoder.paper.latex.expansion.expander import Action, Expander
from papercoder.paper.latex.expansion.macro import ABSENT, YES, Kind, Macro, Parameter
from papercoder.paper.latex.expansion.packages.choices import choose
from papercoder.paper.latex.expansion.stream import Stream

_WITHOUT_MORE: dict[str, Parameter] = {
    "m": Parameter(),
    "v": Parameter(),
    "b": Parameter(),
    "o": Parameter("option", (ABSENT,)),
    "s": Parameter("star", marks=("*",)),
    "g": Parameter("braced option", (ABSENT,)),
    "l": Parameter("until", marks=("{",)),
}
_PAIRS: dict[str, Kind] = {"d": "delimited option", "D": "delimited option", "r": "delimited", "R": "delimited"}


def document_command(expander: Expander, command: str) -> None:
    """`\\NewDocumentCommand\\x{s o m}{body}` and its relatives."""
    name, parameters = expander.stream.name(), tuple(_parameters(expander.stream.argument()))
    body = tuple(expander.stream.argument())
    if not (command.startswith("\\Provide") and expander.is_defined(name)):
        define(expander, name, Macro(parameters, body))


def document_environment(expander: Expander, command: str) -> None:
    """`\\NewDocumentEnvironment{x}{s o m}{begin}{end}` and its relatives."""
    name, parameters = expander.stream.name(), tuple(_parameters(expander.stream.argument()))
    opening, ending = expander.stream.argument(), expander.stream.argument()
    if not (command.startswith("\\Provide") and name in expander.environments):
        add_environment(expander, name, Macro(parameters, tuple(opening)), ending)


def _parameters(specification: list[str]) -> Iterator[Parameter]:
    stream = Stream(len(specification) + 1, specification[::-1])
    while stream.pending:
        letter = stream.character()
        if letter in _WITHOUT_MORE:
            yield _WITHOUT_MORE[letter]
        elif letter in _PAIRS:
            marks: tuple[str, ...] = (_mark(stream), _mark(stream))
            yield Parameter(_PAIRS[letter], tuple(stream.argument()) if letter in "DR" else (ABSENT,), marks)
        elif letter == ">":
            stream.argument()  # a processor: what it makes of the argument is not carried out
        elif letter in _WITH_MORE:
            yield _WITH_MORE[letter](stream)


def _scripts(stream: Stream, *, has_defaults: bool = False) -> Parameter:
    marks = tuple(mark for token in stream.argument() for mark in token if not mark.isspace())
    given = stream.argument() if has_defaults else []
    listed = Stream(len(given) + 1, given[::-1])
    defaults: list[tuple[str, ...]] = []
    listed.skip_blanks()
    while listed.pending:
        defaults.append(tuple(listed.argument()))
        listed.skip_blanks()
    defaults += [(ABSENT,)] * (len(marks) - len(defaults))
    return Parameter("scripts", marks=marks, defaults=tuple(defaults[: len(marks)]))


_WITH_MORE: dict[str, Callable[[Stream], Parameter]] = {
    "O": lambda stream: Parameter("option", tuple(stream.argument())),
    "G": lambda stream: Parameter("braced option", tuple(stream.argument())),
    "t": lambda stream: Parameter("star", marks=(_mark(stream),)),
    "u": lambda stream: Parameter("until", marks=tuple(stream.argument())),
    "e": _scripts,
    "E": partial(_scripts, has_defaults=True),
}


def _mark(stream: Stream) -> str:
    """The next character; blanks between the letters of a specification mean nothing."""
    stream.skip_blanks()
    return stream.character()


def _which(command: str) -> str:
    return "TF" if command.endswith("TF") else command[-1]


def if_boolean(expander: Expander, command: str) -> None:
    """`\\IfBooleanTF`."""
    tested = expander.stream.argument()
    choose(expander, holds=tested == [YES], which=_which(command))


def if_value(expander: Expander, command: str) -> None:
    """`\\IfNoValueTF` and `\\IfValueTF`."""
    is_absent = expander.stream.argument() == [ABSENT]
    choose(expander, holds=is_absent == command.startswith("\\IfNo"), which=_which(command))


def if_blank(expander: Expander, command: str) -> None:
    """`\\IfBlankTF`."""
    choose(expander, holds=not "".join(expander.stream.argument()).strip(), which=_which(command))


XPARSE: dict[str, Action] = {
    f"\\{verb}{kind}Document{what}": action
    for verb in ("New", "Renew", "Provide", "Declare")
    for kind in ("", "Expandable")
    for what, action in (("Command", document_command), ("Environment", document_environment))
}
XPARSE_TESTS: dict[str, Action] = {
    f"\\If{test}{which}": action
    for test, action in (("Boolean", if_boolean), ("NoValue", if_value), ("Value", if_value), ("Blank", if_blank))
    for which in ("TF", "T", "F")
}
