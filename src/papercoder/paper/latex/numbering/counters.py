"""The numbers that LaTeX prints."""

import re
from dataclasses import dataclass, field

LEVELS = {"part": 0, "chapter": 1, "section": 1, "subsection": 2, "subsubsection": 3}
"""Headings with a number, by level in an article; `part` is above the sections and does not number them."""

_WITHIN_CHAPTERS = ("section", "equation", "figure", "table", "algorithm", "lstlisting", "listing")
_FORMAT = re.compile(
    r"\\the(?P<the>[a-zA-Z]+)"
    r"|\\@?(?P<style>arabic|alph|Alph|roman|Roman|fnsymbol)\s*(?:\{(?P<name>\w+)\}|\\c@(?P<internal>\w+))"
    r"|(?P<space>\\[,:; ]|~)"
    r"|\\[a-zA-Z@]+|[{}\\ ]"
)
"""A counter, a space, or other commands, which print nothing."""

_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_MOST_NESTED = 500
_SYMBOLS = "*†‡§¶‖"


@dataclass
class Counters:
    """LaTeX's counters: stepping one sets those within it back to zero."""

    values: dict[str, int] = field(default_factory=dict)
    within: dict[str, str] = field(default_factory=lambda: {"subsection": "section", "subsubsection": "subsection"})
    formats: dict[str, str] = field(default_factory=dict)
    """How a counter is printed if the source says so, as LaTeX."""

    appendix: bool = False
    has_chapters: bool = False
    """Whether the top level is the chapter, within which sections, equations and floats are numbered."""

    parent_equation: str = ""
    """Within `subequations`, the number that all of them share; they are 2a, 2b, ..."""

    stepped_equation: str = ""
    """The number of an equation that `\\refstepcounter` has stepped to, and whose display has not come yet."""

    def nest(self, inner: str, outer: str) -> None:
        """Let `inner` start again at 1 within every `outer`."""
        if len(self.within) < _MOST_NESTED:
            self.within[inner] = outer

    def step(self, counter: str) -> str:
        """Add one and return the number as printed."""
        if counter == "chapter" and not self.has_chapters:
            self.has_chapters = True
            for inner in _WITHIN_CHAPTERS:
                self.within.setdefault(inner, "chapter")
        self.set(counter, self.values.get(counter, 0) + 1)
        return self.printed(counter)

    def set(self, counter: str, value: int) -> None:
        """Give a counter a value and reset those within it."""
        self.values[counter] = value
        self._reset_below(counter)

    def step_equation(self) -> str:
        """The number of the next equation."""
        if not self.parent_equation:
            return self.step("equation")
        self.values["subequation"] = self.values.get("subequation", 0) + 1
        return self.parent_equation + letter(self.values["subequation"]).lower()

    def open_subequations(self) -> str:
        """The number that the equations from here on share."""
        self.parent_equation = self.step("equation")
        self.values["subequation"] = 0
        return self.parent_equation

    def _reset_below(self, counter: str) -> None:
        for inner, outer in self.within.items():
            if outer == counter and self.values.get(inner):
                self.values[inner] = 0
                self._reset_below(inner)

    def printed(self, counter: str, depth: int = 0) -> str:
        """The number as printed now."""
        if counter in self.formats and depth < 5:
            return self.formatted(self.formats[counter], depth)
        value, outer = self.values.get(counter, 0), self.within.get(counter)
        own = letter(value) if self.appendix and counter == self._top else str(value)
        return f"{self.printed(outer, depth + 1)}.{own}" if outer and depth < 5 else own

    def formatted(self, source: str, depth: int = 0) -> str:
        """A format such as `\\thesection.\\arabic{table}`, with the numbers that it prints now."""
        return _FORMAT.sub(lambda match: self._part(match, depth), source)

    def heading_number(self, counter: str) -> str:
        """The number of a heading, unique in the paper: II.A for subsection A, even if LaTeX prints only the letter."""
        number, outer = self.printed(counter), self.within.get(counter)
        if outer:
            is_whole = counter not in self.formats or outer in _counters_of(self.formats[counter])
            own = number.removeprefix(self.printed(outer)) if is_whole else f".{number}"
            number = self.heading_number(outer) + own
        return number.strip(" .:)").replace(" ", ".")

    def _part(self, match: re.Match[str], depth: int) -> str:
        if match["the"]:
            return self.printed(match["the"], depth + 1)
        if match["style"]:
            return in_style(match["style"], self.values.get(match["name"] or match["internal"], 0))
        return " " if match["space"] else ""

    @property
    def _top(self) -> str:
        return "chapter" if self.has_chapters else "section"

    def start_appendix(self) -> None:
        """From here on, the headings of the top level have letters."""
        if not self.appendix:
            self.appendix = True
            self.set(self._top, 0)
            self.formats.pop(self._top, None)


def _counters_of(source: str) -> set[str]:
    return {match["the"] or match["name"] or match["internal"] or "" for match in _FORMAT.finditer(source)}


def letter(value: int) -> str:
    """1 is A, 26 is Z, 27 is AA."""
    text = ""
    while value > 0:
        value, rest = divmod(value - 1, 26)
        text = chr(65 + rest) + text
    return text or "0"


def in_style(style: str, value: int) -> str:
    """A number as `\\arabic`, `\\alph`, `\\Alph`, `\\roman`, `\\Roman` or `\\fnsymbol` prints it."""
    match style.lower():
        case "alph":
            text = letter(value)
        case "roman":
            text = _roman(min(value, 399))
        case "fnsymbol":
            return _SYMBOLS[(value - 1) % len(_SYMBOLS)] if value > 0 else ""
        case _:
            return str(value)
    return text if style[0].isupper() else text.lower()


def _roman(value: int) -> str:
    text = ""
    for size, sign in _ROMAN:
        text += sign * (value // size)
        value %= size
    return text.upper()
