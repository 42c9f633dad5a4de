"""Cross-references: what each label refers to, and what `\\ref`, `\\cref` and their relatives print."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

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
