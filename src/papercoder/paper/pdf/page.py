"""A page: boxes, spans of text in one font, lines and their clean text, rules, and the document's typography.

Points, from the page's top left corner.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from papercoder.paper.pdf.extract import RawPage, Rule, Word

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st"})
_HYPHENATED = re.compile(r"(?P<head>[^\W\d_][\w-]*)[-‐\u00ad]$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

_LONGEST = 2_000
"""Characters of a word that are looked at. Web addresses are long, but not longer."""

_COMPOUNDING = frozenset(("non", "self", "cross", "well", "high", "low", "fine", "zero", "one", "two", "three", "real"))
"""Heads of compounds; few words begin with them but for a hyphen."""

_LINKING = frozenset(("the", "of", "to", "in", "by", "and", "on", "at", "a", "out"))
_ENDINGS = frozenset(("over", "able", "less", "ness", "ward", "wards", "ever", "ment", "ments"))


@dataclass(frozen=True)
class Vocabulary:
    """The words of a document as they are within lines, where no hyphen was put in."""

    words: frozenset[str]

    def has(self, word: str) -> bool:
        """Whether the document has the word."""
        return word.lower() in self.words

    def hyphen_stays(self, head: str, tail: str) -> bool:
        """Whether `head-` at the end of a line and `tail` at the start of the next keep their hyphen."""
        head, tail = head.lower(), tail.lower()
        if f"{head}-{tail}" in self.words:
            return True
        if head + tail in self.words:
            return False
        last, first = head.split("-")[-1], tail.split("-")[0]
        if "-" in head or last in _COMPOUNDING or ("-" in tail and first in _LINKING):
            return True
        return {last, first} <= self.words and min(len(last), len(first)) > 3 and first not in _ENDINGS


def vocabulary(texts: Iterable[str]) -> Vocabulary:
    """The words of these lines, without those that a hyphen breaks."""
    words: set[str] = set()
    broken = False
    for text in map(clean, texts):
        found = [word.lower() for word in _WORD.findall(text)]
        goes_on, broken = broken, text.endswith("-")
        words.update(found[1 if goes_on else 0 : -1 if broken else None])
    return Vocabulary(frozenset(words))


def joined(texts: Sequence[str], known: Vocabulary) -> str:
    """The lines as one text."""
    parts: list[str] = []
    last = ""
    for text in filter(None, map(clean, texts)):
        if last:
            between = _between(last, text, known)
            if between is None:
                parts[-1], last, between = parts[-1][:-1], last[:-1], ""
            parts.append(between)
            last = f"{last}{between}"
        parts.append(text)
        last = f"{last}{text}".rpartition(" ")[2][-_LONGEST:]
    return polished("".join(parts))


def _between(last: str, text: str, known: Vocabulary) -> str | None:
    """What is between the last word of a line and the next line: a space or nothing; None removes a hyphen."""
    broken, tail = _HYPHENATED.search(last), _WORD.match(text)
    if broken is None or tail is None:
        return "" if "://" in last and last[-1] in "/-_.=" else " "
    named = not tail[0][0].islower() and not known.has(broken["head"] + tail[0])
    return "" if named or known.hyphen_stays(broken["head"], tail[0]) else None


def clean(text: str) -> str:
    """Ligatures as letters, one kind of space, no control characters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = unicodedata.normalize("NFC", text.translate(_LIGATURES))
    return " ".join("".join(c if c.isprintable() or c.isspace() else " " for c in text.replace("\u00ad", "")).split())


def polished(text: str) -> str:
    """Move marks and hyphens that the parser merged into a formula out of it again."""
    parts = text.split("$")
    if len(parts) % 2 == 0:
        return text
    for i in range(1, len(parts), 2):
        parts[i - 1], parts[i], parts[i + 1] = _beside(parts[i - 1], parts[i], parts[i + 1])
    return re.sub(r" {2,}", " ", "$".join(parts))


def _beside(before: str, formula: str, after: str) -> tuple[str, str, str]:
    mark = re.match(r"[.,;:)]+(?=.)", formula)
    if mark and before[-1:].isalnum():
        before, formula = f"{before}{mark[0]} ", formula[mark.end() :]
    if formula.endswith("-") and len(formula) > 1 and after[:1].isalpha():
        formula, after = formula[:-1], f"-{after}"
    if after[:1].isalpha():
        after = f" {after}"
    return before, formula, after


