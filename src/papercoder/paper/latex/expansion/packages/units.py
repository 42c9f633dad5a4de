"""siunitx' commands: their numbers are expanded, but the names of units are not taken for macros of the same name."""

from papercoder.paper.latex.expansion.expander import Action, Expander
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
