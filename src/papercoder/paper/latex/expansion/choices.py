"""Commands that take a test and two branches, and their tests: etoolbox, ifthen, xifthen, xstring, siunitx."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from papercoder.paper.latex.expansion.conditions import define_if, meaning_of
from papercoder.paper.latex.expansion.expander import Action, Alias, Expander
from papercoder.paper.latex.expansion.macro import Macro, Stream
from papercoder.paper.latex.expansion.registers import Undecided, length_of, number, number_of
from papercoder.paper.latex.siunitx import PROTECTED, SIGNATURES, WORDS
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


def _compare(left: int, relation: str, right: int) -> bool:
    return {"<": left < right, ">": left > right, "=": left == right}.get(relation, False)


def _comparison(value: Callable[[Expander, Sequence[str]], int], relation: str = "") -> Predicate:
    """Compares two numbers or lengths; without a relation, it is the second of three arguments."""

    def holds(expander: Expander, arguments: Arguments) -> bool:
        left, *between, right = arguments
        sign = relation or text(expander, between[0])
        return _compare(value(expander, left), sign, value(expander, right))

    return Predicate(2 if relation else 3, holds)


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
    """etoolbox's `test {\\ifnumless{1}{2}}`: any of its tests, given two branches that show the result."""
    return "\\BooleanTrue" in expander.expanded([*arguments[0], "{", "\\BooleanTrue", "}", "{", "}"])


