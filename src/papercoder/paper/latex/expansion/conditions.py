"""TeX's conditionals: the branch that TeX would take is kept, the others are dropped.

Where a condition depends on what only a full run of TeX knows, such as the width of a box, every branch is kept and the
command is counted.
"""

from collections.abc import Callable

from papercoder.paper.latex.expansion.expander import Action, Alias, Expander
from papercoder.paper.latex.expansion.macro import Unclosed, simple
from papercoder.paper.latex.expansion.registers import Undecided, length, next_token, number, put_back
from papercoder.paper.latex.tokens import END_OF_FILE, VERBATIM, is_blank

_LONGEST_NAME = 200


def condition(expander: Expander, name: str, *, negated: bool = False) -> None:
    """Decide a conditional and continue in the branch that holds."""
    try:
        holds = _TESTS[name](expander)
    except Undecided:
        undecidable(expander, name)
        return
    if holds != negated or _skip_branch(expander, stops=("\\else", "\\fi")) == "\\else":
        expander.branches.append(True)


def undecidable(expander: Expander, name: str) -> None:
    """Keep every branch of a conditional."""
    expander.undecided[name] += 1
    expander.branches.append(False)


def unless(expander: Expander, _: str) -> None:
    """`\\unless`: the conditional that follows, negated."""
    name = expander.canonical(expander.stream.character())
    if name in _TESTS:
        condition(expander, name, negated=True)


def case(expander: Expander, name: str) -> None:
    """`\\ifcase`: the branch with the number that follows, counted from 0."""
    try:
        chosen = number(expander)
    except Undecided:
        undecidable(expander, name)
        return
    found = "\\or"
    while chosen != 0 and found == "\\or":
        found = _skip_branch(expander, stops=("\\or", "\\else", "\\fi"))
        chosen -= 1
    if found != "\\fi":
        expander.branches.append(True)


def otherwise(expander: Expander, _: str) -> None:
    """`\\else` and `\\or` after a branch that was kept: skip the rest."""
    if expander.branches and expander.branches[-1]:
        _skip_branch(expander, stops=("\\fi",))
        expander.branches.pop()


def end(expander: Expander, _: str) -> None:
    """`\\fi`."""
    if expander.branches:
        expander.branches.pop()


def _skip_branch(expander: Expander, stops: tuple[str, ...]) -> str:
    """Drop tokens up to one of these in the same conditional; at the end of the file it counts as closed."""
    depth = 0
    while expander.stream.peek not in ("", END_OF_FILE):
        token = expander.stream.pop()
        if token[0] != "\\":
            continue
        if depth == 0 and token in stops:
            expander.stream.skip_blanks()
            return token
        depth += expander.is_condition(token)
        depth -= token == "\\fi"
    return "\\fi"


def new_if(expander: Expander, _: str) -> None:
    """`\\newif\\ifx`."""
    define_if(expander, expander.stream.name())


def define_if(expander: Expander, name: str) -> None:
    """Define a conditional `\\ifx` that `\\xtrue` and `\\xfalse` set; it is false at first."""
    base = name.removeprefix("\\if")
    for value in ("true", "false"):
        expander.define(f"\\{base}{value}", simple(0, None, ("\\let", name, f"\\if{value}")), everywhere=True)
    expander.define(name, Alias("\\iffalse"), everywhere=True)


# Tests


def _same_meaning(expander: Expander) -> bool:
    return meaning_of(expander, expander.stream.character()) == meaning_of(expander, expander.stream.character())


def meaning_of(expander: Expander, token: str) -> object:
    """Something that is equal for tokens that mean the same."""
    if is_blank(token):
        return " "
    if token[:1] != "\\":
        return token
    meaning = expander.meanings.get(token, Alias(token))
    if isinstance(meaning, Alias) and meaning.name[:1] != "\\":
        return meaning.name
    if isinstance(meaning, Alias) and not expander.is_defined(meaning.name):
        return None
    return meaning


def _same_character(expander: Expander) -> bool:
    first, second = next_token(expander), next_token(expander)
    if "" in (first, second):
        raise Undecided
    return first == second or (first[0] == second[0] == "\\")


def _comparison(read: Callable[[Expander], int]) -> Callable[[Expander], bool]:
    def compare(expander: Expander) -> bool:
        left = read(expander)
        relation = next_token(expander)
        while is_blank(relation):
            relation = next_token(expander)
        if relation not in ("<", "=", ">"):
            put_back(expander, relation)
            raise Undecided
        right = read(expander)
        return {"<": left < right, "=": left == right, ">": left > right}[relation]

    return compare


def command_name(expander: Expander) -> str:
    """The command that `\\csname` builds, up to `\\endcsname`; raises `Unclosed` if that is missing."""
    name = ""
    while (token := next_token(expander)) not in ("", END_OF_FILE, "\\endcsname"):
        name += token.removeprefix(VERBATIM)
        if len(name) > _LONGEST_NAME:
            break
    if token != "\\endcsname":
        raise Unclosed
    return f"\\{name}"


def _has_class_option(option: str) -> Callable[[Expander], bool]:
    def test(expander: Expander) -> bool:
        return any(option in options for options in expander.packages.values())

    return test


def _unknown(_: Expander) -> bool:
    raise Undecided


_TRUE = frozenset(r"\iftrue \ifpdf \ifPDFTeX \ifpdftex \ifCLASSINFOpdf".split())
_FALSE = frozenset(
    r"""
    \iffalse \ifvmode \ifxetex \ifXeTeX \ifluatex \ifLuaTeX \ifuptex \ifptex \iftutex \ifTUTeX \ifincsname \iffontchar
    \if@draft
    """.split()
)
_UNKNOWN = frozenset(r"\ifcat \ifinner \ifeof \ifvoid \ifhbox \ifvbox".split())
_OF_IEEE = frozenset(
    """
    conference journal peerreview peerreviewca technote draftcls onecolumn twocolumn compsoc comsoc transmag captionsoff
    romanappendices twoside draftclsnofoot final draft
    """.split()
)
_TESTS: dict[str, Callable[[Expander], bool]] = (
    dict.fromkeys(_TRUE, lambda _: True)
    | dict.fromkeys(_FALSE, lambda _: False)
    | dict.fromkeys(_UNKNOWN, _unknown)
    | {f"\\ifCLASSOPTION{option}": _has_class_option(option) for option in _OF_IEEE}
    | {f"\\if@{option}": _has_class_option(option) for option in ("twocolumn", "twoside", "titlepage")}
    | {
        "\\if": _same_character,
        "\\ifx": _same_meaning,
        "\\ifnum": _comparison(number),
        "\\ifdim": _comparison(length),
        "\\ifodd": lambda expander: number(expander) % 2 == 1,
        "\\ifdefined": lambda expander: expander.is_defined(expander.stream.character()),
        "\\ifcsname": lambda expander: expander.is_defined(command_name(expander)),
        "\\ifmmode": lambda expander: expander.mode.is_math,
        "\\ifhmode": lambda expander: not expander.mode.is_math,
    }
)

CONDITIONS: dict[str, Action] = dict.fromkeys(_TESTS, condition) | {"\\ifcase": case}
"""What opens a conditional."""

BRANCHES: dict[str, Action] = {"\\else": otherwise, "\\or": otherwise, "\\fi": end, "\\unless": unless}
"""What continues, ends or negates one."""
