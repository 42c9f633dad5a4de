"""Commands that take a test and two branches, the switches that such tests read, and the numbers of siunitx."""

from papercoder.paper.latex.expansion.arithmetic import Undecided
from papercoder.paper.latex.expansion.conditions import define_if
from papercoder.paper.latex.expansion.expander import Action, Alias, Expander
from papercoder.paper.latex.expansion.packages.predicates import (
    PREDICATES,
    STRINGS,
    UNDEFINED,
    Arguments,
    Predicate,
    expression,
    switch_name,
    text,
)
from papercoder.paper.latex.siunitx.quantities import SIGNATURES
from papercoder.paper.latex.siunitx.units import PROTECTED, WORDS


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
