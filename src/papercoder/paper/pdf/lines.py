"""From a region's spans to its lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from papercoder.paper.draft import Area
from papercoder.paper.pdf.columns import Region
from papercoder.paper.pdf.shapes import Frame, Line, Span, around

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
