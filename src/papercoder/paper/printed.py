"""What a printed line says of itself: a heading's number, a caption's, a bibliography's title."""

import re
from dataclasses import dataclass
from typing import Literal

from papercoder.paper.draft import Display, Element, Grid, Heading, Listing, Picture

FloatKind = Literal["table", "figure", "algorithm"]

_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+(?=[^\W\d_])(\S.*)", re.DOTALL)
_LETTERED = re.compile(
    r"(?:Appendix\s+)?([A-Z](?:\.\d{1,2}){0,3})(?:[.:]\s*|\s+[-–—:]?\s*)(?=[A-Z0-9])(\S.*)", re.DOTALL
)
_APPENDIX = re.compile(r"(?:Appendix|Appendices|Supplement(?:ary|al)?)\b", re.IGNORECASE)
_ROMAN = re.compile(r"([IVX]{1,5})\.\s+(\S.*)", re.DOTALL)
_VALUES = {"I": 1, "V": 5, "X": 10}
_CAPTION = re.compile(
    r"(?P<kind>Table|Tab\.|Figure|Fig\.|Algorithm)\s*(?P<number>[A-Z]?\.?\d{1,3}(?:\.\d{1,3})?)\s*[.:|]?\s*(?P<text>.*)",
    re.IGNORECASE | re.DOTALL,
)
_STANDING = re.compile(
    r"(?:Table|Tab\.|Figure|Fig\.|Algorithm)\s*[A-Z]?\.?\d{1,3}(?:\.\d{1,3})?\s*(?:[.:|]|$)", re.IGNORECASE
)
_REFERENCES = re.compile(r"(?:\d+\.?\s+)?(?:References|Bibliography|Literature cited|Works cited)\W*", re.IGNORECASE)
_ABSTRACT = re.compile(r"abstract\W*", re.IGNORECASE)


@dataclass(frozen=True)
class Caption:
    """A caption taken apart."""

    kind: FloatKind
    number: str
    text: str


def heading(line: str, level: int = 0, *, appendix: bool = False) -> Heading:
    """A heading with its number taken off; without a `level`, the number gives it.

    `appendix` says that an appendix has begun before; a lettered number begins one.
    """
    text = " ".join(line.split())
    if match := _NUMBERED.fullmatch(text):
        return Heading(match[2], level or _depth(match[1]), match[1], appendix)
    if (match := _ROMAN.fullmatch(text)) and len(match[2]) > 2 and not appendix:
        return Heading(match[2], level or 1, str(_roman(match[1])))
    if match := _LETTERED.fullmatch(text):
        is_word = match[1] in ("A", "I") and "." not in text[:3] and not appendix
        if not is_word:
            return Heading(match[2], level or _depth(match[1]), match[1], appendix=True)
    return Heading(text, level or 1, "", appendix or bool(_APPENDIX.match(text)))


def _depth(number: str) -> int:
    return number.count(".") + 1


def _roman(text: str) -> int:
    values = [_VALUES[sign] for sign in text]
    return sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True))


def caption(line: str) -> Caption | None:
    """The parts of a caption, or None where the line is none."""
    match = _CAPTION.match(line.strip())
    if not match:
        return None
    start = match["kind"][0].lower()
    kind: FloatKind = "table" if start == "t" else "figure" if start == "f" else "algorithm"
    return Caption(kind, match["number"], " ".join(match["text"].split()))


def stands_as_caption(line: str) -> bool:
    """Whether a line of text is a caption, and not a sentence that begins with "Table 2 shows"."""
    return bool(_STANDING.match(line.strip()))


def captioned(kind: FloatKind, line: str, rows: tuple[tuple[str, ...], ...] = (), text: str = "") -> Element:
    """A table, figure or algorithm, its number taken off its caption."""
    found = caption(line)
    shown, number = (found.text, found.number) if found else (" ".join(line.split()), "")
    match kind:
        case "table":
            return Grid(shown, rows, number)
        case "figure":
            return Picture(shown, number)
        case "algorithm":
            return Listing(shown, text, number)


def display(text: str, number: str = "") -> Display:
    """A displayed equation, its number without parentheses."""
    return Display(" ".join(text.split()), number.strip("() \n"))


def is_references(line: str) -> bool:
    """Whether this heading opens the bibliography."""
    return bool(_REFERENCES.fullmatch(line.strip()))


def is_abstract(line: str) -> bool:
    """Whether this heading opens the abstract."""
    return bool(_ABSTRACT.fullmatch(line.strip()))
