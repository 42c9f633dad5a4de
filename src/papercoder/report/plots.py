"""The plots of a report: claims with measurements, and bars of time and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from papercoder.artifacts import ClaimResult
from papercoder.plots.rows import FOOT, Bar, bars, heading, interval, legend, row_axes, value_ticks
from papercoder.plots.svg import ACCENT, INK, NORMAL, SHEET, SMALL, SOFT, TONES, draw
from papercoder.report.formatting import LABELS, SIGNS, amount, cost, duration, figure, plural, tone
from papercoder.report.model import Report
from papercoder.text.characters import one_line, shortened


@dataclass(frozen=True)
class ClaimPlot:
    """The claims of one metric."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class ClaimGroup:
    """The claims of one table or paragraph, with a plot for each metric that was measured."""

    anchor: str
    results: tuple[ClaimResult, ...]
    plots: tuple[ClaimPlot, ...]


def claim_groups(report: Report) -> tuple[ClaimGroup, ...]:
    """Group claims by the table or paragraph that reports them, in the paper's order."""
    groups: dict[str, list[ClaimResult]] = {}
    for result in report.claims:
        groups.setdefault(result.claim.anchor, []).append(result)
    return tuple(ClaimGroup(anchor, tuple(found), _plots(anchor, found)) for anchor, found in groups.items())


def _plots(anchor: str, results: list[ClaimResult]) -> tuple[ClaimPlot, ...]:
    """One for each metric that was measured."""
    metrics: dict[str, list[ClaimResult]] = {}
    for result in results:
        metrics.setdefault(result.claim.metric, []).append(result)
    return tuple(
        ClaimPlot(metric, claim_plot(tuple(found), f"{metric}, reported in {anchor} and measured"))
        for metric, found in metrics.items()
        if any(result.measured for result in found)
    )


def time_bars(report: Report) -> Markup:
    """Draw the seconds of each stage."""
    rows = (Bar(stage.name, stage.seconds, duration(stage.seconds)) for stage in report.summary.stages)
    return bars(tuple(rows), "Time by stage")


def cost_bars(report: Report) -> Markup:
    """Draw the dollars of each agent, or its tokens if no price is known or all is free."""
    is_priced = any(use.cost_usd for use in report.agents)
    rows = (
        Bar(
            use.agent,
            use.cost_usd if is_priced else use.prompt + use.completion,
            f"{cost(use.cost_usd, use.unpriced, use.calls)}, {plural(use.calls, 'call')}, "
            f"{amount(use.prompt + use.completion)} tokens",
        )
        for use in report.agents
    )
    return bars(tuple(rows), "Cost by agent")


_WIDE, _NARROW = 880.0, 380.0
_WIDE_ROW, _NARROW_ROW = 42.0, 76.0
_LEFT, _RIGHT = 270.0, 110.0
"""Widths of the name and verdict columns in a wide plot; a narrow plot has them above the marks."""

_HEAD = 26.0
_BAND = 0.13
_LARGEST = 1e100
"""Larger values are drawn at this one."""


@lru_cache(maxsize=64)
def claim_plot(results: tuple[ClaimResult, ...], title: str) -> Markup:
    """Draw reported and measured values with their spreads, and the tolerance as a band, for wide and narrow pages."""
    about = "; ".join(map(_described, results))
    wide = draw(partial(_paint_wide, results), _WIDE, _HEAD + _WIDE_ROW * len(results) + FOOT, title, about)
    narrow = draw(partial(_paint_narrow, results), _NARROW, _HEAD + _NARROW_ROW * len(results) + FOOT, title, about)
    return Markup('<div class="wide-plot">{}</div><div class="narrow-plot">{}</div>').format(wide, narrow)


def _described(result: ClaimResult) -> str:
    measured = f"measured {figure(result.measured.value)}" if result.measured else "not measured"
    claim = result.claim
    return f"{claim.method}, {claim.dataset}: reported {figure(claim.value)}, {measured}, {LABELS[result.verdict]}"


def _paint_wide(results: Sequence[ClaimResult], canvas: Figure) -> None:
    axes = row_axes(canvas, len(results), _WIDE_ROW, foot=FOOT, left=_LEFT, right=_RIGHT)
    _scale(axes, results)
    _legend(canvas, _LEFT)
    width = axes.get_window_extent().width
    for index, result in enumerate(results):
        claim, state = result.claim, tone(result.verdict)
        _marks(axes, index, 0.18, 0.36, result)
        _name(axes, index - 0.03, -_LEFT / width, f"{claim.id}  {claim.method}", 36, NORMAL, INK)
        _name(axes, index + 0.32, -_LEFT / width, claim.dataset, 42, SMALL, SOFT)
        verdict, place = f"{SIGNS[state]} {LABELS[result.verdict]}", axes.get_yaxis_transform()
        axes.text(
            1 + _RIGHT / width,
            index + 0.12,
            verdict,
            transform=place,
            ha="right",
            color=TONES[state],
            fontweight="bold",
        )


