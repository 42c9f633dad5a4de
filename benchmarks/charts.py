"""Plots as SVG, on a card of their own, so that they can be read on a page of any colour."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from papercoder.diagrams.svg import drawing, line, node, rect, words
from papercoder.report.plots import Bar, ticks
from papercoder.report.words import figure

_WIDTH, _HEIGHT = 640.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 150.0, 44.0, 46.0
_INKS = ("--d-accent", "--d-bad", "--d-good", "--d-warn")
_DASHES = (None, "6 4", "2 3", "9 3 2 3")
"""Beside the colours, so that colour is never alone."""

_APART = 15.0
"""Between the names of two lines."""


@dataclass(frozen=True)
class Series:
    """Points joined by a line."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class _Frame:
    """From values to places; the y axis begins at zero."""

    left: float
    right: float
    top: float

    def x(self, value: float) -> float:
        return _LEFT + (value - self.left) / ((self.right - self.left) or 1.0) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - value / self.top * (_HEIGHT - _TOP - _BOTTOM)


def lines(series: Sequence[Series], title: str, x_says: str) -> str:
    """Lines over one axis, each with its name at its end."""
    xs = [x for each in series for x, _ in each.points]
    frame = _Frame(min(xs), max(xs), (max(y for each in series for _, y in each.points) or 1.0) * 1.04)
    parts = [*_axes(frame, sorted(set(xs)), x_says)]
    for index, each in enumerate(series):
        parts += _line(each, frame, index)
    parts += _names(series, frame)
    return _card(parts, _WIDTH, _HEIGHT, title)


def _axes(frame: _Frame, xs: Sequence[float], x_says: str) -> list[Markup]:
    bottom, right = frame.y(0), frame.x(frame.right)
    parts: list[Markup] = []
    for tick in ticks(0, frame.top):
        y = frame.y(tick)
        parts.append(line(_LEFT, y, right, y, "rule"))
        parts.append(words(f"{tick:,.10g}", _LEFT - 8, y + 4, "soft small", "end"))
    parts += [words(figure(x), frame.x(x), bottom + 16, "soft small", "middle") for x in xs]
    parts.append(words(x_says, (_LEFT + right) / 2, bottom + 34, "soft small", "middle"))
    return parts


def _line(series: Series, frame: _Frame, index: int) -> list[Markup]:
    ink = f"var({_INKS[index % len(_INKS)]})"
    places = [(frame.x(x), frame.y(y)) for x, y in sorted(series.points)]
    d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dash = _DASHES[index % len(_DASHES)]
    stroke = node("path", d=d, fill="none", style=f"stroke:{ink}", stroke_width=2.0, stroke_dasharray=dash)
    return [stroke, *(node("circle", cx=x, cy=y, r=3.0, style=f"fill:{ink}") for x, y in places)]


def _names(series: Sequence[Series], frame: _Frame) -> list[Markup]:
    """At the ends of the lines, moved apart where they would overlap."""
    ends = sorted((frame.y(max(each.points)[1]) + 4, index) for index, each in enumerate(series))
    parts, y = [], -_APART
    for end, index in ends:
        y = max(end, y + _APART)
        ink = f"fill:var({_INKS[index % len(_INKS)]})"
        x = frame.x(frame.right) + 10
        parts.append(node("text", Markup.escape(series[index].name), x=x, y=y, class_="mid name", style=ink))
    return parts


_ROW = 26.0
_LABELS, _ROOM = 190.0, 300.0


def bars(rows: Sequence[Bar], title: str) -> str:
    """Horizontal bars, as long as their values, each with its value in words."""
    most = max([row.value for row in rows], default=0.0) or 1.0
    parts: list[Markup] = []
    for index, row in enumerate(rows):
        y, long = _TOP + index * _ROW, max(_ROOM * row.value / most, 1.5)
        parts.append(words(row.label, _LABELS - 8, y + 14, "mid", "end"))
        parts.append(rect(_LABELS, y + 3, long, 14, "bar", 2))
        parts.append(words(row.words, _LABELS + long + 8, y + 14, "mid soft"))
    return _card(parts, _WIDTH, _TOP + len(rows) * _ROW + 12, title)


def _card(parts: Sequence[Markup], width: float, height: float, title: str) -> str:
    """On a ground that has a colour of its own, with its title."""
    ground = node(
        "rect",
        x=0.5,
        y=0.5,
        width=width - 1,
        height=height - 1,
        rx=6.0,
        style="fill:var(--d-paper);stroke:var(--d-faint)",
    )
    return drawing([ground, words(title, 16, 26, "name"), *parts], width, height, title)
