"""From a region's spans to its lines."""

from collections.abc import Sequence

from papercoder.paper.pdf.columns import Region
from papercoder.paper.pdf.shapes import Box, Frame, Line, Span, around

Row = Line | Frame


def rows(region: Region) -> list[Row]:
    """The region's lines and frames from top to bottom."""
    spans = [piece for piece in region.pieces if isinstance(piece, Span)]
    framed = [piece for piece in region.pieces if isinstance(piece, Frame)]
    lines = [Line(tuple(row), region.page, region.column) for row in baselines(spans)]
    return sorted([*lines, *framed], key=lambda row: row.box.y0)


def baselines(spans: Sequence[Span]) -> list[list[Span]]:
    """Spans on one baseline together, from left to right; small ones join the line that they hang on."""
    tall = max((span.box.height for span in spans), default=0.0)
    grouped: list[list[Span]] = []
    for span in sorted(spans, key=lambda span: (span.box.height < 0.75 * tall, span.box.middle)):
        home = max(grouped, key=lambda row: _share(span, row), default=None)
        enough = 0.3 if span.box.height < 0.75 * tall else 0.5
        if home is not None and _share(span, home) >= enough:
            home.append(span)
        else:
            grouped.append([span])
    grouped.sort(key=lambda row: around(span.box for span in row).y0)
    return [sorted(row, key=lambda span: span.box.x0) for row in grouped]


def _share(span: Span, row: Sequence[Span]) -> float:
    """Which part of the lesser height the span shares with the row's largest span."""
    core: Box = max(row, key=lambda one: (one.box.height > 0.8 * span.box.height, len(one.text))).box
    return span.box.overlap_y(core) / max(min(span.box.height, core.height), 0.1)