PREDICATES: dict[str, Predicate] = {
    "strequal": _of_texts(2, str.__eq__),
    "blank": Predicate(1, lambda _, arguments: not "".join(arguments[0]).strip()),
    "strempty": Predicate(1, lambda _, arguments: not arguments[0]),
    "numcomp": _comparison(number_of),
    "numequal": _comparison(number_of, "="),
    "numgreater": _comparison(number_of, ">"),
    "numless": _comparison(number_of, "<"),
    "numodd": Predicate(1, lambda expander, arguments: number_of(expander, arguments[0]) % 2 == 1),
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
    "\\IfInteger": _of_texts(1, lambda tested: tested.lstrip("+-").isdecimal()),
    "\\IfDecimal": _of_texts(1, lambda tested: tested.lstrip("+-").replace(".", "", 1).isdecimal()),
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


def quantity(expander: Expander, command: str) -> None:
    """`\\SI{5}{\\milli\\second}` and its relatives; `\\qty(x)` of the physics package passes."""
    expander.emit(command)
    signature = SIGNATURES[command.removeprefix("\\")]
    expander.stream.skip_blanks()
    if expander.stream.peek[:1] not in ("{", "["):
        return
    taken: list[str] = []
    for kind in signature:
        if kind == "o":
            option = expander.stream.option()
            taken += [] if option is None else ["[", *option, "]"]
        elif expander.stream.peek == "{":
            argument = expander.stream.argument()
            taken += ["{", *(_protected(expander, argument) if kind == "u" else argument), "}"]
        else:
            break
    expander.stream.push(taken)


def declare(expander: Expander, command: str) -> None:
    """`\\DeclareSIUnit\\flop{FLOP}`; the walk over the tree prints by it."""
    option = expander.stream.option()
    name, tokens = expander.stream.name(), expander.stream.argument()
    expander.units.add(name.removeprefix("\\"))
    options = [] if option is None else ["[", *option, "]"]
    expander.emit(command, *options, "{", name.removeprefix("\\"), "}", "{", *_protected(expander, tokens), "}")


def _protected(expander: Expander, tokens: list[str]) -> list[str]:
    names = WORDS | expander.units
    return [PROTECTED + token[1:] if token[:1] == "\\" and token[1:] in names else token for token in tokens]


_QUANTITIES: dict[str, Action] = {f"\\{name}": quantity for name in SIGNATURES}
UNITS = _QUANTITIES | {"\\DeclareSIUnit": declare, "\\DeclareSIPrefix": declare}


def choose(expander: Expander, *, holds: bool | None, which: str = "TF") -> None:
    """Take the branches and continue in the one that holds, or in both if None; `which` names those that follow."""
    yes = expander.stream.argument() if "T" in which else []
    no = expander.stream.argument() if "F" in which else []
    expander.stream.push([*yes, " ", *no] if holds is None else yes if holds else no)


def choice(predicate: Predicate, *, negated: bool = False) -> Action:
    """A command that takes a test's arguments and then its branches."""

    def action(expander: Expander, command: str) -> None:
        arguments = [expander.stream.argument() for _ in range(predicate.arity)]
        try:
            holds: bool | None = predicate.holds(expander, arguments) != negated
        except Undecided:
            expander.undecided[command] += 1
            holds = None
        choose(expander, holds=holds)

    return action


def if_next_character(expander: Expander, _: str) -> None:
    """LaTeX's `\\@ifnextchar`; the character itself stays."""
    wanted, yes, no = (expander.stream.argument() for _ in range(3))
    expander.stream.skip_blanks()
    following = expander.stream.peek
    mark = "{" if wanted == ["\\bgroup"] else "".join(wanted[:1])
    follows = following == mark if mark[:1] == "\\" else bool(mark) and following[:1] == mark
    expander.stream.push(yes if follows else no)


def if_star(expander: Expander, _: str) -> None:
    """LaTeX's `\\@ifstar`; the star is passed over."""
    yes, no = expander.stream.argument(), expander.stream.argument()
    expander.stream.skip_blanks()
    expander.stream.push(yes if expander.stream.skip("*") else no)


def new_switch(expander: Expander, command: str) -> None:
    """`\\newtoggle`, `\\newbool`, `\\newboolean` and the forms with `provide`."""
    name = switch_name(expander, _kind(command), expander.stream.argument())
    if not (command.startswith("\\provide") and name in expander.meanings):
        define_if(expander, name)


def set_switch(expander: Expander, command: str) -> None:
    """`\\toggletrue`, `\\setbool{x}{true}` and their relatives."""
    name = switch_name(expander, _kind(command), expander.stream.argument())
    value = command if command.endswith(("true", "false")) else text(expander, expander.stream.argument())
    expander.define(name, Alias("\\iftrue" if value.endswith("true") else "\\iffalse"))


def _kind(command: str) -> str:
    return "toggle" if "toggle" in command else "bool"


def _is_loaded(expander: Expander, arguments: Arguments) -> bool:
    return text(expander, arguments[0]) in expander.packages


_NEGATED = {
    "\\ifundef": "def",
    "\\ifcsundef": "csdef",
    "\\ifndef": "def",
    "\\ifncsdef": "csdef",
    "\\notblank": "blank",
    "\\notbool": "bool",
    "\\nottoggle": "toggle",
    "\\notboolexpr": "boolexpr",
}
CHOICES: dict[str, Action] = (
    {f"\\if{name}": choice(predicate) for name, predicate in PREDICATES.items()}
    | {name: choice(PREDICATES[base], negated=True) for name, base in _NEGATED.items()}
    | {name: choice(predicate) for name, predicate in STRINGS.items()}
    | {
        "\\ifboolexpe": choice(PREDICATES["boolexpr"]),
        "\\ifthenelse": choice(Predicate(1, expression)),
        "\\@ifundefined": choice(UNDEFINED),
        "\\@ifpackageloaded": choice(Predicate(1, _is_loaded)),
        "\\@ifclassloaded": choice(Predicate(1, _is_loaded)),
        "\\IfPackageLoadedTF": choice(Predicate(1, _is_loaded)),
        "\\IfClassLoadedTF": choice(Predicate(1, _is_loaded)),
        "\\@ifnextchar": if_next_character,
        "\\@ifstar": if_star,
    }
)
"""All of these put a branch in front of the stream."""

_NEW_SWITCHES: dict[str, Action] = {
    f"\\{verb}{kind}": new_switch for verb in ("new", "provide") for kind in ("toggle", "bool", "boolean")
}
SWITCHES = _NEW_SWITCHES | {
    f"\\{name}": set_switch
    for name in ("toggletrue", "togglefalse", "settoggle", "booltrue", "boolfalse", "setbool", "setboolean")
}
