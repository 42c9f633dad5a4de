"""Captions with their bodies, cells of tables, and footnotes."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from papercoder.paper.draft import Element, Grid, Listing, Picture, Text
from papercoder.paper.pdf.frames import Caption, Captions, caption
from papercoder.paper.pdf.headings import Found, gapped
from papercoder.paper.pdf.layout import Row, area, baselines
from papercoder.paper.pdf.page import Box, Frame, Line, Span, Typography, Vocabulary, around, clean, joined, polished

_FEW = 4
"""Rows; in a table with fewer, a column may have something in one row alone."""


def grid(frame: Frame) -> tuple[tuple[str, ...], ...]:
    """The table's cells; every row has as many as there are columns."""
    rows = baselines(frame.spans)
    edges = _columns(rows)
    return tuple(_cells(row, edges) for row in rows)


def _columns(rows: Sequence[Sequence[Span]]) -> list[tuple[float, float]]:
    """Where the columns are: the strips that cells cover, heads that span several columns left out."""
    if len(rows) < _FEW:
        rows = [_words_joined(row) for row in rows]
    fullest = max(len(row) for row in rows)
    strips: list[tuple[float, float]] = []
    for row in sorted(rows, key=len, reverse=True):
        for span in row:
            if len(row) >= 0.5 * fullest or not (sum(x0 < span.box.x1 and span.box.x0 < x1 for x0, x1 in strips) > 1):
                strips = _merged(strips, span)
    return sorted(strip for strip in strips if len(rows) < _FEW or _support(strip, rows) > 1)


def _words_joined(row: Sequence[Span]) -> list[Span]:
    """Spans with no more than a space between them as one; too few rows say whether they are columns."""
    joined: list[Span] = []
    for span in sorted(row, key=lambda span: span.box.x0):
        before = joined[-1] if joined else None
        if before and span.box.x0 - before.box.x1 < 0.5 * span.box.height:
            joined[-1] = replace(before, box=around([before.box, span.box]))
        else:
            joined.append(span)
    return joined


def _support(strip: tuple[float, float], rows: Sequence[Sequence[Span]]) -> int:
    """How many rows have something in the column; a head alone makes none."""
    return sum(any(span.box.x0 < strip[1] and strip[0] < span.box.x1 for span in row) for row in rows)


def _merged(strips: Sequence[tuple[float, float]], span: Span) -> list[tuple[float, float]]:
    touching = [strip for strip in strips if strip[0] < span.box.x1 and span.box.x0 < strip[1]]
    if len(touching) > 1:
        return list(strips)
    apart = [strip for strip in strips if strip not in touching]
    x0 = min([span.box.x0, *(strip[0] for strip in touching)])
    x1 = max([span.box.x1, *(strip[1] for strip in touching)])
    return [*apart, (x0, x1)]


def _cells(row: Sequence[Span], strips: Sequence[tuple[float, float]]) -> tuple[str, ...]:
    cells = [""] * len(strips)
    for span in row:
        best = max(range(len(strips)), key=lambda i: _shared(span, strips[i]))
        cells[best] = f"{cells[best]} {clean(span.text)}".strip()
    return tuple(polished(cell) for cell in cells)


def _shared(span: Span, strip: tuple[float, float]) -> tuple[float, float]:
    overlap = min(span.box.x1, strip[1]) - max(span.box.x0, strip[0])
    return (overlap > 0) * 1.0, -abs(span.box.x0 - strip[0]) if overlap <= 0 else -strip[0]


_NOTE_MARK = re.compile(r"[∗*†‡§¶♯#]|\d{1,2}(?=\s?[A-Z\"“(h])|\d{1,2}$")
_ENDS = re.compile(r"[.!?:;][\"”’')\]]*$")


@dataclass(frozen=True)
class Note(Text):
    """A footnote."""


@dataclass
class Floats:
    """The rows that belong to floats, and what they make; rows are known by their position."""

    made: dict[int, Element] = field(default_factory=dict)
    """At the position of the first row of the caption, or of the body where there is no caption."""

    taken: set[int] = field(default_factory=set)
    notes: dict[int, list[Line]] = field(default_factory=dict)
    """Footnotes, at the position of their first line."""


@dataclass(frozen=True)
class _Captioned:
    start: int
    end: int
    caption: Caption
    text: str


