"""The plots of a report: claims beside measurements, and bars of time and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from papercoder.artifacts import ClaimResult
from papercoder.diagrams.text import one_line, shortened
from papercoder.plots.rows import FOOT, Bar, bars, heading, interval, legend, row_axes, value_ticks
from papercoder.plots.svg import ACCENT, INK, SHEET, SMALL, SOFT, TONES, draw
from papercoder.report.model import Report
from papercoder.report.words import LABELS, SIGNS, amount, cost, duration, figure, plural, tone


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
        ClaimPlot(metric, claim_plot(found, f"{metric}, reported in {anchor} and measured"))
        for metric, found in metrics.items()
        if any(result.measured for result in found)
    )


def time_bars(report: Report) -> Markup:
    """Draw the seconds of each stage."""
    rows = [Bar(stage.name, stage.seconds, duration(stage.seconds)) for stage in report.summary.stages]
    return bars(rows, "Time by stage")


def cost_bars(report: Report) -> Markup:
    """Draw the dollars of each agent, or its tokens if no price is known or all is free."""
    is_priced = any(use.cost_usd for use in report.agents)
    rows = [
        Bar(
            use.agent,
            use.cost_usd if is_priced else use.prompt + use.completion,
            f"{cost(use.cost_usd, use.unpriced, use.calls)}, {plural(use.calls, 'call')}, "
            f"{amount(use.prompt + use.completion)} tokens",
        )
        for use in report.agents
    ]
    return bars(rows, "Cost by agent")


_WIDE, _NARROW = 880.0, 380.0
_LEFT, _RIGHT = 270.0, 110.0
"""The columns of names and verdicts in a wide plot; a narrow one has them above the marks."""

_HEAD = 26.0
_BAND = 0.13
_LARGEST = 1e100
"""Larger numbers are drawn here."""


def claim_plot(results: Sequence[ClaimResult], title: str) -> Markup:
    """Draw reported and measured values with their spreads, and the tolerance as a band, for wide and narrow pages."""
    about = "; ".join(map(_described, results))
    wide = draw(partial(_paint_wide, results), _WIDE, _HEAD + 42 * len(results) + FOOT, title, about)
    narrow = draw(partial(_paint_narrow, results), _NARROW, _HEAD + 62 * len(results) + FOOT, title, about)
    return Markup('<div class="wide-plot">{}</div><div class="narrow-plot">{}</div>').format(wide, narrow)


def _described(result: ClaimResult) -> str:
    measured = f"measured {figure(result.measured.mean)}" if result.measured else "not measured"
    claim = result.claim
    return f"{claim.method}, {claim.dataset}: reported {figure(claim.value)}, {measured}, {LABELS[result.verdict]}"


def _paint_wide(results: Sequence[ClaimResult], canvas: Figure) -> None:
    axes = row_axes(canvas, len(results), 42, foot=FOOT, left=_LEFT, right=_RIGHT)
    _scale(axes, results)
    _legend(canvas, _LEFT)
    for index, result in enumerate(results):
        _marks(axes, index, 0.18, 0.36, result)
        where = axes.get_yaxis_transform()
        width = axes.get_window_extent().width
        claim, state = result.claim, tone(result.verdict)
        for name, offset, size, colour, most in (
            (f"{claim.id}  {one_line(claim.method)}", -0.03, None, INK, 36),
            (one_line(claim.dataset), 0.32, SMALL, SOFT, 42),
        ):
            cut = shortened(name, most)
            tip = f"title:{name}" if cut != name else None
            axes.text(-_LEFT / width, index + offset, cut, transform=where, color=colour, fontsize=size, gid=tip)
        verdict = f"{SIGNS[state]} {LABELS[result.verdict]}"
        end = 1 + _RIGHT / width
        axes.text(end, index + 0.12, verdict, transform=where, ha="right", color=TONES[state], fontweight="bold")


def _paint_narrow(results: Sequence[ClaimResult], canvas: Figure) -> None:
    axes = row_axes(canvas, len(results), 62, foot=FOOT)
    _scale(axes, results)
    _legend(canvas, 0)
    for index, result in enumerate(results):
        claim, state = result.claim, tone(result.verdict)
        verdict = f"{SIGNS[state]} {LABELS[result.verdict]}"
        heading(axes, index - 0.14, f"{claim.id}  {claim.method} · {claim.dataset}", verdict, TONES[state])
        _marks(axes, index + 0.18, 0.13, 0.24, result)


def _scale(axes: Axes, results: Sequence[ClaimResult]) -> None:
    """Fit all reported values, and measured ones that are not so far off that nothing else could be told apart."""
    reach = [max(result.tolerance, result.claim.spread or 0.0) for result in results]
    values = [_finite(result.claim.value) for result in results]
    low = min(value - far for value, far in zip(values, reach, strict=True))
    high = max(value + far for value, far in zip(values, reach, strict=True))
    span = (high - low) or abs(high) or 1.0
    means = [result.measured.mean for result in results if result.measured]
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
    mean = inside(measured.mean)
    if mean != measured.mean:
        is_high = mean == high
        axes.plot(mean, y + apart, ">" if is_high else "<", ms=8, color=colour)
        axes.annotate(
            figure(measured.mean),
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
    axes.plot(mean, y + apart, "o", ms=8, color=colour, mec=SHEET, mew=1)
