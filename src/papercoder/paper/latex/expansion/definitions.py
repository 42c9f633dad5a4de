"""Definitions of commands and environments, in plain TeX, LaTeX and packages such as xparse."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from papercoder.paper.latex.expansion.choices import choose
from papercoder.paper.latex.expansion.expander import Action, Alias, Expander, Meaning
from papercoder.paper.latex.expansion.inclusion import carry
from papercoder.paper.latex.expansion.macro import (
    ABSENT,
    YES,
    Kind,
    Macro,
    Parameter,
    Stream,
    simple,
    substitute,
    take_arguments,
)
from papercoder.paper.latex.tokens import VERBATIM, is_blank, join

_STYLES = frozenset(r"\arabic \roman \Roman \alph \Alph \fnsymbol \@arabic \@roman \@Roman \@alph \@Alph".split())
_COUNTERS = frozenset(
    """
    part chapter section subsection subsubsection paragraph equation figure table footnote page algorithm lstlisting
    enumi enumii enumiii enumiv theorem
    """.split()
)
_PSEUDOCODE_LABELS = frozenset(r"\algorithmicrequire \algorithmicensure \algorithmicinput \algorithmicoutput".split())
_SIZES = ("\\big", "\\Big", "\\bigg", "\\Bigg")


def define(expander: Expander, name: str, macro: Macro, *, everywhere: bool = False) -> None:
    """Define a macro; what prints a counter, a label or a word of pseudocode passes to the walk, which prints them."""
    counter = name.removeprefix("\\the")
    if counter != name and (counter in _COUNTERS or counter in expander.counters or not _STYLES.isdisjoint(macro.body)):
        expander.emit("\\papercoderthe", "{", counter, "}", "{", *macro.body, "}")
        return
    if name == "\\@currentlabel":
        expander.emit("\\papercoderlabel", "{", *macro.body, "}")
    elif name in _PSEUDOCODE_LABELS:
        expander.emit("\\SetKwInput", "{", name.removeprefix("\\algorithmic"), "}", "{", *macro.body, "}")
    expander.define(name, macro, everywhere=everywhere)


def new_command(expander: Expander, command: str) -> None:
    """`\\newcommand\\x[2][default]{body}` and its relatives."""
    expander.stream.skip("*")
    name = expander.stream.name()
    count, default = arity(expander), expander.stream.option()
    body = expander.stream.argument()
    if not (command == "\\providecommand" and expander.is_defined(name)):
        define(expander, name, simple(count, default, body))


def new_command_two_options(expander: Expander, _: str) -> None:
    """twoopt's `\\newcommandtwoopt\\x[3][a][b]{body}`: two optional parameters come first."""
    expander.stream.skip("*")
    name, count = expander.stream.name(), arity(expander)
    options = [Parameter("option", tuple(expander.stream.option() or ())) for _ in range(2)]
    body = tuple(expander.stream.argument())
    define(expander, name, Macro((*options, *[Parameter()] * (count - 2)), body))


def new_command_x(expander: Expander, _: str) -> None:
    """xargs' `\\newcommandx\\x[3][2=default]{body}`: any parameter may be optional."""
    expander.stream.skip("*")
    name, parameters = expander.stream.name(), keyed_parameters(expander)
    define(expander, name, Macro(parameters, tuple(expander.stream.argument())))


def keyed_parameters(expander: Expander) -> tuple[Parameter, ...]:
    """xargs' parameters: their number in brackets, then the defaults of those that are optional."""
    count = arity(expander)
    defaults: dict[str, tuple[str, ...]] = {}
    for part in split(expander.stream.option() or [], ","):
        key, *value = split(part, "=")
        if value:
            defaults[join(key).strip()] = tuple(_trimmed([token for each in value for token in each]))
    places = map(str, range(1, count + 1))
    return tuple(Parameter("option", defaults[place]) if place in defaults else Parameter() for place in places)