@dataclass(frozen=True)
class FloatRules:
    """Finds the floats of a document."""

    look: Typography
    headings: dict[int, Found]
    known: Vocabulary
    fonts: frozenset[str]
    """Of the running text."""

    captions: Captions
    listed: range
    """Positions of the bibliography's entries, among which there are no footnotes."""

    def find(self, rows: Sequence[Row]) -> Floats:
        """All floats among the rows of a document."""
        found = Floats()
        captioned = [one for one in (self._captioned(rows, i) for i in range(len(rows))) if one is not None]
        for one in captioned:
            found.taken.update(range(one.start, one.end))
        bodies = self._pair(rows, [one for one in captioned if one.caption.kind == "table"])
        for one in captioned:
            found.made[one.start] = self._element(one, bodies.get(one.start), rows[one.start : one.end])
            if one.caption.kind == "figure":
                found.taken.update(self._drawn(rows, one, found.taken))
        for i, row in enumerate(rows):
            if isinstance(row, Frame):
                found.taken.add(i)
                if row.kind == "algorithm":
                    found.made[i] = self._listing(row)
        self._add_notes(rows, found)
        return found

    def _captioned(self, rows: Sequence[Row], i: int) -> _Captioned | None:
        row = rows[i]
        start = self.captions.at(row.spans[0], row.text) if isinstance(row, Line) else None
        if start is None or not isinstance(row, Line):
            return None
        end = i + 1
        while end < len(rows) and end not in self.headings and self._continues(rows[end - 1], rows[end], row):
            end += 1
        texts = [one.text for one in rows[i:end] if isinstance(one, Line)]
        whole = caption(joined(texts, self.known))
        return _Captioned(i, end, start, whole.text if whole else "")

    def _continues(self, before: Row, row: Row, first: Line) -> bool:
        if not isinstance(row, Line) or row.page != first.page or row.column != first.column:
            return False
        close = 0 < row.box.y0 - before.box.y0 < 1.5 * max(first.size, 6)
        alike = abs(row.size - first.size) < 0.6 and row.box.x0 < first.column.x1
        return close and alike and self.captions.at(row.spans[0], row.text) is None

    def _pair(self, rows: Sequence[Row], captioned: Sequence[_Captioned]) -> dict[int, Frame]:
        """Every table's caption with the nearest body on its page that no nearer caption has."""
        bodies = [row for row in rows if isinstance(row, Frame) and row.kind == "table"]
        ways = sorted(
            (_apart(around(row.box for row in rows[one.start : one.end]), body.box), one.start, number)
            for one in captioned
            for number, body in enumerate(bodies)
            if body.page == rows[one.start].page
        )
        pairs: dict[int, Frame] = {}
        used: set[int] = set()
        for apart, start, number in ways:
            if start not in pairs and number not in used and apart < 150:
                pairs[start] = bodies[number]
                used.add(number)
        return pairs

    def _element(self, one: _Captioned, body: Frame | None, lines: Sequence[Row]) -> Element:
        place = area([*lines, *([body] if body else [])])
        match one.caption.kind:
            case "table":
                return Grid(one.text, grid(body) if body else (), one.caption.number, place)
            case "figure":
                return Picture(one.text, one.caption.number, place)
            case _:
                return Listing(one.text, "", one.caption.number, place)

    def _listing(self, frame: Frame) -> Listing:
        lines = [Line(tuple(row), frame.page, frame.box) for row in baselines(frame.spans)]
        start = caption(lines[0].text)
        body = lines[1:] if start else lines
        left = min((line.box.x0 for line in body), default=0.0)
        text = "\n".join(" " * round((line.box.x0 - left) / 5) + line.text for line in body)
        return Listing(start.text if start else "", text, start.number if start else "", area([frame]))

    def _drawn(self, rows: Sequence[Row], one: _Captioned, taken: set[int]) -> Iterable[int]:
        """The words inside the figure: what is above its caption, up to running text."""
        i = one.start - 1
        while i >= 0 and rows[i].page == rows[one.start].page:
            row = rows[i]
            if i in taken or i in self.headings or not isinstance(row, Line) or self._running(row):
                return
            yield i
            i -= 1

    def _running(self, line: Line) -> bool:
        if gapped(line):
            return False
        worded = any(span.font in self.fonts and re.search(r"[^\W\d_]{2}", span.text) for span in line.spans)
        return not self.look.smaller(line.size) and (worded or (line.spans[0].math and len(line.text) > 30))

    def _add_notes(self, rows: Sequence[Row], found: Floats) -> None:
        """The small lines at the foot of every column, where one begins with a mark."""
        for start, end in _runs(rows):
            first = end
            while (
                first > start
                and first - 1 not in found.taken
                and first - 1 not in self.listed
                and self._small(rows[first - 1])
            ):
                first -= 1
            marks = [i for i in range(first, end) if _NOTE_MARK.match(rows[i].text)] if first < end else []
            if rows[start].page == 0 and first < end and first > start:
                marks = marks or [first]
            if not marks:
                continue
            for i, after in zip(marks, [*marks[1:], end], strict=True):
                found.notes[i] = [row for row in rows[i:after] if isinstance(row, Line)]
            found.taken.update(range(marks[0], end))

    def _small(self, row: Row) -> bool:
        return isinstance(row, Line) and self.look.smaller(row.size)


def _apart(one: Box, other: Box) -> float:
    down = max(0.0, -one.overlap_y(other))
    across = max(0.0, -one.overlap_x(other))
    return down + 2 * across


def _runs(rows: Sequence[Row]) -> Iterable[tuple[int, int]]:
    """Where the lines of each column begin and end."""
    start = 0
    for i in range(1, len(rows) + 1):
        if i == len(rows) or _place(rows[i]) != _place(rows[start]):
            yield start, i
            start = i


def _place(row: Row) -> tuple[int, float]:
    return (row.page, row.column.x0) if isinstance(row, Line) else (row.page, row.box.x0)


def text_fonts(rows: Iterable[Row]) -> frozenset[str]:
    """The fonts of long lines."""
    letters: Counter[str] = Counter()
    for row in rows:
        if isinstance(row, Line) and len(row.text) > 40:
            letters.update({span.font: len(span.text) for span in row.spans if len(span.text) > 20})
    return frozenset(font for font, count in letters.items() if count > 0.03 * letters.total())
