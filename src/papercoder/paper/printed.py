"""Patterns that all formats share: headings and their numbers, captions, formula numbers, names of parts, authors.

A single heading cannot tell: "A Simple Method" is a title, "A Proofs" an appendix; "I. Introduction" has a Roman number
if "II." follows. So all headings are read together.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from papercoder.paper.draft import Display, Element, Grid, Heading, Listing, Picture
from papercoder.paper.markup import tidy

FloatKind = Literal["table", "figure", "algorithm"]

_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+(?=[^\W\d_])(\S.*)", re.DOTALL)
_LETTERED = re.compile(
    r"(?:Appendix\s+)?([A-Z](?:\.\d{1,2}){0,3})(?:[.:]\s*|\s+[-–—:]?\s*)(?=[A-Z0-9])(\S.*)", re.DOTALL
)
_APPENDIX_TITLE = re.compile(r"(?:Appendix|Appendices|Supplement(?:ary|al)?)\b", re.IGNORECASE)
_ROMAN_HEADING = re.compile(r"([IVX]{1,5})\.\s+(\S.*)", re.DOTALL)
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
    if (match := _ROMAN_HEADING.fullmatch(text)) and len(match[2]) > 2 and not appendix:
        return Heading(match[2], level or 1, str(roman(match[1])))
    if match := _LETTERED.fullmatch(text):
        is_word = match[1] in ("A", "I") and "." not in text[:3] and not appendix
        if not is_word:
            return Heading(match[2], level or match[1].count(".") + 1, match[1], appendix=True)
    return Heading(text, level or 1, "", appendix or bool(_APPENDIX_TITLE.match(text)))


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
    """A displayed formula without its number, which is in a tag, follows the formula, or comes after a wide space."""
    tags = [tag or eqno for tag, eqno in _TAG.findall(source)]
    text = tidy(_TAG.sub("", source))
    outside = NUMBER_AFTER.fullmatch(after) if after.strip() else None
    if tags or outside:
        return display(text, tags[0] if tags else outside[1] if outside else "")
    within = _NUMBER_WITHIN.search(text[-_LONGEST_NUMBER:])
    if within and (body := text.removesuffix(within[0])):
        return display(body, within[1])
    return display(text)


_ARABIC = re.compile(
    r"(?:(?:Section|Chapter|Sec\.)\s+|§\s*)?(?P<number>\d{1,2}(?:\s?\.\s?\d{1,2}){0,4})"
    r"(?:(?:\s?[.:)|]|\s+[|–—-])\s*|\s+)(?=[^\W\d_]|\d+[A-Za-z]|[$\\\"'“(])(?P<title>\S.*)",
    re.DOTALL,
)
_TIGHT = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){1,4})(?=[A-Z][a-z])(?P<title>.*)", re.DOTALL)
_ROMAN = re.compile(r"(?P<number>[IVX]{1,6})(?:\s?[.:]\s*|\s+[–—-]?\s*)(?=\S)(?P<title>\S.*)", re.DOTALL)
_ROMAN_PART = re.compile(
    r"(?P<section>[IVX]{1,6})-(?P<letter>[A-Z])(?:[-.]?(?P<item>\d{1,2}))?(?:\s?[.:)]\s*|\s+)(?P<title>\S.*)", re.DOTALL
)
_LETTER = re.compile(
    r"(?P<word>(?:Appendix|Appendices|Supplement(?:ary)?(?: Material)?)\s+)?"
    r"(?P<number>[A-Z](?:\.?\d{1,2})?(?:\.\d{1,2}){0,3})(?P<sign>\s?[.:)]\s*|\s+[|–—-]?\s*|$)(?P<title>.*)",
    re.DOTALL | re.IGNORECASE,
)
_APPENDIX = re.compile(r"(?:(?:Technical |Online )?Appendix|Appendices|Supplement(?:ary|al)?)\b", re.IGNORECASE)
_ITEM = re.compile(r"(?P<number>\d{1,2})\)\s*(?P<title>\S.*)", re.DOTALL)


@dataclass(frozen=True)
class PrintedHeading:
    """A heading with its number still in its text."""

    text: str
    level: int
    follows_references: bool = False
    is_appendix: bool = False
    """The source itself marks it as part of the appendix."""


def outlined(elements: Iterable[Element | PrintedHeading], *, levels: bool = True) -> list[Element]:
    """The elements with all headings read.

    Args:
        elements: in reading order.
        levels: set levels from numbers and raise the highest to 1; else levels stay as the source has them.
    """
    elements = list(elements)
    printed = [element for element in elements if isinstance(element, PrintedHeading)]
    read = read_headings(printed)
    if levels:
        read = _levelled(read)
    found = iter(read)
    return [next(found) if isinstance(element, PrintedHeading) else element for element in elements]


def read_headings(printed: Sequence[PrintedHeading]) -> list[Heading]:
    """Take the numbers off; levels stay as printed."""
    reader = _Outline([each.text for each in printed])
    found = [reader.read(position, each) for position, each in enumerate(printed)]
    return [replace(each, title=each.title.rstrip(" :.") or each.title) for each in found]


@dataclass
class _Outline:
    texts: list[str]
    in_appendix: bool = False
    is_late: bool = False
    """The references have passed or the appendix has begun, so that letters begin again with A."""

    section: int = 0
    """The number of the section, where sections have Roman numbers."""

    letter: str = ""
    """The last letter that numbered a heading."""

    is_roman: bool = field(init=False)

    def __post_init__(self) -> None:
        numerals = [match["number"] for text in self.texts if (match := _ROMAN.fullmatch(text))]
        self.is_roman = {"I", "II"} <= set(numerals)

    def read(self, position: int, printed: PrintedHeading) -> Heading:
        text, level = " ".join(printed.text.split()), printed.level
        if not self.is_late and (printed.is_appendix or printed.follows_references):
            self.is_late, self.letter = True, ""
        self.in_appendix |= printed.is_appendix
        if match := _TIGHT.fullmatch(text) or _ARABIC.fullmatch(text):
            number = match["number"].replace(" ", "")
            if self.is_roman and self.letter and (item := _ITEM.fullmatch(text)) and not self.in_appendix:
                number = f"{self.section}.{self.letter}.{item['number']}"
            return Heading(match["title"], level, number, self.in_appendix)
        if match := _ROMAN_PART.fullmatch(text):
            parts = (str(roman(match["section"])), match["letter"], match["item"])
            return Heading(match["title"], level, ".".join(filter(None, parts)))
        if self.is_roman and (match := _ROMAN.fullmatch(text)) and self._is_next_section(match["number"]):
            self.section, self.letter = roman(match["number"]), ""
            return Heading(match["title"], level, str(self.section))
        if (match := _LETTER.fullmatch(text)) and self._is_number(match, position, printed):
            return self._lettered(match, printed)
        self.in_appendix |= bool(_APPENDIX.match(text))
        return Heading(text, level, "", self.in_appendix)

    def _is_next_section(self, numeral: str) -> bool:
        """Whether this is a Roman number, and not the letter after the one before: `I` after `H`."""
        is_next_letter = bool(self.letter) and numeral == chr(ord(self.letter) + 1)
        return not self.in_appendix and not is_next_letter and roman(numeral) > self.section

    def _lettered(self, match: re.Match[str], printed: PrintedHeading) -> Heading:
        number = re.sub(r"^([A-Z])(?=\d)", r"\1.", match["number"].upper())
        title = match["title"] or match[0]
        self.letter = number[0]
        if self.is_roman and not (match["word"] or self.in_appendix or printed.follows_references):
            return Heading(title, printed.level, f"{self.section}.{number}")
        self.in_appendix = True
        return Heading(title, printed.level, number, appendix=True)

    def _is_number(self, match: re.Match[str], position: int, printed: PrintedHeading) -> bool:
        """Whether a letter at the start is a number, and not the article "A" or a symbol."""
        number, title = match["number"], match["title"]
        letter = number[0]
        if not letter.isupper() or (title and not (title[0].isupper() or title[0] in "$\\(\"'“")):
            return bool(match["word"]) and letter.isupper()
        if match["word"] or (title and "." in number):
            return True
        is_late = self.in_appendix or printed.follows_references
        expected = chr(ord(self.letter) + 1) if self.letter else "A"
        in_order = letter == expected or (len(number) > 1 and letter == self.letter)
        if not title or not (in_order or (is_late and self.letter < letter <= chr(ord(expected) + 2))):
            return False
        return is_late or bool(match["sign"].strip()) or self._is_continued(letter, position)

    def _is_continued(self, letter: str, position: int) -> bool:
        """Whether a later heading has the next number: `A.1` or `B` after `A`, before another `A`."""
        following = re.compile(rf"{letter}\.?1\b|(?:Appendix\s+)?{chr(ord(letter) + 1)}[.:]?\s+[A-Z]")
        same = re.compile(rf"{letter}[.:]?\s+[A-Z]")
        later = (text for text in self.texts[position + 1 :] if following.match(text) or same.match(text))
        return bool(following.match(next(later, "")))


def _levelled(headings: list[Heading]) -> list[Heading]:
    """Levels from the numbers, which converters keep better than the levels; the highest level is 1.

    Numbers that begin again in every section say nothing.
    """
    if not headings:
        return []
    numbers = [(each.number, each.appendix) for each in headings if each.number]
    if len(set(numbers)) > len(numbers) * 0.8:
        offsets = Counter(each.level - _depth(each) for each in headings if each.number)
        is_flat = len({each.level for each in headings}) == 1
        offset = offsets.most_common(1)[0][0]
        levels = [_depth(each) if each.number else 1 if is_flat else each.level - offset for each in headings]
    else:
        lowest = min(each.level for each in headings)
        levels = [each.level - lowest + 1 for each in headings]
    found: list[Heading] = []
    for each, level in zip(headings, levels, strict=True):
        deepest = found[-1].level + 1 if found and not each.number else level
        found.append(replace(each, level=max(min(level, deepest), 1)))
    return found


def _depth(heading: Heading) -> int:
    return heading.number.count(".") + 1


_SEPARATORS = re.compile(r"\s*(?:,|;|&|\band\b|\n)\s*")
_NOTES = re.compile(r"\$[^$]*\$|[*†‡§¶∗⋆]+|\[[^\]]*\]|\((?:[^()]*)\)|\^\{?[^ }]*\}?|(?<=[^\W\d])\d+(?:\s*,\s*\d+)*")
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[.'’ʼ-])*(?: (?:[^\W\d_]|[.'’ʼ-])+){1,5}")
_NO_NAME = re.compile(
    r"\b(?:universit\w*|institut\w*|department|laborator\w*|lab|school|college|research|google|microsoft|anonymous|"
    r"authors?|inc|corp\w*|ltd|center|centre|academy|equal|contribution|corresponding|team|abstract|review|ai)\b",
    re.IGNORECASE,
)
_MOST = 200
_DOI = re.compile(r"\b10\.\d{4,9}/[\w./:()+;~-]*\w", re.ASCII)
_STAMP = re.compile(r"\barXiv:(\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7}(?:v\d+)?)\b")


def authors(names: Iterable[str]) -> list[str]:
    """The people in what a source calls authors, each once; without anything that is not a person's name."""
    found: dict[str, None] = {}
    for text in names:
        for part in _SEPARATORS.split(_NOTES.sub("", text)):
            name = " ".join(part.split())
            if _NAME.fullmatch(name) and name[0].isupper() and not _NO_NAME.search(name):
                found[name] = None
    return list(found)[:_MOST]


def doi_address(text: str) -> str:
    """The address of the first DOI in a text, or nothing."""
    match = _DOI.search(text)
    return f"https://doi.org/{match[0]}" if match else ""


def arxiv_address(text: str) -> str:
    """The address of the paper whose stamp arXiv printed on its first page, or nothing."""
    match = _STAMP.search(text)
    return f"https://arxiv.org/abs/{match[1]}" if match else ""