def split(tokens: Sequence[str], separator: str) -> list[list[str]]:
    """Tokens cut at a character outside braces."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token == "{") - (token == "}")
        if depth or token[0] in "\\" + VERBATIM or separator not in token:
            parts[-1].append(token)
            continue
        first, *others = token.split(separator)
        parts[-1] += [first] if first else []
        parts += [[each] if each else [] for each in others]
    return parts


def _trimmed(tokens: list[str]) -> list[str]:
    """Without blanks around it, and without braces that hold all of it."""
    while tokens and is_blank(tokens[0]):
        tokens = tokens[1:]
    while tokens and is_blank(tokens[-1]):
        tokens = tokens[:-1]
    return tokens[1:-1] if tokens[:1] == ["{"] and tokens[-1:] == ["}"] else tokens


def arity(expander: Expander) -> int:
    """The number of parameters in brackets, 0 if none is given."""
    count = "".join(expander.stream.option() or "0").strip()
    return int(count) if count.isdecimal() and len(count) == 1 else 0


def plain_definition(expander: Expander, command: str) -> None:
    """`\\def\\x#1.#2{body}`, `\\edef`, `\\gdef` and `\\xdef`."""
    expander.stream.skip_blanks()
    name = expander.stream.character()
    if name[:1] != "\\":
        return
    parameters = _parameter_text(expander.stream)
    body = expander.stream.argument()
    if command.endswith(("edef", "xdef")):
        body = expander.expanded(body)
    define(expander, name, Macro(parameters, tuple(body)), everywhere=command.endswith(("gdef", "xdef")))


def _parameter_text(stream: Stream) -> tuple[Parameter, ...]:
    """The parameters between the name and the body, with the tokens that delimit them."""
    parameters: list[Parameter] = []
    marks: list[str] = []
    is_open = False
    while stream.peek not in ("", "{", "}"):
        token = stream.character()
        if token[0] == "#":
            parameters += _ended(marks, is_open=is_open)
            marks, is_open = [], True
        else:
            marks.append(token)
    return (*parameters, *_ended(marks, is_open=is_open))


def _ended(marks: Sequence[str], *, is_open: bool) -> list[Parameter]:
    """The parameter before these delimiters, if one is open, or the delimiters by themselves."""
    if not marks:
        return [Parameter()] if is_open else []
    return [Parameter("until" if is_open else "literal", marks=tuple(marks))]


def copy(expander: Expander, _: str) -> None:
    """`\\NewCommandCopy{\\x}{\\y}` and its relatives."""
    name, other = expander.stream.name(), expander.stream.name()
    if name[:1] == other[:1] == "\\":
        let(expander, name, other)


def alias(expander: Expander, _: str) -> None:
    """`\\let\\x=\\y`."""
    expander.stream.skip_blanks()
    name = expander.stream.character()
    expander.stream.skip_blanks()
    expander.stream.skip("=")
    if is_blank(expander.stream.peek):
        expander.stream.pop()
    if name[:1] == "\\":
        let(expander, name, expander.stream.character())


def let(expander: Expander, name: str, token: str) -> None:
    """Give a name the meaning that a token has now."""
    meaning: Meaning | None = expander.meanings.get(token)
    if token in ("\\undefined", "\\@undefined"):
        meaning = None
    elif meaning is None and token not in ("", "{", "}"):
        meaning = Alias(token)
    if token in expander.counts or token in expander.lengths:
        return
    expander.define(name, meaning)


def future_let(expander: Expander, _: str) -> None:
    """`\\futurelet\\x\\y`: give `\\x` the meaning of what follows, and continue with `\\y`."""
    name, then, following = (expander.stream.character() for _ in range(3))
    if name[:1] == "\\":
        let(expander, name, following)
    expander.stream.pending += [token for token in (following, then) if token]


def make_global(expander: Expander, _: str) -> None:
    """`\\global`."""
    expander.is_global = True


def operator(expander: Expander, _: str) -> None:
    """amsmath's `\\DeclareMathOperator`."""
    star = ["*"] if expander.stream.skip("*") else []
    name = expander.stream.name()
    expander.define(name, Macro((), ("\\operatorname", *star, "{", *expander.stream.argument(), "}")))


# Paired delimiters


def paired_delimiter(expander: Expander, command: str) -> None:
    """mathtools' `\\DeclarePairedDelimiter`, with a body of its own (X), and with something around it (XPP)."""
    name = expander.stream.name()
    count = 1 if command == "\\DeclarePairedDelimiter" else arity(expander)
    before = expander.stream.argument() if command.endswith("XPP") else []
    left, right = expander.stream.argument(), expander.stream.argument()
    after = expander.stream.argument() if command.endswith("XPP") else []
    body = ["#1"] if command == "\\DeclarePairedDelimiter" else expander.stream.argument()
    layout = ("{", *before, "}", "{", *left, "}", "{", *right, "}", "{", *after, "}")
    parameters = (Parameter("star", marks=("*",)), Parameter("option"), *[Parameter()] * count)
    content = [f"#{int(token[1]) + 2}" if token[0] == "#" and token[1:].isdecimal() else token for token in body]
    head = ("\\papercoderdelimit", "{", "#1", "}", "{", "#2", "}")
    expander.define(name, Macro(parameters, (*head, *layout, "{", *content, "}")))


