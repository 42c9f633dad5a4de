"""The numbers that LaTeX prints, and what `\\label`, `\\ref`, `\\cref` and related commands make of them."""

import re
from collections.abc import Iterator, Sequence
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
    """How the source prints a counter, as LaTeX; only for counters whose format it changes."""

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


_NAMES = {
    "equation": ("Eq.", "Eqs."),
    "table": ("Table", "Tables"),
    "figure": ("Figure", "Figures"),
    "algorithm": ("Algorithm", "Algorithms"),
    "section": ("Section", "Sections"),
    "appendix": ("Appendix", "Appendices"),
    "chapter": ("Chapter", "Chapters"),
    "lstlisting": ("Listing", "Listings"),
    "listing": ("Listing", "Listings"),
    "line": ("Line", "Lines"),
    "item": ("Item", "Items"),
    "footnote": ("Footnote", "Footnotes"),
    "corollary": ("Corollary", "Corollaries"),
    "hypothesis": ("Hypothesis", "Hypotheses"),
}
_LONG_NAMES = {"Eq.": "Equation", "Eqs.": "Equations"}
_REFERENCE = re.compile("\ue000([a-zA-Z]+):([^\ue001]*)\ue001")
_LAST_NUMBER = re.compile(r"\d+$")

STYLES = {
    "ref": "ref",
    "eqref": "eqref",
    "subref": "subref",
    "vref": "ref",
    "labelcref": "numbers",
    "cref": "names",
    "Cref": "long",
    "Vref": "long",
    "crefrange": "range",
    "Crefrange": "range",
    "fullref": "names",
    "autoref": "auto",
    "nameref": "title",
    "namecref": "kind",
    "nameCref": "kind",
    "lcnamecref": "kind",
    "prettyref": "names",
    "tableref": "names",
    "figureref": "names",
    "algorithmref": "names",
    "equationref": "names",
    "sectionref": "names",
    "theoremref": "names",
    "appendixref": "names",
}
"""How each command prints a label."""


def reference(style: str, label: str) -> str:
    """A placeholder for a number that is known only at the end; `style` is a value of `STYLES`."""
    return f"\ue000{style}:{label}\ue001"


@dataclass(frozen=True)
class Target:
    """What a label refers to."""

    kind: str
    number: str
    title: str = ""


@dataclass
class Labels:
    """The labels of a paper."""

    targets: dict[str, Target] = field(default_factory=dict)
    current: Target = Target("section", "")
    """What was numbered last."""

    unknown: set[str] = field(default_factory=set)

    def point(self, kind: str, number: str, title: str = "") -> None:
        """Let the labels that follow refer to this."""
        self.current = Target(kind, number, title or self.current.title)

    def add(self, label: str, target: Target | None = None) -> None:
        """Bind a label to its target, by default to what was numbered last."""
        self.targets[label.strip()] = target or self.current

    def resolve(self, text: str) -> str:
        """The text with the numbers of its references."""
        return _REFERENCE.sub(self._printed, text) if "\ue000" in text else text

    def _printed(self, match: re.Match[str]) -> str:
        style = match[1]
        labels = [label.strip() for label in match[2].split(",") if label.strip()] or [match[2].strip()]
        if style in ("names", "long", "range", "numbers"):
            return self._listed(style, labels)
        target = self.targets.get(labels[0])
        if target and style == "title" and target.title:
            return target.title
        if target and style == "kind":
            return _names(target.kind)[0]
        number = self._number(labels[0])
        if style == "auto" and target:
            name, _ = _names(target.kind)
            return f"{_LONG_NAMES.get(name, name)} {number}"
        if style == "subref":
            number = number.lstrip("0123456789.") or number
        return f"({number})" if style in ("eqref", "subref") else number

    def _number(self, label: str) -> str:
        target = self.targets.get(label)
        if not target or not target.number:
            self.unknown.add(label)
            return f"[{label}]"
        return target.number

    def _listed(self, style: str, labels: Sequence[str]) -> str:
        """cleveref's lists: `Figures 1 to 3 and Table 2`."""
        by_kind: dict[str, list[str]] = {}
        for label in labels:
            by_kind.setdefault(self.targets.get(label, Target("", "")).kind, []).append(label)
        parts = [self._of_one_kind(style, kind, group) for kind, group in by_kind.items()]
        return _joined(parts)

    def _of_one_kind(self, style: str, kind: str, labels: Sequence[str]) -> str:
        numbers = [self._number(label) for label in labels]
        shown = [f"({number})" if kind == "equation" and not number.startswith("[") else number for number in numbers]
        text = " to ".join(shown) if style == "range" else _joined(list(_compressed(shown)))
        name = _names(kind)[len(labels) > 1]
        name = _LONG_NAMES.get(name, name) if style == "long" else name
        return text if style == "numbers" else f"{name} {text}".strip()


def _names(kind: str) -> tuple[str, str]:
    singular = kind[:1].upper() + kind[1:]
    return _NAMES.get(kind, (singular, f"{singular}s"))


def _compressed(shown: Sequence[str]) -> Iterator[str]:
    """Three and more numbers in a row as a range."""
    run: list[str] = []
    for number in [*sorted(shown, key=_sort_key), ""]:
        if run and not _follows(run[-1], number):
            yield from [f"{run[0]} to {run[-1]}"] if len(run) > 2 else run
            run = []
        run.append(number)


def _sort_key(number: str) -> list[tuple[int, str]]:
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", number)]


def _follows(before: str, number: str) -> bool:
    """Whether two numbers are neighbours: 2.1 and 2.2."""
    first, second = _LAST_NUMBER.search(before.strip("()")), _LAST_NUMBER.search(number.strip("()"))
    if not first or not second:
        return False
    same = before.strip("()")[: first.start()] == number.strip("()")[: second.start()]
    return same and int(second[0]) == int(first[0]) + 1


def _joined(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])}{',' if len(parts) > 2 else ''} and {parts[-1]}"
