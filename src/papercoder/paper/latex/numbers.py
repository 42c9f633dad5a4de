"""The numbers that LaTeX would print, and what `\\ref` points to."""

import re
from dataclasses import dataclass, field

LEVELS = {"part": 0, "section": 1, "subsection": 2, "subsubsection": 3}
"""Headings with a number, by level; `part` stands above the sections and does not number them."""

_NAMES = {
    "equation": "Eq.",
    "table": "Table",
    "figure": "Figure",
    "algorithm": "Algorithm",
    "section": "Section",
    "appendix": "Appendix",
}
_REFERENCE = re.compile("\ue000([a-z]+):([^\ue001]*)\ue001")
_FORMAT = re.compile(r"\\the([a-zA-Z]+)|\\(arabic|alph|Alph|roman|Roman)\s*\{(\w+)\}")
_WITHOUT_BRACES = str.maketrans("", "", "{}\\ ")
_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def reference(style: str, label: str) -> str:
    """A placeholder for a number that is known only at the end; `style` is `ref`, `eqref` or `cref`."""
    return f"\ue000{style}:{label}\ue001"


@dataclass
class Counters:
    """LaTeX's counters: stepping one sets those within it back to zero."""

    values: dict[str, int] = field(default_factory=dict)
    within: dict[str, str] = field(
        default_factory=lambda: {"subsection": "section", "subsubsection": "subsection", "section": "chapter"}
    )
    formats: dict[str, str] = field(default_factory=dict)
    appendix: bool = False
    parent_equation: str = ""
    """Within `subequations` the number that all of them share; they are 2a, 2b, ..."""

    def step(self, counter: str) -> str:
        """Add one and give the number as printed."""
        self.values[counter] = self.values.get(counter, 0) + 1
        self._reset_below(counter)
        return self.printed(counter)

    def step_equation(self) -> str:
        """The number of the next equation."""
        if not self.parent_equation:
            return self.step("equation")
        self.values["subequation"] = self.values.get("subequation", 0) + 1
        return self.parent_equation + letter(self.values["subequation"]).lower()

    def open_subequations(self) -> str:
        """The equations from here on share this number."""
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
            return _FORMAT.sub(lambda match: self._formatted(match, depth), self.formats[counter]).translate(
                _WITHOUT_BRACES
            )
        value, outer = self.values.get(counter, 0), self.within.get(counter)
        own = letter(value) if self.appendix and counter == "section" else str(value)
        if counter == "section" and not self.values.get("chapter"):
            outer = None
        return f"{self.printed(outer, depth + 1)}.{own}" if outer and depth < 5 else own

    def _formatted(self, match: re.Match[str], depth: int) -> str:
        if match[1]:
            return self.printed(match[1], depth + 1)
        return _in_style(match[2], self.values.get(match[3], 0))

    def start_appendix(self) -> None:
        """From here on, sections are lettered."""
        if not self.appendix:
            self.appendix = True
            self.values["section"] = 0
            self._reset_below("section")


def letter(value: int) -> str:
    """1 is A, 26 is Z, 27 is AA."""
    text = ""
    while value > 0:
        value, rest = divmod(value - 1, 26)
        text = chr(65 + rest) + text
    return text or "0"


def _in_style(style: str, value: int) -> str:
    match style.lower():
        case "alph":
            text = letter(value)
        case "roman":
            text = _roman(min(value, 100))
        case _:
            return str(value)
    return text if style[0].isupper() else text.lower()


def _roman(value: int) -> str:
    text = ""
    for size, sign in _ROMAN:
        text += sign * (value // size)
        value %= size
    return text.upper()


@dataclass
class Labels:
    """What each label stands for."""

    targets: dict[str, tuple[str, str]] = field(default_factory=dict)
    current: tuple[str, str] = ("section", "")
    """Kind and number of what was numbered last."""

    unknown: set[str] = field(default_factory=set)

    def point(self, kind: str, number: str) -> None:
        """What labels from here on stand for."""
        self.current = (kind, number)

    def add(self, label: str, target: tuple[str, str] | None = None) -> None:
        """Tie a label to what it stands for: what was numbered last, if not said otherwise."""
        self.targets[label.strip()] = target or self.current

    def resolve(self, text: str) -> str:
        """The text with numbers for its references."""
        return _REFERENCE.sub(self._number, text) if "\ue000" in text else text

    def _number(self, match: re.Match[str]) -> str:
        if match[1] == "cref":
            return ", ".join(self._named(label.strip()) for label in match[2].split(","))
        number = self._printed(match[2].strip())
        return f"({number})" if match[1] == "eqref" else number

    def _printed(self, label: str) -> str:
        _, number = self.targets.get(label, ("", ""))
        if not number:
            self.unknown.add(label)
        return number or f"[{label}]"

    def _named(self, label: str) -> str:
        kind, number = self.targets.get(label, ("", ""))
        shown = f"({number})" if kind == "equation" and number else self._printed(label)
        return f"{_NAMES.get(kind, kind.capitalize())} {shown}".strip()
