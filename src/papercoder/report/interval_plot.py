"""A plot of means with their intervals, one row for each, all on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from papercoder.artifacts import Interval
from papercoder.diagrams.svg import drawing, group, line, node, words
from papercoder.diagrams.text import one_line, shortened
from papercoder.report.plots import ticks
from papercoder.report.words import figure

_WIDTH, _LABELS, _VALUES = 460.0, 138.0, 62.0
_ROW, _AXIS = 30.0, 26.0


@dataclass(frozen=True)
class Row:
    """A mean with its name."""

    label: str
    value: Interval | None
    """None where there is none; the row says so."""

    state: str = "reported"
    """`good`, `fair`, `bad` or `none` colours it."""

    values: tuple[float, ...] = ()
    """Single values that the mean is over, as faint dots."""

    words: str = ""
    """The mean as it is read, where two digits after the point are not fit."""


def intervals(rows: Sequence[Row], low: float, high: float, title: str) -> Markup:
    """Rows with a dot at the mean and a line over the interval, on a scale from `low` to `high`."""
    bottom = len(rows) * _ROW + 4
    parts = [_tick(tick, low, high, bottom) for tick in ticks(low, high)]
    parts += [_row(row, index * _ROW + _ROW / 2 + 2, low, high) for index, row in enumerate(rows)]
    about = "; ".join(_said(row, low, high) for row in rows)
    return Markup(drawing(parts, _WIDTH, bottom + _AXIS, title, about))  # noqa: S704  `diagrams.svg` escapes


def _said(row: Row, low: float, high: float) -> str:
    """The row in words; a single value has no interval."""
    value = row.value
    if value is None:
        return f"{row.label}: no value"
    if value.n < 2:
        return f"{row.label}: {row.words or f'{value.mean:.2f}'}"
    return f"{row.label}: {value.mean:.2f}, {_on(value.low, low, high):.2f} to {_on(value.high, low, high):.2f}"


def _on(value: float, low: float, high: float) -> float:
    """The nearest value on the scale."""
    return min(max(value, low), high)


def _x(value: float, low: float, high: float) -> float:
    share = (_on(value, low, high) - low) / (high - low)
    return _LABELS + 8 + share * (_WIDTH - _LABELS - _VALUES - 16)


def _tick(value: float, low: float, high: float, bottom: float) -> Markup:
    x = _x(value, low, high)
    return group([line(x, 2, x, bottom, "rule"), words(figure(value), x, bottom + 16, "soft small", "middle")])


def _row(row: Row, y: float, low: float, high: float) -> Markup:
    label = words(shortened(one_line(row.label), 20), 0, y + 4, "mid", full=row.label)
    if row.value is None:
        return group([label, words("no value", _WIDTH, y + 4, "mid soft", "end")], title=_said(row, low, high))
    left, middle, right = (_x(value, low, high) for value in (row.value.low, row.value.mean, row.value.high))
    parts = [
        label,
        *(node("circle", cx=_x(one, low, high), cy=y, r=3, class_="band") for one in row.values),
        line(left, y, right, y, f"whisker {row.state}"),
        *(line(x, y - 4, x, y + 4, f"whisker {row.state}") for x in (left, right) if right > left),
        node("circle", cx=middle, cy=y, r=4.5, class_=f"dot {row.state}"),
        words(row.words or f"{row.value.mean:.2f}", _WIDTH, y + 4, "mid name", "end"),
    ]
    return group(parts, title=_said(row, low, high))
