"""The shapes on a page: boxes, spans of text in one font, lines of spans. Points, from the page's top left corner."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from papercoder.paper.pdf.prose import clean

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
    """A part of the page that is no running text: the body of a table, or an algorithm with its caption."""

    kind: str
    """`table` or `algorithm`."""

    spans: tuple[Span, ...]
    page: int
    box: Box

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(span.text for span in self.spans)
