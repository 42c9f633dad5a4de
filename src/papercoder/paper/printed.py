"""Printed lines that say what they are: headings, captions, displayed formulas and their numbers, titles of parts."""

import re
from dataclasses import dataclass
from typing import Literal

from papercoder.paper.draft import Display, Element, Grid, Heading, Listing, Picture
from papercoder.paper.markup import tidy

FloatKind = Literal["table", "figure", "algorithm"]

_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+(?=[^\W\d_])(\S.*)", re.DOTALL)
_LETTERED = re.compile(
    r"(?:Appendix\s+)?([A-Z](?:\.\d{1,2}){0,3})(?:[.:]\s*|\s+[-–—:]?\s*)(?=[A-Z0-9])(\S.*)", re.DOTALL
)
_APPENDIX = re.compile(r"(?:Appendix|Appendices|Supplement(?:ary|al)?)\b", re.IGNORECASE)
_ROMAN = re.compile(r"([IVX]{1,5})\.\s+(\S.*)", re.DOTALL)
_VALUES = {"I": 1, "V": 5, "X": 10}
_LABEL = (
    r"(?:(?:Supplementary|Supplemental|Extended Data|Appendix)\s+)?"
    r"(?P<kind>Table|Tab\.|Figure|Fig\.|Algorithm)\s*(?P<number>[A-Z]?\.?\d{1,3}(?:\.\d{1,3})?|[IVX]{1,5}\b)"
)
_CAPTION = re.compile(rf"{_LABEL}\s*(?:[.:|]|[–—-](?=\s))?\s*(?P<text>.*)", re.IGNORECASE | re.DOTALL)
_STANDING = re.compile(rf"{_LABEL}\s*(?:[.:|]|[–—-]\s|$)", re.IGNORECASE)
_REFERENCES = re.compile(
    r"(?:(?:\d+|[IVX]+)\.?\s+)?(?:(?:Cited |List of )?References(?: and (?:Notes|Links))?|Bibliography|Reference List"
    r"|Literature(?: Cited)?|Works Cited)\W*",
    re.IGNORECASE,
)
_ABSTRACT = re.compile(r"abstract\W*", re.IGNORECASE)


@dataclass(frozen=True)
class Caption:
    """The parts of a caption."""

    kind: FloatKind
    number: str
    text: str


def heading(line: str, level: int = 0, *, appendix: bool = False) -> Heading:
    """A heading without its number; the number gives the level if `level` is 0.

    `appendix` says that the appendix has already begun; a lettered number begins it. `outline.read_headings` decides
    better where all headings are known.
    """
    text = " ".join(line.split())
    if match := _NUMBERED.fullmatch(text):
        return Heading(match[2], level or match[1].count(".") + 1, match[1], appendix)
    if (match := _ROMAN.fullmatch(text)) and len(match[2]) > 2 and not appendix:
        return Heading(match[2], level or 1, str(roman(match[1])))
    if match := _LETTERED.fullmatch(text):
        is_word = match[1] in ("A", "I") and "." not in text[:3] and not appendix
        if not is_word:
            return Heading(match[2], level or match[1].count(".") + 1, match[1], appendix=True)
    return Heading(text, level or 1, "", appendix or bool(_APPENDIX.match(text)))


def roman(text: str) -> int:
    """The value of a Roman numeral of I, V and X."""
    values = [_VALUES[sign] for sign in text.upper()]
    return sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True))


def caption(line: str) -> Caption | None:
    """The parts of a caption, or None if the line is not one."""
    match = _CAPTION.match(line.strip())
    if not match:
        return None
    start, number = match["kind"][0].lower(), match["number"]
    kind: FloatKind = "table" if start == "t" else "figure" if start == "f" else "algorithm"
    number = number if any(map(str.isdigit, number)) else str(roman(number))
    return Caption(kind, number, " ".join(match["text"].split()))


def stands_as_caption(line: str) -> bool:
    """Whether a line of text is a caption, not a sentence such as "Table 2 shows"."""
    return bool(_STANDING.match(line.strip()))


def captioned(kind: FloatKind, line: str, rows: tuple[tuple[str, ...], ...] = (), text: str = "") -> Element:
    """A table, figure or algorithm, with the number taken off its caption."""
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


FORMULA_SIGNS = {"$$": "$$", "\\[": "\\]"}
"""What opens a displayed formula, and what closes it."""

DISPLAYED = re.compile(r"(?:\\\[|\$\$)(.*?)(?:\\\]|\$\$)")
_NUMBER = r"\(\s*((?:[A-Z]\.?)?\d{1,3}(?:\.\d{1,3}){0,2}[a-z]?'?)\s*\)"
NUMBER_AFTER = re.compile(rf"\s*{_NUMBER}\s*")
_NUMBER_WITHIN = re.compile(rf"(?:\\qquad|\\quad|\\hfill|\\hspace\{{[^{{}}]*\}}) ?{_NUMBER}$")
_LONGEST_NUMBER = 60
_TAG = re.compile(r"\\tag\*?\s*\{\s*\(?([^{}()]*)\)?\s*\}|\\eqno\s*\{?\s*\(([^{}()]*)\)\s*\}?")


def equation(source: str, after: str = "") -> Display:
    """A displayed formula without its number, which is in a tag, follows the formula, or stands behind a wide space."""
    tags = [tag or eqno for tag, eqno in _TAG.findall(source)]
    text = tidy(_TAG.sub("", source))
    outside = NUMBER_AFTER.fullmatch(after) if after.strip() else None
    if tags or outside:
        return display(text, tags[0] if tags else outside[1] if outside else "")
    within = _NUMBER_WITHIN.search(text[-_LONGEST_NUMBER:])
    if within and (body := text.removesuffix(within[0])):
        return display(body, within[1])
    return display(text)
