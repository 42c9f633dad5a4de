"""The layout of a page: running headers and page numbers, columns and regions, the lines in reading order."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from papercoder.paper.draft import Area
from papercoder.paper.pdf.page import Box, Frame, Line, Page, Span, around

_BAND = 0.15
"""The part of the page's height, above and below, in which running headers and page numbers are."""

_PAGE_NUMBER = re.compile(
    r"(?:page\s*)?[-–—]?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*[-–—]?(?:\s*(?:/|of)\s*\d{1,4})?", re.IGNORECASE
)


def tidy(pages: Sequence[Page]) -> list[Page]:
    """The pages without furniture."""
    pages = [page.without(line_numbers(page)) for page in pages]
    repeated = _repeated(pages)
    return [page.without(_furniture(page, repeated)) for page in pages]


def line_numbers(page: Page) -> list[Span]:
    """Numbers in one column that count the lines, as drafts under review have them beside the text."""
    columns: dict[int, list[Span]] = {}
    for span in page.spans:
        if re.fullmatch(r"\d{1,4}", span.text):
            columns.setdefault(round(span.box.x1 / 4), []).append(span)
    found: list[Span] = []
    for column in columns.values():
        column.sort(key=lambda span: span.box.y0)
        if len(column) >= 8 and _counts(column) and _beside_text(column, page):
            found += column
    return found


def _counts(column: list[Span]) -> bool:
    values = [int(span.text) for span in column]
    steps = Counter(after - before for before, after in pairwise(values))
    step, count = steps.most_common(1)[0]
    return step in {1, 5} and count >= 0.8 * (len(values) - 1)


def _beside_text(column: list[Span], page: Page) -> bool:
    strip = around(span.box for span in column)
    others = [span for span in page.spans if span.box.overlap_y(strip) > 0 and len(span.text) > 20]
    return not any(span.box.overlap_x(strip) > 0 for span in others)


def _rows(page: Page) -> list[list[Span]]:
    """Spans in the bands above and below, in rows."""
    rows: list[list[Span]] = []
    for span in sorted(page.spans, key=lambda span: span.box.middle):
        if _BAND * page.height < span.box.middle < (1 - _BAND) * page.height:
            continue
        if rows and abs(rows[-1][0].box.middle - span.box.middle) < 4:
            rows[-1].append(span)
        else:
            rows.append([span])
    return rows


def _signature(row: Iterable[Span]) -> str:
    """Its words without numbers, and its size: the title on the first page may be the header of the others."""
    ordered = sorted(row, key=lambda span: span.box.x0)
    words = " ".join(span.text for span in ordered)
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", words) + f" {ordered[0].size:.0f}"


