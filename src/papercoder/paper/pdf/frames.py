"""Captions, and the tables and algorithms near them: between rules, or in rows of cells."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from papercoder.paper.pdf.extract import Rule
from papercoder.paper.pdf.layout import Gutter, columns, text_box
from papercoder.paper.pdf.page import Box, Frame, Page, Span, Typography, around

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


FARTHEST = 120.0
"""Points between the first line of a caption and its table: eight lines of caption at most."""


@dataclass(frozen=True)
class _Anchor:
    """A span that begins the caption of a table or an algorithm."""

    kind: str
    span: Span
    column: Box
    line: Box
    """The whole line: its first span may be the number alone."""


def captions_above(
    pages: Sequence[Page], gutters: Sequence[Gutter | None], look: Typography, captions: Captions
) -> bool:
    """Whether the document sets captions above its tables, by where the nearest rules are."""
    votes = 0
    for page, gutter in zip(pages, gutters, strict=True):
        tables = [anchor for anchor in _anchors(page, gutter, captions) if anchor.kind == "table"]
        stacks = _stacks(page, look, captions) if tables else []
        for anchor in tables:
            nearest = _nearest(anchor, stacks, 1.0)
            votes += 0 if nearest is None else 1 if nearest.y0 > anchor.span.box.y0 else -1
    return votes > 0


def frames(page: Page, gutter: Gutter | None, look: Typography, captions: Captions, above: bool) -> list[Frame]:
    """The bodies of the page's tables and algorithms, each with its own spans.

    `above` says whether captions stand above tables in this document.
    """
    anchors = _anchors(page, gutter, captions)
    if not anchors:
        return []
    stacks = _stacks(page, look, captions)
    found: list[Frame] = []
    for anchor in anchors:
        stack = _nearest(anchor, stacks, 4.0 if above else 0.25)
        if stack is not None:
            stacks.remove(stack)
        frame = _algorithm(page, anchor, stack) if anchor.kind == "algorithm" else _table(page, anchor, stack, look)
        if frame is not None and not any(
            frame.box.overlap_y(o.box) > 2 and frame.box.overlap_x(o.box) > 2 for o in found
        ):
            found.append(frame)
    return found


def _anchors(page: Page, gutter: Gutter | None, captions: Captions) -> list[_Anchor]:
    found = []
    for span in page.spans:
        start = captions.at(span)
        if start is None or start.kind == "figure":
            continue
        sides = [side for side in columns(page, gutter) if side.x0 - 6 <= span.box.x0 and span.box.x1 <= side.x1 + 6]
        column = sides[0] if sides else text_box(page)
        beside = [one.box for one in page.spans if one.box.overlap_y(span.box) > 0.5 * span.box.height]
        line = around([span.box, *(box for box in beside if box.overlap_x(column) > 0)])
        found.append(_Anchor(start.kind, span, column, line))
    return found


def _stacks(page: Page, look: Typography, captions: Captions) -> list[Box]:
    """Rules of the same width above each other, with little running text between them."""
    stacks: list[list[Rule]] = []
    top = min(span.box.y0 for span in page.spans)
    for rule in (rule for rule in page.rules if rule.y > top - 2):
        home = next((stack for stack in reversed(stacks) if _aligned(stack[-1], rule)), None)
        if home is not None and not _parted(page, home[-1], rule, look, captions):
            home.append(rule)
        else:
            stacks.append([rule])
    boxes = [Box(stack[0].x0, stack[0].y, stack[0].x1, stack[-1].y) for stack in stacks]
    return _outermost([box for box in boxes if box.width > 60])


def _aligned(one: Rule, other: Rule) -> bool:
    return abs(one.x0 - other.x0) < 5 and abs(one.x1 - other.x1) < 5


def _parted(page: Page, upper: Rule, lower: Rule, look: Typography, captions: Captions) -> bool:
    """Whether running text or a caption is between the rules; that of an algorithm belongs there."""
    width = upper.x1 - upper.x0
    between = [span for span in page.spans if upper.y < span.box.middle < lower.y]
    inside = [span for span in between if _within(span, upper)]
    over = [span for span in between if span.box.x0 < upper.x1 and upper.x0 < span.box.x1]
    starts = [start for start in map(captions.at, over) if start is not None]
    if any(start.kind != "algorithm" for start in starts):
        return True
    full = [span for span in inside if span.box.width > 0.9 * width and not look.smaller(span.size)]
    return len(full) > 4 and len(full) > 0.4 * len(inside)


def _within(span: Span, rule: Rule) -> bool:
    return rule.x0 - 6 <= span.box.x0 and span.box.x1 <= rule.x1 + 6


def _outermost(boxes: Sequence[Box]) -> list[Box]:
    """Boxes that touch side by side as one, and without those that lie within a wider one."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: -box.width * max(box.height, 1)):
        beside = next((other for other in kept if other.overlap_y(box) > 4 and -3 < other.overlap_x(box) <= 0), None)
        if beside is not None:
            kept[kept.index(beside)] = around([beside, box])
        elif not any(other.overlap_y(box) > -1 and other.overlap_x(box) > 0 and other.height > 0 for other in kept):
            kept.append(box)
    return kept


