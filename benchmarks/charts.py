"""Plots of the benchmarks, as SVG files with their own background."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from papercoder.report.plots import ACCENT, BAD, FAINT, GOOD, NORMAL, SMALL, SOFT, draw

_WIDTH, _HEIGHT = 640.0, 320.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 70.0, 120.0, 46.0, 50.0
_LINES = ((ACCENT, "-", "o"), (BAD, "--", "s"), (GOOD, ":", "D"))
"""Colour, dash and marker of each line, so that colour is not the only difference."""

_APART = 16.0
"""Pixels between the names of two lines."""


@dataclass(frozen=True)
class Series:
    """Points connected by a line."""

    name: str
    points: Sequence[tuple[float, float]]


def lines(series: Sequence[Series], title: str, x_label: str) -> str:
    """Draw up to three lines over one axis, each with its name at its end; the y axis starts at zero."""

    def paint(figure: Figure) -> None:
        width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        axes = figure.add_axes((_LEFT / _WIDTH, _BOTTOM / _HEIGHT, width / _WIDTH, height / _HEIGHT))
        figure.text(16 / _WIDTH, 1 - 14 / _HEIGHT, title, va="top", fontweight="bold", fontsize=NORMAL + 1)
        axes.set_ylim(0, max(y for each in series for _, y in each.points) * 1.04)
        axes.set_xticks(sorted({x for each in series for x, _ in each.points}))
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.set_xlabel(x_label, fontsize=SMALL, color=SOFT)
        axes.tick_params(length=0, labelsize=SMALL, labelcolor=SOFT)
        axes.grid(axis="y", color=FAINT, linewidth=1)
        axes.spines[:].set_visible(False)
        for each, (colour, dash, marker) in zip(series, _LINES, strict=False):
            axes.plot(*zip(*sorted(each.points), strict=True), dash, marker=marker, ms=6, lw=2, color=colour)
        last = None
        for each, (colour, _, _) in sorted(zip(series, _LINES, strict=False), key=lambda pair: max(pair[0].points)[1]):
            x, y = max(each.points)
            above = y / axes.get_ylim()[1] * height
            last = above if last is None else max(above, last + _APART)
            axes.annotate(
                each.name,
                (x, y),
                (12, last - above),
                textcoords="offset points",
                va="center",
                color=colour,
                fontweight="bold",
            )

    about = "; ".join(f"{each.name}: {', '.join(f'{y:,.4g} at {x:g}' for x, y in each.points)}" for each in series)
    return draw(paint, _WIDTH, _HEIGHT, title, about, alone=True)
