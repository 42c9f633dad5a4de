# ruff: noqa: S105  (a token is LaTeX's here, no secret)
"""Tests of etoolbox, ifthen, xifthen and xstring on their arguments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from papercoder.paper.latex.expansion.arithmetic import Undecided, length_of, number, number_of
from papercoder.paper.latex.expansion.conditions import meaning_of
from papercoder.paper.latex.expansion.expander import Expander
from papercoder.paper.latex.expansion.macro import Macro
from papercoder.paper.latex.expansion.stream import Stream
from papercoder.paper.latex.tokens import join

Arguments = Sequence[list[str]]


@dataclass(frozen=True)
class Predicate:
    """A test: how many arguments it takes, and whether it holds for them.

    `holds` raises `Undecided` if only a full run of TeX would know.
    """

    arity: int
    holds: Callable[[Expander, Arguments], bool]


def text(expander: Expander, tokens: Sequence[str]) -> str:
    """Tokens, expanded, as the text that tests compare."""
    return " ".join(join(expander.expanded(tokens)).split())


def switch_name(expander: Expander, kind: str, tokens: Sequence[str]) -> str:
    """The conditional behind a `bool`, or behind a `toggle`, whose name no source can write."""
    return f"\\if {text(expander, tokens)}" if kind == "toggle" else f"\\if{text(expander, tokens)}"


# What names mean


def _command(_: Expander, tokens: Sequence[str]) -> str:
    return join(tokens).strip()


def _by_name(expander: Expander, tokens: Sequence[str]) -> str:
    return "\\" + text(expander, tokens)


Naming = Callable[[Expander, Sequence[str]], str]


def _about_name(naming: Naming, test: Callable[[Expander, str], bool]) -> Predicate:
    return Predicate(1, lambda expander, arguments: test(expander, naming(expander, arguments[0])))


def _is_macro(expander: Expander, name: str) -> bool:
    return isinstance(expander.meanings.get(name), Macro)


def _body(expander: Expander, name: str) -> tuple[str, ...] | None:
    meaning = expander.meanings.get(name)
    return meaning.body if isinstance(meaning, Macro) else None


def _is_empty(expander: Expander, name: str) -> bool:
    return _body(expander, name) == ()


def _is_void(expander: Expander, name: str) -> bool:
    return not expander.is_defined(name) or expander.canonical(name) == "\\relax" or _is_empty(expander, name)


def _is_undefined(expander: Expander, name: str) -> bool:
    """LaTeX's own test, for which `\\relax` counts as undefined."""
    return not expander.is_defined(name) or expander.canonical(name) == "\\relax"


def _holds_string(naming: Naming) -> Predicate:
    def holds(expander: Expander, arguments: Arguments) -> bool:
        body = _body(expander, naming(expander, arguments[0]))
        return body is not None and " ".join(join(body).split()) == text(expander, arguments[1])

    return Predicate(2, holds)


def _mean_the_same(naming: Naming) -> Predicate:
    def holds(expander: Expander, arguments: Arguments) -> bool:
        first, second = (meaning_of(expander, naming(expander, argument)) for argument in arguments)
        return first == second

    return Predicate(2, holds)


# Switches, strings, numbers


def _switch(kind: str) -> Predicate:
    def holds(expander: Expander, arguments: Arguments) -> bool:
        meaning = expander.canonical(switch_name(expander, kind, arguments[0]))
        if meaning not in ("\\iftrue", "\\iffalse"):
            raise Undecided
        return meaning == "\\iftrue"

    return Predicate(1, holds)


def _of_texts(arity: int, test: Callable[..., bool]) -> Predicate:
    return Predicate(arity, lambda expander, arguments: test(*(text(expander, each) for each in arguments)))


def _is_integer(tested: str) -> bool:
    return tested.lstrip("+-").isdecimal()


def _is_decimal(tested: str) -> bool:
    return tested.lstrip("+-").replace(".", "", 1).isdecimal()


def _compare(left: int, relation: str, right: int) -> bool:
    return {"<": left < right, ">": left > right, "=": left == right}.get(relation, False)


def _comparison(value: Callable[[Expander, Sequence[str]], int], relation: str = "") -> Predicate:
    """Compares two numbers or lengths; without a relation, it is the second of three arguments."""

    def holds(expander: Expander, arguments: Arguments) -> bool:
        left, *between, right = arguments
        sign = relation or text(expander, between[0])
        return _compare(value(expander, left), sign, value(expander, right))

    return Predicate(2 if relation else 3, holds)


def _is_odd(expander: Expander, arguments: Arguments) -> bool:
    return number_of(expander, arguments[0]) % 2 == 1


def _length_test(expander: Expander, arguments: Arguments) -> bool:
    for relation in "<=>":
        left, found, right = join(arguments[0]).partition(relation)
        if found:
            return _compare(length_of(expander, [left]), relation, length_of(expander, [right]))
    raise Undecided


# Expressions


