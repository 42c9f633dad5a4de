"""Plots in SVG: claims beside measurements, and bars of what a run took."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from papercoder.artifacts import ClaimResult
from papercoder.diagrams.svg import drawing, group, line, node, rect, words
from papercoder.diagrams.text import one_line, shortened, text_width
from papercoder.report.words import LABELS, SIGNS, figure, tone

_WIDTH, _LABELS, _VERDICT = 860.0, 280.0, 100.0
_ROW, _HEAD = 40.0, 34.0
_BAR = 28.0
_LARGEST = 1e300
"""Beyond it, sums of numbers are no numbers any more."""


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart."""

    label: str
    value: float
    words: str
    """The value as it is read."""


def bars(rows: Sequence[Bar], title: str) -> str:
    """Horizontal bars, as long as their values."""
    most = max([row.value for row in rows], default=0.0) or 1.0
    room = 340.0
    wide = 640.0
    parts: list[Markup] = []
    for index, row in enumerate(rows):
        y, end = index * _BAR, 150 + room * row.value / most
        parts.append(words(shortened(row.label, 24), 130, y + 18, "mid", "end", row.label))
        parts.append(rect(142, y + 6, max(room * row.value / most, 1.5), 16, "bar", 2))
        parts.append(words(row.words, end, y + 18, "mid soft"))
        wide = max(wide, end + text_width(row.words, 12))
    about = "; ".join(f"{row.label}: {row.words}" for row in rows)
    return drawing(parts, wide, len(rows) * _BAR + 2, title, about)


@dataclass(frozen=True)
class _Scale:
    """From values to places on the plot."""

    low: float
    high: float

    def x(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return _LABELS + share * (_WIDTH - _LABELS - _VERDICT - 20)

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def dots(results: Sequence[ClaimResult], title: str) -> str:
    """Reported and measured values of one metric, each with its spread, and the tolerance as a band."""
    scale = _scale(results)
    height = _HEAD + len(results) * _ROW
    parts = [*_legend(), *_axis(scale, height)]
    for index, result in enumerate(results):
        parts.append(_row(result, _HEAD + index * _ROW, scale))
    return drawing(parts, _WIDTH, height + 30, title, "; ".join(_said(result) for result in results))


def _said(result: ClaimResult) -> str:
    measured = f"measured {figure(result.measured.mean)}" if result.measured else "not measured"
    claim = result.claim
    return f"{claim.method}, {claim.dataset}: reported {figure(claim.value)}, {measured}, {LABELS[result.verdict]}"


def _scale(results: Sequence[ClaimResult]) -> _Scale:
    """Over all reported values; over a measured one where it is not far off, for else nothing could be told apart."""
    reach = [max(result.tolerance, result.claim.spread or 0.0) for result in results]
    values = [min(max(result.claim.value, -_LARGEST), _LARGEST) for result in results]
    low = min(value - far for value, far in zip(values, reach, strict=True))
    high = max(value + far for value, far in zip(values, reach, strict=True))
    span = (high - low) or abs(high) or 1.0
    means = [result.measured.mean for result in results if result.measured]
    near = [mean for mean in means if low - 3 * span <= mean <= high + 3 * span]
    low, high = min([low, *near]), max([high, *near])
    pad = ((high - low) or span) * 0.06
    return _Scale(low - pad, high + pad)


def _legend() -> list[Markup]:
    y = 12.0
    return [
        _diamond(_LABELS + 6, y),
        words("reported ± spread", _LABELS + 18, y + 4, "soft small"),
        node("circle", cx=_LABELS + 146, cy=y, r=4.5, class_="dot none"),
        words("measured ± spread", _LABELS + 157, y + 4, "soft small"),
        rect(_LABELS + 282, y - 6, 26, 12, "band", 2),
        words("tolerance", _LABELS + 314, y + 4, "soft small"),
    ]


def _axis(scale: _Scale, bottom: float) -> list[Markup]:
    parts: list[Markup] = []
    for tick in ticks(scale.low, scale.high):
        x = scale.x(tick)
        parts.append(line(x, _HEAD - 4, x, bottom, "rule"))
        parts.append(words(figure(tick), x, bottom + 18, "soft small", "middle"))
    return parts


def ticks(low: float, high: float) -> list[float]:
    """A handful of round numbers between."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return []
    rough = span / 7
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step)
    return [round((first + index) * step, 12) for index in range(math.floor(high / step) - first + 1)]


def _row(result: ClaimResult, y: float, scale: _Scale) -> Markup:
    claim, measured = result.claim, result.measured
    state = tone(result.verdict)
    left, right = scale.x(claim.value - result.tolerance), scale.x(claim.value + result.tolerance)
    middle = y + _ROW / 2
    method, dataset = one_line(claim.method), one_line(claim.dataset)
    parts = [
        words(shortened(f"{claim.id}  {method}", 38), 0, middle - 3, "mid", full=f"{claim.id} {method}"),
        words(shortened(dataset, 42), 0, middle + 12, "soft small", full=dataset),
        rect(left, y + 5, max(right - left, 1), _ROW - 10, "band", 2),
        *_whisker(claim.value, claim.spread, middle - 6, scale, "whisker"),
        _diamond(scale.x(claim.value), middle - 6),
    ]
    if measured:
        parts += _whisker(measured.mean, measured.std, middle + 7, scale, f"whisker {state}")
        parts.append(_dot(measured.mean, middle + 7, scale, state))
    verdict = f"{SIGNS[state]} {LABELS[result.verdict]}"
    parts.append(words(verdict, _WIDTH, middle + 4, f"mid name {state}", "end"))
    return group(parts, title=_said(result))


def _whisker(value: float, spread: float | None, y: float, scale: _Scale, class_: str) -> list[Markup]:
    if not spread:
        return []
    left, right = scale.x(value - spread), scale.x(value + spread)
    ends = [line(x, y - 3, x, y + 3, class_) for x in (left, right)]
    return [line(left, y, right, y, class_), *ends]


def _diamond(x: float, y: float) -> Markup:
    return node("path", d=f"M{x:.1f} {y - 5:.1f}l5 5-5 5-5-5z", class_="reported")


def _dot(value: float, y: float, scale: _Scale, state: str) -> Markup:
    """A dot; where the value lies beyond the scale, an arrow at its end and the value in words."""
    x = scale.x(value)
    if scale.holds(value):
        return node("circle", cx=x, cy=y, r=4.5, class_=f"dot {state}")
    side = 1 if value > scale.high else -1
    label = words(figure(value), x - side * 12, y + 4, f"small {state}", "end" if side > 0 else "start")
    return group([node("path", d=f"M{x:.1f} {y - 5:.1f}l{side * 8} 5l{-side * 8} 5z", class_=f"dot {state}"), label])