def _paint_narrow(results: Sequence[ClaimResult], canvas: Figure) -> None:
    axes = row_axes(canvas, len(results), _NARROW_ROW, foot=FOOT)
    _scale(axes, results)
    _legend(canvas, 0)
    for index, result in enumerate(results):
        claim, state = result.claim, tone(result.verdict)
        verdict = f"{SIGNS[state]} {LABELS[result.verdict]}"
        heading(axes, index - 0.24, f"{claim.id}  {claim.method}", verdict, TONES[state])
        _name(axes, index - 0.04, 0, claim.dataset, 52, SMALL, SOFT)
        _marks(axes, index + 0.24, 0.1, 0.19, result)


def _name(axes: Axes, y: float, x: float, name: str, most: int, size: float, colour: str) -> None:
    """A name on its baseline, shortened; `x` is in widths of the axes."""
    line = one_line(name)
    cut = shortened(line, most)
    tip = f"title:{line}" if cut != line else None
    axes.text(x, y, cut, transform=axes.get_yaxis_transform(), fontsize=size, color=colour, gid=tip)


def _scale(axes: Axes, results: Sequence[ClaimResult]) -> None:
    """Fit all reported values, and the measured values that are near enough to keep the others distinguishable."""
    reach = [max(result.tolerance, result.claim.spread or 0.0) for result in results]
    values = [_finite(result.claim.value) for result in results]
    low = min(value - far for value, far in zip(values, reach, strict=True))
    high = max(value + far for value, far in zip(values, reach, strict=True))
    span = (high - low) or abs(high) or 1.0
    means = [result.measured.value for result in results if result.measured]
    near = [mean for mean in means if low - 3 * span <= mean <= high + 3 * span]
    low, high = min([low, *near]), max([high, *near])
    pad = ((high - low) or span) * 0.06
    axes.set_xlim(low - pad, high + pad)
    value_ticks(axes, 8)


def _finite(value: float) -> float:
    return min(max(value, -_LARGEST), _LARGEST)


def _legend(canvas: Figure, left: float) -> None:
    diamond = Line2D([], [], marker="D", ms=6, mfc=SHEET, mec=INK, lw=0)
    dot = Line2D([], [], marker="o", ms=8, color=SOFT, lw=0)
    band = Patch(color=ACCENT, alpha=_BAND)
    legend(canvas, [diamond, dot, band], ["reported ± spread", "measured ± spread", "tolerance"], left, 3)


def _marks(axes: Axes, y: float, apart: float, half: float, result: ClaimResult) -> None:
    """The tolerance, the reported value above and the measured one below."""
    claim, measured, colour = result.claim, result.measured, TONES[tone(result.verdict)]
    low, high = axes.get_xlim()

    def inside(value: float) -> float:
        return min(max(value, low), high)

    left, right = inside(claim.value - result.tolerance), inside(claim.value + result.tolerance)
    axes.barh(y, right - left, height=2 * half, left=left, color=ACCENT, alpha=_BAND)
    if claim.spread:
        interval(axes, y - apart, inside(claim.value - claim.spread), inside(claim.value + claim.spread), INK)
    axes.plot(inside(claim.value), y - apart, "D", ms=6.5, mfc=SHEET, mec=INK, mew=1.4)
    if not measured:
        return
    mean = inside(measured.value)
    if mean != measured.value:
        is_high = mean == high
        axes.plot(mean, y + apart, ">" if is_high else "<", ms=8, color=colour)
        axes.annotate(
            figure(measured.value),
            (mean, y + apart),
            (-9 if is_high else 9, 0),
            textcoords="offset points",
            ha="right" if is_high else "left",
            va="center",
            color=colour,
            fontsize=SMALL,
        )
        return
    if measured.std:
        interval(axes, y + apart, inside(mean - measured.std), inside(mean + measured.std), colour)
    seeds = list(map(inside, measured.values))
    axes.scatter(seeds, [y + apart] * len(seeds), s=18, color=colour, alpha=0.3, lw=0)
    axes.plot(mean, y + apart, "o", ms=8, color=colour, mec=SHEET, mew=1)
