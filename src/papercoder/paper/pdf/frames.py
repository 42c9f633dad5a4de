"""Where tables and algorithms are on a page: between rules, or in rows of cells near a caption."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from papercoder.paper.pdf.captions import Captions
from papercoder.paper.pdf.columns import Gutter, columns, text_box
from papercoder.paper.pdf.extract import Rule
from papercoder.paper.pdf.page import Page, Typography
from papercoder.paper.pdf.shapes import Box, Frame, Span, around

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
    """Whether running text or a caption stands between the rules; that of an algorithm belongs there."""
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