def _repeated(pages: Sequence[Page]) -> set[str]:
    counts = Counter(signature for page in pages for signature in {_signature(row) for row in _rows(page)})
    enough = max(2, len(pages) // 4)
    return {
        signature for signature, count in counts.items() if count >= enough and re.search(r"[^\W\d_]{3}", signature)
    }


def _furniture(page: Page, repeated: set[str]) -> list[Span]:
    if not page.spans:
        return []
    top = min(span.box.y0 for span in page.spans)
    bottom = max(span.box.y1 for span in page.spans)
    dropped: list[Span] = []
    for row in _rows(page):
        outermost = row[0].box.y0 < top + 6 or row[0].box.y1 > bottom - 6
        text = " ".join(span.text for span in row)
        if _signature(row) in repeated or (outermost and _PAGE_NUMBER.fullmatch(text)):
            dropped += row
    return dropped


Piece = Span | Frame

SAME_LINE = 3.0
"""Points by which lines side by side may differ in height."""

_ENTRY = re.compile(r"\[\d{1,3}\](?:\s*[^\W\d_]|\Z)")


@dataclass(frozen=True)
class Gutter:
    """The white strip between two columns."""

    x0: float
    x1: float

    @property
    def middle(self) -> float:
        """Halfway between the columns."""
        return (self.x0 + self.x1) / 2


@dataclass(frozen=True)
class Region:
    """A part of a page that is read from top to bottom."""

    page: int
    column: Box
    pieces: tuple[Piece, ...]


def gutters(pages: Sequence[Page]) -> list[Gutter | None]:
    """For every page the strip between its two columns, or None where it has one column."""
    own = [_gutter(page) for page in pages]
    known = [found for page, found in zip(pages, own, strict=True) if len(_long_lines(page)) >= 6]
    twos = [found for found in known if found is not None]
    if not twos or 2 * len(twos) <= len(known):
        return own
    usual = Gutter(median(two.x0 for two in twos), median(two.x1 for two in twos))
    return [found or (None if _crossed(page, usual) else usual) for page, found in zip(pages, own, strict=True)]


def _crossed(page: Page, gutter: Gutter) -> bool:
    """Whether enough long lines for a page of one column run across the strip."""
    lines = _long_lines(page)
    crossing = [span for span in lines if span.box.x0 < gutter.x0 - 4 and span.box.x1 > gutter.x1 + 4]
    return len(lines) >= 6 and len(crossing) > 2


def _long_lines(page: Page) -> list[Span]:
    if not page.spans:
        return []
    width = around(span.box for span in page.spans).width
    return [span for span in page.spans if span.box.width > 0.28 * width and len(span.text) > 20]


def _gutter(page: Page) -> Gutter | None:
    lines = _long_lines(page)
    if len(lines) < 6:
        return None
    text = around(span.box for span in page.spans)
    middle, slack = (text.x0 + text.x1) / 2, 0.02 * text.width
    left = [span.box.x1 for span in lines if span.box.x1 < middle + slack]
    right = [span.box.x0 for span in lines if span.box.x0 > middle - slack]
    if min(len(left), len(right)) < 3 or len(left) + len(right) < 0.4 * len(lines):
        return None
    return Gutter(max(left), min(right)) if max(left) < min(right) else Gutter(middle - 4, middle + 4)


def text_box(page: Page) -> Box:
    """The box of the page's text, without what sticks out of it."""
    box = around(span.box for span in page.spans)
    lines = [span.box for span in page.spans if len(span.text) > 30]
    if not lines:
        return box
    left, count = Counter(round(line.x0) for line in lines).most_common(1)[0]
    usual = [line for line in lines if round(line.x0) == left]
    return Box(
        left if count > 2 and left < box.x0 + 0.4 * box.width else box.x0,
        box.y0,
        max(box.x1 if len(usual) < 3 else 0.0, *(line.x1 for line in lines)),
        box.y1,
    )


def columns(page: Page, gutter: Gutter | None) -> list[Box]:
    """The page's columns, from left to right."""
    text = text_box(page)
    if gutter is None:
        return [text]
    return [Box(text.x0, text.y0, gutter.x0, text.y1), Box(gutter.x1, text.y0, text.x1, text.y1)]


def regions(page: Page, frames: Sequence[Frame], gutter: Gutter | None) -> list[Region]:
    """The page's regions in reading order; frames are read in their place."""
    framed = {id(span) for frame in frames for span in frame.spans}
    pieces: list[Piece] = [*(span for span in page.spans if id(span) not in framed), *frames]
    if not pieces:
        return []
    text = text_box(page)
    if gutter is None:
        return [_region(page, text, pieces)]
    return list(_bands(page, pieces, gutter))


def _region(page: Page, column: Box, pieces: Iterable[Piece]) -> Region:
    return Region(page.index, column, tuple(sorted(pieces, key=lambda piece: piece.box.y0)))


def _wide_bands(pieces: Sequence[Piece], gutter: Gutter) -> list[Box]:
    """Where something spans both columns; bands with no text of the columns between them are one."""
    crossing = sorted(
        (piece.box for piece in pieces if piece.box.x0 < gutter.x0 - 4 and piece.box.x1 > gutter.x1 + 4),
        key=lambda box: box.y0,
    )
    spans = [piece for piece in pieces if isinstance(piece, Span)]
    narrow = [span.box for span in spans if len(span.text) > 25]
    bands: list[Box] = []
    for box in [*crossing, *_last_lines(spans, crossing)]:
        home = next((i for i, band in enumerate(bands) if not _text_between(band, box, narrow)), None)
        if home is None:
            bands.append(box)
        else:
            bands[home] = around([bands[home], box])
    return bands


def _last_lines(spans: Sequence[Span], crossing: Sequence[Box]) -> list[Box]:
    """The short last lines of what spans both columns: as close below as lines are, and flush left with it."""
    return [
        span.box
        for span in spans
        if any(
            abs(span.box.x0 - box.x0) < 2 and 0 < span.box.y1 - box.y1 < 1.35 * box.height
            for box in crossing
            if span.box.x1 < box.x1
        )
    ]


def _text_between(upper: Box, lower: Box, narrow: Sequence[Box]) -> bool:
    between = (box for box in narrow if upper.y1 + 1 < box.middle < lower.y0 - 1)
    return max(lower.y0 - upper.y1, upper.y0 - lower.y1) > 40 or any(True for _ in between)


def _balanced(page: Page, gutter: Gutter) -> list[Box]:
    """Where a bibliography begins in both columns at once, below the columns of the text: an empty band."""
    labels = [span.box for span in page.spans if _ENTRY.match(span.text)]
    left = min((box.y0 for box in labels if box.x0 < gutter.middle), default=0.0)
    right = min((box.y0 for box in labels if box.x0 >= gutter.middle), default=0.0)
    return [Box(gutter.x0, left - 1, gutter.x1, left - 1)] if labels and abs(left - right) < SAME_LINE else []


def _bands(page: Page, pieces: Sequence[Piece], gutter: Gutter) -> Iterable[Region]:
    text, sides = text_box(page), columns(page, gutter)
    wide = sorted([*_wide_bands(pieces, gutter), *_balanced(page, gutter)], key=lambda band: band.y0)
    edges = [-1.0, *(edge for band in wide for edge in (band.y0, band.y1)), page.height * 2]
    for number, (top, bottom) in enumerate(pairwise(edges)):
        inside = [piece for piece in pieces if top <= piece.box.middle < bottom]
        parts = (
            [(text, inside)]
            if number % 2
            else [
                (sides[0], [piece for piece in inside if (piece.box.x0 + piece.box.x1) / 2 < gutter.middle]),
                (sides[1], [piece for piece in inside if (piece.box.x0 + piece.box.x1) / 2 >= gutter.middle]),
            ]
        )
        yield from (_region(page, column, part) for column, part in parts if part)


Row = Line | Frame


def area(rows: Sequence[Row]) -> Area | None:
    """Around the rows on the page of the first; None where there are none."""
    if not rows:
        return None
    box = around(row.box for row in rows if row.page == rows[0].page)
    return Area(rows[0].page + 1, *(round(side, 1) for side in (box.x0, box.y0, box.x1, box.y1)))


def rows(region: Region) -> list[Row]:
    """The region's lines and frames from top to bottom."""
    spans = [piece for piece in region.pieces if isinstance(piece, Span)]
    framed = [piece for piece in region.pieces if isinstance(piece, Frame)]
    lines = [Line(tuple(row), region.page, region.column) for row in baselines(spans)]
    return sorted([*lines, *framed], key=lambda row: row.box.y0)


def baselines(spans: Sequence[Span]) -> list[list[Span]]:
    """Spans on one baseline together, from left to right; small ones join the line that they hang on."""
    tall = max((span.box.height for span in spans), default=0.0)
    found: list[_Baseline] = []
    for span in sorted(spans, key=lambda span: (span.box.height < 0.75 * tall, span.box.middle)):
        enough = 0.3 if span.box.height < 0.75 * tall else 0.5
        near = [line for line in found if line.touches(span) and line.share(span) >= enough]
        if near:
            max(near, key=lambda line: line.share(span)).add(span)
        else:
            found.append(_Baseline(span, [span]))
    found.sort(key=lambda line: around(span.box for span in line.spans).y0)
    return [sorted(line.spans, key=lambda span: span.box.x0) for line in found]


@dataclass
class _Baseline:
    """A line that is being gathered."""

    core: Span
    """The longest of its spans that are not small; it says where the line is."""

    spans: list[Span]

    def touches(self, span: Span) -> bool:
        """Whether they share any height."""
        return self.core.box.y0 < span.box.y1 and span.box.y0 < self.core.box.y1

    def share(self, span: Span) -> float:
        """Which part of the lesser height the span shares with the line."""
        one, other = self.core.box, span.box
        overlap = min(one.y1, other.y1) - max(one.y0, other.y0)
        return overlap / max(min(one.height, other.height), 0.1)

    def add(self, span: Span) -> None:
        """Take the span in."""
        self.spans.append(span)
        if span.box.height > 0.8 * self.core.box.height and len(span.text) > len(self.core.text):
            self.core = span
