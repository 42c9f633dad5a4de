"""From the spans of a table to rows of cells."""

from collections.abc import Sequence

from papercoder.paper.pdf.lines import baselines
from papercoder.paper.pdf.prose import clean, polished
from papercoder.paper.pdf.shapes import Frame, Span


def grid(frame: Frame) -> tuple[tuple[str, ...], ...]:
    """The table's cells; every row has as many as there are columns."""
    rows = baselines(frame.spans)
    edges = _columns(rows)
    return tuple(_cells(row, edges) for row in rows)


def _columns(rows: Sequence[Sequence[Span]]) -> list[tuple[float, float]]:
    """Where the columns are: the strips that cells cover, heads that span several columns left out."""
    fullest = max(len(row) for row in rows)
    strips: list[tuple[float, float]] = []
    for row in sorted(rows, key=len, reverse=True):
        for span in row:
            if len(row) >= 0.5 * fullest or not _bridges(span, strips):
                strips = _merged(strips, span)
    return sorted(strip for strip in strips if len(rows) < 4 or _support(strip, rows) > 1)


def _support(strip: tuple[float, float], rows: Sequence[Sequence[Span]]) -> int:
    """How many rows have something in the column; a head alone makes none."""
    return sum(any(span.box.x0 < strip[1] and strip[0] < span.box.x1 for span in row) for row in rows)


def _bridges(span: Span, strips: Sequence[tuple[float, float]]) -> bool:
    return sum(x0 < span.box.x1 and span.box.x0 < x1 for x0, x1 in strips) > 1


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
