"""Plots with a row for each item, its name above its mark: bars, and means with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from papercoder.artifacts import Interval
from papercoder.plots.svg import ACCENT, FAINT, INK, NORMAL, SHEET, SMALL, SOFT, TONES, draw
from papercoder.text.characters import one_line, shortened

WIDTH = 420.0
"""In CSS pixels: a column of a wide page, and a whole narrow one."""

_BAR, _ROW = 36.0, 42.0
_EDGE = 12.0
FOOT = 24.0
_SIGN = 7.0
"""About how wide a sign is."""


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart."""

    label: str
    value: float
    words: str
    """The value as text."""


@dataclass(frozen=True)
class Row:
    """A mean with its interval."""

    label: str
    value: Interval | None
    """None shows the name alone."""

    state: str = "reported"
    """`good`, `fair`, `bad` or `none` colours it."""

    values: tuple[float, ...] = ()
    """The single values behind the mean, drawn as faint dots."""

    words: str = ""
    """The mean as text; with two decimals if empty."""

    @property
    def text(self) -> str:
        """The mean as text."""
        return self.words or (f"{self.value.mean:.2f}" if self.value else "no value")


@lru_cache(maxsize=64)
def bars(rows: tuple[Bar, ...], title: str, *, alone: bool = False) -> Markup:
    """Draw horizontal bars from zero, with their values as text."""
    width = 640.0 if alone else WIDTH
    height = (30 if alone else 0) + _BAR * len(rows) + _EDGE

    def paint(figure: Figure) -> None:
        axes = row_axes(figure, len(rows), height=_BAR, foot=_EDGE)
        axes.set_xlim(0, max([row.value for row in rows], default=0.0) or 1.0)
        for index, row in enumerate(rows):
            axes.barh(index + 0.28, row.value, 0.24, color=ACCENT, alpha=0.8)
            heading(axes, index + 0.08, row.label, row.words, SOFT, "normal")
        if alone:
            place = (_EDGE / width, 1 - _EDGE / height)
            figure.text(*place, title, va="top", fontweight="bold", fontsize=NORMAL + 1)

    about = "; ".join(f"{row.label}: {row.words}" for row in rows)
    return draw(paint, width, height, title, about, alone=alone)


@lru_cache(maxsize=64)
def intervals(rows: tuple[Row, ...], low: float, high: float, title: str) -> Markup:
    """Draw a dot at each mean and a line over its interval, on one scale from `low` to `high`."""

    def inside(value: float) -> float:
        return min(max(value, low), high)

    def paint(figure: Figure) -> None:
        axes = row_axes(figure, len(rows), height=_ROW, foot=FOOT)
        axes.set_xlim(low, high)
        value_ticks(axes)
        if low < 0 < high:
            axes.axvline(0, color=SOFT, linewidth=1, zorder=1)
        for index, row in enumerate(rows):
            heading(axes, index - 0.02, row.label, row.text)
            y, colour = index + 0.22, TONES[row.state]
            axes.scatter(list(map(inside, row.values)), [y] * len(row.values), s=34, color=ACCENT, alpha=0.25, lw=0)
            if row.value and row.value.n > 1:
                interval(axes, y, inside(row.value.low), inside(row.value.high), colour)
            if row.value:
                axes.plot(inside(row.value.mean), y, "o", ms=8, color=colour, mec=SHEET, mew=1)

    about = "; ".join(_described(row, low, high) for row in rows)
    return draw(paint, WIDTH, _ROW * len(rows) + FOOT, title, about)


def _described(row: Row, low: float, high: float) -> str:
    if not row.value or row.value.n < 2:
        return f"{row.label}: {row.text}"
    return f"{row.label}: {row.text}, {max(row.value.low, low):.2f} to {min(row.value.high, high):.2f}"


def row_axes(
    figure: Figure, count: int, height: float, foot: float = 0.0, left: float = 0.0, right: float = 0.0
) -> Axes:
    """Axes with rows 0, 1, ... from the top down, each of this height, with room on the four sides."""
    width, total = figure.get_size_inches() * 72
    axes = figure.add_axes(
        ((left + _EDGE) / width, foot / total, 1 - (left + right + 2 * _EDGE) / width, height * max(count, 1) / total)
    )
    axes.set_ylim(max(count, 1) - 0.5, -0.5)
    axes.spines[:].set_visible(False)
    axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False, pad=5)
    return axes


def value_ticks(axes: Axes, most: int = 6) -> None:
    """Round numbers below the axes, each with a faint line."""
    axes.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter("{x:.6g}")
    axes.tick_params(labelbottom=True, labelsize=SMALL, labelcolor=SOFT)
    axes.grid(axis="x", color=FAINT, linewidth=1)
    axes.set_axisbelow(True)


def heading(axes: Axes, y: float, label: str, words: str, colour: str = INK, weight: str = "bold") -> None:
    """A name at the left, shortened if it is too long, and a value at the right."""
    where = axes.get_yaxis_transform()
    width = axes.get_window_extent().width
    name = one_line(label)
    cut = shortened(name, max(int(width / _SIGN) - len(words) - 2, 8))
    axes.text(0, y, cut, transform=where, va="bottom", gid=f"title:{name}" if cut != name else None)
    axes.text(1, y, words, transform=where, va="bottom", ha="right", color=colour, fontweight=weight)


def interval(axes: Axes, y: float, low: float, high: float, colour: str) -> None:
    """A line with caps."""
    axes.errorbar((low + high) / 2, y, xerr=(high - low) / 2, fmt="none", ecolor=colour, capsize=4, capthick=1.4)


def legend(figure: Figure, handles: Sequence[Artist], labels: Sequence[str], left: float, columns: int) -> None:
    """A legend above the axes, this far from the left."""
    width, height = figure.get_size_inches() * 72
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=((left + 4) / width, 1 + 2 / height),
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
        labelcolor=SOFT,
        handletextpad=0.4,
        columnspacing=1.1,
        borderpad=0.2,
    )
