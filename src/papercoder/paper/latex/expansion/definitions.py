# ruff: noqa: S105  (a token is LaTeX's here, no secret)
"""Definitions of commands and environments, as plain TeX, LaTeX, amsmath, mathtools, xargs and twoopt write them."""

from collections.abc import Sequence

from papercoder.paper.latex.expansion.expander import Action, Alias, Expander, Meaning
from papercoder.paper.latex.expansion.inclusion import carry
from papercoder.paper.latex.expansion.macro import Macro, Parameter, simple, substitute, take_arguments
from papercoder.paper.latex.expansion.stream import Stream
from papercoder.paper.latex.tokens import VERBATIM, is_blank, join
from papercoder.paper.names import names

_STYLES = names(r"\arabic \roman \Roman \alph \Alph \fnsymbol \@arabic \@roman \@Roman \@alph \@Alph")
_COUNTERS = names(
    """
    part chapter section subsection subsubsection paragraph equation figure table footnote page algorithm lstlisting
    enumi enumii enumiii enumiv theorem
    """
)
_PSEUDOCODE_LABELS = names(r"\algorithmicrequire \algorithmicensure \algorithmicinput \algorithmicoutput")
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
