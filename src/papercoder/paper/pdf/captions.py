"""Captions: how they begin, and how they differ from sentences that begin with "Table 4."."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from papercoder.paper.pdf.columns import Gutter, columns
from papercoder.paper.pdf.page import Page, Typography
from papercoder.paper.pdf.shapes import Box, Span

_CAPTION = re.compile(
    r"(?P<kind>(?i:fig(?:ure)?s?|tab(?:le|leau)?|algorithme?|alg|listing|procedure))\s*\.?\s+"
    r"(?P<number>[A-Z]?\.?\d+(?:\.\d+)?[a-z]?|[IVX]+)\b\s*(?P<mark>[:.|—–]|-(?!\w)|\Z|(?=[A-Z(]))\s*(?P<text>.*)",
    re.DOTALL,
)
_SENTENCE_END = re.compile(r"[.!?:;][\"”’')\]]*$")


@dataclass(frozen=True)
class Caption:
    """The beginning of a caption."""

    kind: str
    """`figure`, `table` or `algorithm`."""

    number: str
    text: str
    mark: str
    """What follows the number: `:`, `.`, a dash or a bar; empty in most running text."""


def caption(text: str) -> Caption | None:
    """The parts of a line that begins as captions do, or None."""
    found = _CAPTION.match(text)
    if found is None:
        return None
    kind = {"f": "figure", "t": "table"}.get(found["kind"][0].lower(), "algorithm")
    return Caption(kind, found["number"], found["text"].strip(), found["mark"])


@dataclass(frozen=True)
class _Candidate:
    """A span that begins as captions do."""

    caption: Caption
    span: Span
    is_strong: bool
    """It is set apart by its font, its mark or by standing alone, and not by its words only."""

    gap: float
    """White above it, in points."""


@dataclass(frozen=True)
class Captions:
    """The spans of a document that begin captions."""

    spans: frozenset[int]
    """Their ids: two spans may be equal."""

    def at(self, span: Span, text: str = "") -> Caption | None:
        """The caption that begins with this span; `text` is its whole line."""
        return caption(text or span.text) if id(span) in self.spans else None


def captions(pages: Sequence[Page], gutters: Sequence[Gutter | None], look: Typography) -> Captions:
    """Of all spans that begin as captions do, those that are captions.

    What is set like running text counts only where the document has no clearer caption with its number, and none of
    its kind that is set apart.
    """
    found: list[_Candidate] = []
    ends = ""
    for page, gutter in zip(pages, gutters, strict=True):
        for side, column in enumerate(columns(page, gutter) if page.spans else ()):
            inside = (span for span in page.spans if gutter is None or (span.box.x0 >= gutter.middle) == bool(side))
            spans = sorted(inside, key=lambda span: span.box.y0)
            found += _candidates(spans, column, look, ends)
            ends = next((span.text for span in reversed(spans) if not look.smaller(span.size)), ends)
    strong = {(one.caption.kind, one.caption.number) for one in found if one.is_strong}
    kinds = {kind for kind, _ in strong}
    chosen = [one for one in found if one.is_strong]
    weak = [one for one in found if not one.is_strong and one.caption.kind not in kinds]
    clearest = {(one.caption.kind, one.caption.number): one for one in sorted(weak, key=lambda one: one.gap)}
    chosen += clearest.values()
    return Captions(frozenset(id(one.span) for one in chosen))


def _candidates(spans: Sequence[Span], column: Box, look: Typography, ends: str) -> Iterable[_Candidate]:
    """The candidates of a column; `ends` is the last text of the column before it."""
    for number, span in enumerate(spans):
        start = caption(span.text)
        if start is None or not (start.mark or span.bold or _stands_alone(span, spans, column)):
            continue
        above = [one for one in spans[:number] if one.box.y1 < span.box.middle and one.box.overlap_x(span.box) > 0]
        before = max(above, key=lambda other: other.box.y1, default=None)
        if before is not None and _in_text(span, before, column, look):
            continue
        goes_on = before is None and bool(ends) and not _SENTENCE_END.search(ends)
        gap = 0.0 if goes_on else 1000.0 if before is None else span.box.y0 - before.box.y1
        is_marked = start.mark in {":", "|", "—", "–"} or _stands_alone(span, spans, column)
        is_strong = span.bold or look.smaller(span.size) or is_marked
        yield _Candidate(start, span, is_strong, gap)


def _stands_alone(span: Span, spans: Sequence[Span], column: Box) -> bool:
    """Whether only the number is printed on the line, as in `TABLE II`."""
    start = caption(span.text)
    beside = [other for other in spans if other is not span and other.box.overlap_y(span.box) > 0.5 * span.box.height]
    within = [other for other in beside if other.box.overlap_x(column) > 0]
    return start is not None and not start.text and not within and span.box.x0 > column.x0 + 6


def _in_text(span: Span, before: Span, column: Box, look: Typography) -> bool:
    """Whether a full line of the same font is directly above."""
    is_alike = not span.bold and abs(before.size - span.size) < 0.3
    return is_alike and span.box.y0 - before.box.y0 < 1.25 * look.pitch and before.box.width > 0.8 * column.width