def expression(expander: Expander, arguments: Arguments) -> bool:
    """`\\boolean{x} \\and \\not \\equal{a}{b}` of ifthen, `bool {x} and not test {\\ifblank{y}}` of etoolbox."""
    outer = expander.stream
    expander.stream = Stream(outer.budget, arguments[0][::-1])
    try:
        return _any_of(expander)
    finally:
        outer.budget = expander.stream.budget
        expander.stream = outer


def _any_of(expander: Expander) -> bool:
    with expander.deeper():
        holds = _all_of(expander)
        while _word(expander, "or"):
            holds = _all_of(expander) or holds
        return holds


def _all_of(expander: Expander) -> bool:
    holds = _single(expander)
    while _word(expander, "and"):
        holds = _single(expander) and holds
    return holds


def _word(expander: Expander, word: str) -> bool:
    """Pass over `and` (etoolbox), `\\and` or `\\AND` (ifthen)."""
    expander.stream.skip_blanks()
    if expander.stream.peek in (word, f"\\{word}", f"\\{word.upper()}"):
        expander.stream.pop()
        return True
    return False


def _single(expander: Expander) -> bool:
    is_negated = False
    while _word(expander, "not"):
        is_negated = not is_negated
    return _operand(expander) != is_negated


def _operand(expander: Expander) -> bool:
    expander.stream.skip_blanks()
    token = expander.stream.peek
    if token == "\\(" or token[:1] == "(":
        expander.stream.character()
        holds = _any_of(expander)
        expander.stream.skip_blanks()
        expander.stream.take(("\\)",) if token == "\\(" else (")",))
        return holds
    predicate = _IN_EXPRESSIONS.get(expander.canonical(token))
    if predicate:
        expander.stream.pop()
        return predicate.holds(expander, [expander.stream.argument() for _ in range(predicate.arity)])
    left = number(expander)
    expander.stream.skip_blanks()
    return _compare(left, expander.stream.character(), number(expander))


def _inner_test(expander: Expander, arguments: Arguments) -> bool:
    """etoolbox's `test {\\ifnumless{1}{2}}`: any of its tests, given two branches that tell the result."""
    return "\\BooleanTrue" in expander.expanded([*arguments[0], "{", "\\BooleanTrue", "}", "{", "}"])


PREDICATES: dict[str, Predicate] = {
    "strequal": _of_texts(2, str.__eq__),
    "blank": Predicate(1, lambda _, arguments: not "".join(arguments[0]).strip()),
    "strempty": Predicate(1, lambda _, arguments: not arguments[0]),
    "numcomp": _comparison(number_of),
    "numequal": _comparison(number_of, "="),
    "numgreater": _comparison(number_of, ">"),
    "numless": _comparison(number_of, "<"),
    "numodd": Predicate(1, _is_odd),
    "dimcomp": _comparison(length_of),
    "dimequal": _comparison(length_of, "="),
    "dimgreater": _comparison(length_of, ">"),
    "dimless": _comparison(length_of, "<"),
    "boolexpr": Predicate(1, expression),
    "bool": _switch("bool"),
    "toggle": _switch("toggle"),
    "def": _about_name(_command, Expander.is_defined),
    "csdef": _about_name(_by_name, Expander.is_defined),
    "defmacro": _about_name(_command, _is_macro),
    "csmacro": _about_name(_by_name, _is_macro),
    "defempty": _about_name(_command, _is_empty),
    "csempty": _about_name(_by_name, _is_empty),
    "defvoid": _about_name(_command, _is_void),
    "csvoid": _about_name(_by_name, _is_void),
    "defstring": _holds_string(_command),
    "csstring": _holds_string(_by_name),
    "defequal": _mean_the_same(_command),
    "csequal": _mean_the_same(_by_name),
    "defstrequal": _mean_the_same(_command),
    "csstrequal": _mean_the_same(_by_name),
}
"""etoolbox's tests, without `\\if`."""

UNDEFINED = _about_name(_by_name, _is_undefined)
STRINGS: dict[str, Predicate] = {
    "\\IfStrEq": _of_texts(2, str.__eq__),
    "\\IfEq": _of_texts(2, str.__eq__),
    "\\IfSubStr": _of_texts(2, str.__contains__),
    "\\IfBeginWith": _of_texts(2, str.startswith),
    "\\IfEndWith": _of_texts(2, str.endswith),
    "\\IfInteger": _of_texts(1, _is_integer),
    "\\IfDecimal": _of_texts(1, _is_decimal),
}
"""xstring's tests."""

_IN_EXPRESSIONS: dict[str, Predicate] = {
    "\\equal": PREDICATES["strequal"],
    "\\isequivalentto": _mean_the_same(_command),
    "\\boolean": PREDICATES["bool"],
    "bool": PREDICATES["bool"],
    "toggle": PREDICATES["toggle"],
    "test": Predicate(1, _inner_test),
    "\\isodd": PREDICATES["numodd"],
    "\\isundefined": _about_name(_command, _is_undefined),
    "\\isnamedefined": PREDICATES["csdef"],
    "\\isempty": PREDICATES["blank"],
    "\\isin": _of_texts(2, lambda part, whole: part in whole),
    "\\lengthtest": Predicate(1, _length_test),
}
