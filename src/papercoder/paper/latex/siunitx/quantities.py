"""The commands of siunitx: numbers, quantities, ranges, lists and angles, in text and in formulas."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from papercoder.paper.latex.siunitx.numbers import MATHS, TEXT, Options, Style, characters, printed, signs
from papercoder.paper.latex.siunitx.units import Units, separator
from papercoder.paper.latex.tokens import join

SIGNATURES = {
    "num": "on",
    "tablenum": "on",
    "complexnum": "on",
    "ang": "on",
    "numlist": "on",
    "numproduct": "on",
    "numrange": "onn",
    "si": "ou",
    "unit": "ou",
    "SI": "onou",
    "qty": "onu",
    "complexqty": "onu",
    "qtylist": "onu",
    "SIlist": "onu",
    "qtyproduct": "onu",
    "qtyrange": "onnu",
    "SIrange": "onnu",
}
"""The arguments of each command: `n` a number, `u` a unit, `o` an option in brackets."""

_POINT_MARKS = ("°", "′", "″")


@dataclass
class Quantities:
    """Prints quantities by the settings that the source has made so far."""

    options: dict[str, str] = field(default_factory=dict)
    units: Units = field(default_factory=Units)

    def setup(self, settings: str) -> None:
        """`\\sisetup{key=value, ...}`."""
        self.options |= parse_options(settings)

    def declare(self, command: str, name: str, tokens: Sequence[str]) -> None:
        """`\\DeclareSIUnit\\flop{FLOP}` and `\\DeclareSIPrefix`."""
        key = name.strip().removeprefix("\\")
        if command == "DeclareSIPrefix":
            self.units.prefixes[key] = join(tokens).strip()
        else:
            self.units.declared[key] = list(tokens)

    def text(self, command: str, option: str, arguments: Sequence[Sequence[str]]) -> str:
        """What a command prints in text."""
        return self._printed(command, option, arguments, TEXT)

    def formula(self, command: str, option: str, arguments: Sequence[Sequence[str]]) -> str:
        """What a command prints in a formula, as LaTeX."""
        return self._printed(command, option, arguments, MATHS)

    def cell(self, option: str, tokens: Sequence[str]) -> str | None:
        """What a table's column of numbers prints for a cell, or None if the cell is no number."""
        return printed(tokens, self.options | parse_options(option), TEXT)

    def _printed(self, command: str, option: str, arguments: Sequence[Sequence[str]], style: Style) -> str:
        options = self.options | parse_options(option)
        if command == "ang":
            return _angle(arguments[0], options, style)
        if command in ("si", "unit"):
            unit = self._unit(arguments[-1], options)
            value = (printed([option], {}, style) if option else None) or ""  # `\unit[5]{m}` of the units package
            return f"{value}{separator(unit)}{_unit_in(unit, style)}" if value else _unit_in(unit, style)
        signature = SIGNATURES[command]
        numbers = [argument for kind, argument in zip(signature[1:], arguments, strict=False) if kind == "n"]
        value = _value(command, numbers, options, style)
        if "u" not in signature:
            return value
        before = join(arguments[1]).replace("\\", "") if command == "SI" else ""
        unit = self._unit(arguments[-1], options)
        space = separator(unit) if style is TEXT else separator(unit) and r"\,"
        return f"{before}{value}{space}{_unit_in(unit, style)}"

    def _unit(self, tokens: Sequence[str], options: Options) -> str:
        mode = options.get("per-mode", "power")
        return self.units.printed(tokens, mode, sticky=options.get("sticky-per", "false") in ("", "true"))


def parse_options(settings: str) -> dict[str, str]:
    """`key=value, key={a, b}, key` by key."""
    found: dict[str, str] = {}
    for part in _split(settings):
        key, _, value = part.partition("=")
        found[key.strip()] = value.strip().removeprefix("{").removesuffix("}")
    return found


def _split(settings: str) -> list[str]:
    parts, depth = [""], 0
    for character in settings:
        depth += (character == "{") - (character == "}")
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _value(command: str, numbers: Sequence[Sequence[str]], options: Options, style: Style) -> str:
    """The numbers of a command, with the words between them."""
    if command.endswith("range"):
        phrase = "–" if "-" in options.get("range-phrase", "") else style.word("to")
        return phrase.join(_number(each, options, style) for each in numbers)
    if command.endswith("list"):
        *first, last = (_number([part], options, style) for part in characters(numbers[0]).split(";"))
        return ", ".join(first) + style.word("and") + last if first else last
    return _number(numbers[0], options, style)


def _number(tokens: Sequence[str], options: Options, style: Style) -> str:
    """A number; what siunitx cannot read is kept as it is written."""
    found = printed(tokens, options, style)
    return " ".join(signs(tokens).split()) if found is None else found


def _angle(tokens: Sequence[str], options: Options, style: Style) -> str:
    """Degrees, minutes and seconds: `1;2;3`."""
    parts = characters(tokens).split(";")
    marks = _POINT_MARKS if style is TEXT else (r"^{\circ}", "'", "''")
    return "".join(_number([part], options, style) + mark for part, mark in zip(parts, marks, strict=False) if part)


def _unit_in(unit: str, style: Style) -> str:
    """A unit as text, or upright in a formula."""
    if style is TEXT or not unit:
        return unit
    signs = {"%": r"\%", "°": r"{}^{\circ}", "µ": r"\mu ", "Ω": r"\Omega ", " ": r"\,", "$": r"\$", "#": r"\#"}
    written = "".join(signs.get(character, character) for character in unit)
    return rf"\mathrm{{{_braced_powers(written)}}}"


def _braced_powers(unit: str) -> str:
    return re.sub(r"([\^_])(-?\w+)", r"\1{\2}", unit)