def delimit(expander: Expander, _: str) -> None:
    """What a paired delimiter expands to. Its arguments: star, size, before, left, right, after, content."""
    star, size, before, left, right, after, body = (expander.stream.argument() for _ in range(7))
    opening, middle, closing = ([], [], [])
    if star == ["\\BooleanTrue"]:
        opening, middle, closing = ["\\left"], ["\\middle"], ["\\right"]
    elif size and size[0] in _SIZES:
        opening, middle, closing = [f"{size[0]}l"], [f"{size[0]}"], [f"{size[0]}r"]
    content: list[str] = []
    for token in body:
        content += middle if token == "\\delimsize" else [token]
    expander.stream.push([*before, *opening, *left, " ", *content, " ", *closing, *right, *after])


DEFINITIONS: dict[str, Action] = {
    "\\newcommand": new_command,
    "\\renewcommand": new_command,
    "\\providecommand": new_command,
    "\\DeclareRobustCommand": new_command,
    "\\newrobustcmd": new_command,
    "\\renewrobustcmd": new_command,
    "\\providerobustcmd": new_command,
    "\\newcommandtwoopt": new_command_two_options,
    "\\renewcommandtwoopt": new_command_two_options,
    "\\newcommandx": new_command_x,
    "\\renewcommandx": new_command_x,
    "\\providecommandx": new_command_x,
    "\\DeclareRobustCommandx": new_command_x,
    "\\def": plain_definition,
    "\\gdef": plain_definition,
    "\\edef": plain_definition,
    "\\xdef": plain_definition,
    "\\protected@edef": plain_definition,
    "\\protected@xdef": plain_definition,
    "\\let": alias,
    "\\LetLtxMacro": copy,
    "\\NewCommandCopy": copy,
    "\\RenewCommandCopy": copy,
    "\\DeclareCommandCopy": copy,
    "\\futurelet": future_let,
    "\\global": make_global,
    "\\DeclareMathOperator": operator,
    "\\DeclarePairedDelimiter": paired_delimiter,
    "\\DeclarePairedDelimiterX": paired_delimiter,
    "\\DeclarePairedDelimiterXPP": paired_delimiter,
    "\\papercoderdelimit": delimit,
}


def new_environment(expander: Expander, command: str) -> None:
    """`\\newenvironment`, and xargs' `\\newenvironmentx`."""
    expander.stream.skip("*")
    name = expander.stream.name()
    if command.endswith("x"):
        parameters = keyed_parameters(expander)
    else:
        parameters = simple(arity(expander), expander.stream.option(), ()).parameters
    opening, ending = expander.stream.argument(), expander.stream.argument()
    add_environment(expander, name, Macro(parameters, tuple(opening)), ending)


def add_environment(expander: Expander, name: str, opening: Macro, ending: Sequence[str]) -> None:
    """Define an environment, unless the reader relies on what LaTeX means by it."""
    if not expander.language.is_protected(name):
        expander.environments[name] = (opening, tuple(ending))


def begin(expander: Expander, _: str) -> None:
    """`\\begin`."""
    name = "".join(expander.expanded(expander.stream.argument())).strip()
    if name.startswith("filecontents"):
        carry(expander, name)
        return
    opening, ending = expander.environments.get(name, (None, ()))
    command = expander.meanings.get(f"\\{name}")
    if opening is None and isinstance(command, Macro) and isinstance(expander.meanings.get(f"\\end{name}"), Macro):
        opening, ending = command, (f"\\end{name}",)
    if opening is None or not expander.can_expand(opening):
        if name:
            expander.emit("\\begin", "{", name, "}")
            expander.scopes.append({})
        return
    arguments = take_arguments(opening.parameters, expander.stream)
    expander.scopes.append({})
    expander.begun.append((name, substitute(ending, arguments)))
    expander.stream.push(substitute(opening.body, arguments))


def end(expander: Expander, _: str) -> None:
    """`\\end`."""
    name = "".join(expander.expanded(expander.stream.argument())).strip()
    if expander.begun and expander.begun[-1][0] == name:
        expander.stream.push([*expander.begun.pop()[1], "\\endgroup"])
    elif name:
        expander.close_scope()
        expander.emit("\\end", "{", name, "}")


ENVIRONMENT_ACTIONS: dict[str, Action] = {
    "\\newenvironment": new_environment,
    "\\renewenvironment": new_environment,
    "\\newenvironmentx": new_environment,
    "\\renewenvironmentx": new_environment,
    "\\begin": begin,
    "\\end": end,
}


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