def _nearest(anchor: _Anchor, stacks: Sequence[Box], bias: float) -> Box | None:
    """The nearest stack; one above the caption counts as farther by the factor `bias`."""
    over = [box for box in stacks if box.overlap_x(anchor.line) > 0 and _distance(anchor, box) < FARTHEST]
    near = [
        (_distance(anchor, box) * (bias if box.y1 <= anchor.span.box.y0 else 1.0), box)
        for box in over
        if box.height > 4 or anchor.kind == "table"
    ]
    return min(near, key=lambda one: one[0])[1] if near else None


def _distance(anchor: _Anchor, box: Box) -> float:
    span = anchor.span.box
    return 0.0 if span.overlap_y(box) > 0 else min(abs(box.y0 - span.y1), abs(span.y0 - box.y1))


def _algorithm(page: Page, anchor: _Anchor, stack: Box | None) -> Frame | None:
    if stack is None or stack.overlap_y(anchor.span.box) < -6:
        return None
    box = replace(stack, y0=min(stack.y0, anchor.span.box.y0))
    return _frame(page, anchor, box)


def _table(page: Page, anchor: _Anchor, stack: Box | None, look: Typography) -> Frame | None:
    if stack is None:
        return _grown(page, anchor, _seed(page, anchor, look), look)
    return _grown(page, anchor, stack, look)


def _seed(page: Page, anchor: _Anchor, look: Typography) -> Box | None:
    """A row of cells close below the caption, or close above it."""
    rows = _rows(page, anchor.column)
    below = [row for row in rows if 0 < row[0].box.y0 - anchor.span.box.y0 < FARTHEST and _cells(row, anchor.column)]
    above = [
        row for row in rows if 0 < anchor.span.box.y0 - row[0].box.y1 < 3 * look.pitch and _cells(row, anchor.column)
    ]
    chosen = above[-1] if above else below[0] if below else None
    return around(span.box for span in chosen) if chosen else None


def _grown(page: Page, anchor: _Anchor, box: Box | None, look: Typography) -> Frame | None:
    """The box with the rows of cells that follow closely on either side."""
    if box is None:
        return None
    across = Box(min(box.x0, anchor.column.x0), 0, max(box.x1, anchor.column.x1), 0) if box.height < 20 else box
    rows = [row for row in _rows(page, across) if anchor.span not in row and _cells(row, across)]
    for row in rows:
        edge = around(span.box for span in row)
        if edge.y1 > box.y0 and 0 <= edge.y0 - box.y1 < 1.2 * look.pitch:
            box = around([box, edge])
    for row in reversed(rows):
        edge = around(span.box for span in row)
        if edge.y0 < box.y1 and 0 <= box.y0 - edge.y1 < 1.2 * look.pitch:
            box = around([box, edge])
    return _frame(page, anchor, box)


def _rows(page: Page, across: Box) -> list[list[Span]]:
    inside = [span for span in page.spans if across.x0 - 6 <= span.box.x0 and span.box.x1 <= across.x1 + 6]
    rows: list[list[Span]] = []
    for span in sorted(inside, key=lambda span: span.box.middle):
        if rows and span.box.middle - rows[-1][0].box.middle < 0.5 * min(span.box.height, rows[-1][0].box.height):
            rows[-1].append(span)
        else:
            rows.append([span])
    return rows


def _cells(row: Sequence[Span], across: Box) -> bool:
    """Whether the row looks like cells: several short spans with white between them."""
    covered = sum(span.box.width for span in row)
    return (len(row) > 2 and covered < 0.85 * across.width) or (len(row) == 2 and covered < 0.6 * across.width)


def _frame(page: Page, anchor: _Anchor, box: Box) -> Frame | None:
    spans = _inside(page, box)
    if anchor.kind == "table":
        spans = tuple(span for span in spans if span is not anchor.span)
    return Frame(anchor.kind, spans, page.index, around([box, *(span.box for span in spans)])) if spans else None


def _inside(page: Page, box: Box) -> tuple[Span, ...]:
    return tuple(span for span in page.spans if box.holds(span.box, slack=6 if box.width > 100 else 3))
