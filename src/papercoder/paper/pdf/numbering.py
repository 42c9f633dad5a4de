"""Numbers of headings: `3.2`, `A.1`, and Roman numbers with lettered subsections."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBERED = re.compile(
    r"(?:(?:appendix|annexe|section)\s+)?(?P<number>\d{1,2}(?:\.\d{1,2}){0,4}|[A-Z](?:\.\d{1,2}){0,4}|[IVX]{1,5})"
    r"(?P<mark>[.:]?)\s+(?P<title>\S.*)",
    re.IGNORECASE,
)
_ROMAN_SECTION = re.compile(r"(?P<number>[IVX]{1,5})[.:]?\s+(?P<title>[A-Z].*)")
_ROMAN_SUBSECTION = re.compile(r"(?P<number>[A-Z]|\d{1,2})[.:)]\s*(?P<title>[^\W_].*)")
_NAMED = re.compile(r"(?:appendix|annexe|section)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Numbered:
    """A line that begins as numbered headings do."""

    number: str
    """With dots between the levels and in Arabic digits, except for the letter of an appendix."""

    title: str

    @property
    def lettered(self) -> bool:
        """Whether it is numbered as appendices are."""
        return self.number[0].isalpha()

    @property
    def counts(self) -> list[int]:
        """`[3, 2]` for 3.2, `[1, 4]` for A.4."""
        return [int(part) if part.isdecimal() else ord(part.upper()) - 64 for part in self.number.split(".")]

    def follows(self, before: "Numbered | None") -> bool:
        """Whether the number may come after the other one; one heading between them may have been missed."""
        if before is None or self.lettered != before.lettered:
            return all(count <= 1 for count in self.counts)
        own, other = self.counts, before.counts
        if len(own) > len(other):
            return own[: len(other)] == other and all(count <= 1 for count in own[len(other) :])
        return own[:-1] == other[: len(own) - 1] and 1 <= own[-1] - other[len(own) - 1] <= 2


def numbered(text: str) -> Numbered | None:
    """The number and the title, where the text has both."""
    found = _NUMBERED.fullmatch(text)
    if found is None:
        return None
    number, title = found["number"], found["title"]
    roman = number.isalpha() and len(number) > 1
    worded = re.search(r"[^\W\d_]{2}", title) and (title[0].isupper() or title[0].isdigit())
    if not worded or (number.isalpha() and not number.isupper()) or (roman and not found["mark"]):
        return None
    return Numbered(str(arabic(number)) if roman else number.upper(), title)


def uses_roman(texts: Iterable[str]) -> bool:
    """Whether the sections of these headings are numbered I, II, ... in this order."""
    numbers = [found["number"] for found in map(_ROMAN_SECTION.fullmatch, texts) if found]
    return "I" in numbers and "II" in numbers[numbers.index("I") :]


def numbered_roman(text: str, before: Numbered | None) -> Numbered | None:
    """The same in a document with Roman sections, `A.` subsections and `1)` below; `before` is the heading before."""
    if _NAMED.match(text):
        return numbered(text)
    for found in _readings(text, before):
        if found.follows(before):
            return found
    return None


def _readings(text: str, before: Numbered | None) -> Iterable[Numbered]:
    """What the number may mean; a letter may be a Roman number, a subsection or an appendix."""
    section = _ROMAN_SECTION.fullmatch(text)
    if section and (before is None or not before.lettered):
        yield Numbered(str(arabic(section["number"])), section["title"])
    below = _ROMAN_SUBSECTION.fullmatch(text)
    if below is None or before is None:
        return
    number, title = below["number"], below["title"]
    top, *rest = before.number.split(".")
    if number.isdecimal():
        yield Numbered(".".join([top, *rest[:1], number]), title)
    else:
        yield Numbered(f"{top}.{ord(number) - 64}", title)
        yield Numbered(number, title)


def arabic(roman: str) -> int:
    """The value of a Roman number made of I, V and X."""
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in roman]
    signs = [-1 if value < after else 1 for value, after in zip(values, [*values[1:], 0], strict=True)]
    return sum(value * sign for value, sign in zip(values, signs, strict=True))