_BOLD = re.compile(r"bold|medi\b|medi$|-medi|black|heavy|semibold|demi|cmbx|sfbx|cmssbx|bx\d|\.b$|-b$", re.IGNORECASE)
_ITALIC = re.compile(r"ital|obli|slant|cmti|cmsl|sfti|-it\b|bxti", re.IGNORECASE)
_SMALL_CAPS = re.compile(r"cmcsc|caps|smallcaps|-sc\b", re.IGNORECASE)
MATH_FONT = re.compile(r"cmmi|cmsy|cmex|msbm|msam|eufm|cmbsy|math|symbol|rsfs|stix.*math|euex|eusm", re.IGNORECASE)


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        """Halfway down."""
        return (self.y0 + self.y1) / 2

    def overlap_y(self, other: "Box") -> float:
        """How many points both share vertically; negative where there is a gap."""
        return min(self.y1, other.y1) - max(self.y0, other.y0)

    def overlap_x(self, other: "Box") -> float:
        """How many points both share horizontally; negative where there is a gap."""
        return min(self.x1, other.x1) - max(self.x0, other.x0)

    def holds(self, other: "Box", slack: float = 3.0) -> bool:
        """Whether the middle of the other is inside, and its sides are, but for the slack."""
        inside = self.x0 - slack <= other.x0 and other.x1 <= self.x1 + slack
        return inside and self.y0 - slack <= other.middle <= self.y1 + slack


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around all; there must be one at least."""
    all_boxes = list(boxes)
    return Box(
        min(box.x0 for box in all_boxes),
        min(box.y0 for box in all_boxes),
        max(box.x1 for box in all_boxes),
        max(box.y1 for box in all_boxes),
    )


@dataclass(frozen=True)
class Span:
    """A run of text on one line."""

    text: str
    box: Box
    size: float
    font: str

    @property
    def bold(self) -> bool:
        """Whether its first letters are bold or in small capitals, as headings are."""
        return bool(_BOLD.search(self.font) or _SMALL_CAPS.search(self.font))

    @property
    def italic(self) -> bool:
        """Whether its first letters are slanted."""
        return bool(_ITALIC.search(self.font))

    @property
    def math(self) -> bool:
        """Whether it is set in a mathematical font, or was recognised as a formula."""
        return bool(MATH_FONT.search(self.font)) or "$" in self.text


@dataclass(frozen=True)
class Line:
    """Spans on one baseline, from left to right, in one column."""

    spans: tuple[Span, ...]
    page: int
    column: Box
    """The region of the page that the line belongs to."""

    @cached_property
    def box(self) -> Box:
        """Around all its spans."""
        return around(span.box for span in self.spans)

    @cached_property
    def size(self) -> float:
        """The font size that most of its letters have."""
        weights: dict[float, int] = {}
        for span in self.spans:
            weights[round(span.size, 1)] = weights.get(round(span.size, 1), 0) + len(span.text)
        return max(weights, key=lambda size: (weights[size], size))

    @cached_property
    def text(self) -> str:
        """Its words, cleaned; spans that touch are not parted."""
        text = self.spans[0].text
        for before, span in pairwise(self.spans):
            gap = span.box.x0 - before.box.x1
            text += (" " if gap > 0.1 * max(span.size, 1.0) else "") + span.text
        return clean(text)

    @property
    def bold(self) -> bool:
        """Whether all its words are bold, as far as the fonts tell."""
        worded = [span for span in self.spans if re.search(r"\w", span.text) and not span.math]
        return bool(worded) and all(span.bold for span in worded)

    @property
    def italic(self) -> bool:
        """Whether all its words are slanted, as far as the fonts tell."""
        return all(span.italic for span in self.spans if re.search(r"[^\W\d_]{2}", span.text) and not span.math)

    @property
    def indent(self) -> float:
        """From the left side of its column."""
        return self.box.x0 - self.column.x0


@dataclass(frozen=True)
class Frame:
    """A part of the page that is not running text: the body of a table, or an algorithm with its caption."""

    kind: str
    """`table` or `algorithm`."""

    spans: tuple[Span, ...]
    page: int
    box: Box

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(span.text for span in self.spans)


@dataclass(frozen=True)
class Page:
    """A page with what may be text on it."""

    index: int
    width: float
    height: float
    spans: tuple[Span, ...]
    rules: tuple[Rule, ...] = ()
    drawings: tuple[Box, ...] = ()
    """Figures as far as they are drawn or pasted in."""

    def without(self, dropped: Iterable[Span]) -> "Page":
        """The page without these very spans."""
        gone = {id(span) for span in dropped}
        return replace(self, spans=tuple(span for span in self.spans if id(span) not in gone))


def is_upright(word: Word) -> bool:
    """Whether the word is rotated by less than a degree."""
    return (word.rotation + 1) % 360 < 2


def upright(index: int, raw: RawPage) -> Page:
    """The page's upright words; what is rotated is a stamp, a watermark or the label of an axis."""
    spans = tuple(_span(word) for word in raw.words if is_upright(word) and word.text.strip())
    most = 0.6 * raw.width * raw.height
    boxes = [box for box in (Box(*sides) for sides in raw.drawings) if box.width * box.height < most]
    return Page(index, raw.width, raw.height, spans, tuple(raw.rules), tuple(boxes))


def _span(word: Word) -> Span:
    """The word as a span; where its height contradicts the font size, the page scales the font."""
    scaled = not 0.5 * word.height < word.size < 2 * word.height
    box = Box(word.x, word.y, word.x + word.width, word.y + word.height)
    return Span(word.text.strip(), box, 1.1 * word.height if scaled else word.size, word.font)


@dataclass(frozen=True)
class Typography:
    """What most of the running text looks like."""

    size: float
    """Font size of the running text, in points."""

    pitch: float
    """From one line of a paragraph to the next, in points."""

    def larger(self, size: float) -> bool:
        """Whether this is clearly larger than running text."""
        return size > self.size * 1.07

    def smaller(self, size: float) -> bool:
        """Whether this is clearly smaller than running text."""
        return size < self.size * 0.94


def typography(pages: Iterable[Page]) -> Typography:
    """Measured on the spans that are as long as lines of a paragraph."""
    sizes: Counter[float] = Counter()
    steps: Counter[float] = Counter()
    for page in pages:
        long = [span for span in page.spans if len(span.text) > 30]
        for span in long:
            sizes[round(span.size, 1)] += len(span.text)
        steps.update(_steps(long))
    size = max(sizes, key=lambda one: (sizes[one], one), default=10.0)
    likely = {step: count for step, count in steps.items() if 0.9 * size < step < 2.5 * size}
    return Typography(size, max(likely, key=lambda step: (likely[step], -step), default=1.2 * size))


def _steps(spans: list[Span]) -> Iterable[float]:
    columns: dict[int, list[float]] = {}
    for span in spans:
        columns.setdefault(round(span.box.x0 / 6), []).append(span.box.y1)
    for bottoms in columns.values():
        bottoms.sort()
        yield from (round(after - before, 0) for before, after in pairwise(bottoms))
