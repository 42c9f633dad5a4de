"""Plots of a bench: claims, scores, what each ablation step brings, cost against score, and how far the code ran."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from papercoder.artifacts import BenchEntryResult, ClaimSummary, Interval
from papercoder.bench.results.comparison import Difference, difference, with_verdicts
from papercoder.bench.results.metrics import (
    COST,
    JUDGES,
    NAMED,
    VERDICTS,
    Entries,
    Metric,
    mean_of,
    per_paper,
    shares,
    verdict_label,
)
from papercoder.bench.results.wording import TONES, change
from papercoder.report.formatting import money, plural
from papercoder.report.model import STEPS
from papercoder.report.plots import (
    ACCENT,
    FAINT,
    INK,
    SHEET,
    SMALL,
    SOFT,
    WIDTH,
    Row,
    draw,
    heading,
    intervals,
    legend,
    row_axes,
)
from papercoder.report.plots import TONES as COLOURS
from papercoder.text.characters import one_line, shortened

Groups = Mapping[str, Entries]
"""Setting -> its entries, in the manifest's order."""


@dataclass(frozen=True)
class Plot:
    """A drawing, its title, and what it shows."""

    title: str
    about: str
    svg: Markup


def scores(metric: Metric, groups: Groups) -> Plot:
    """Draw a metric's mean over papers with its interval, and a faint dot for each paper."""
    rows = [row for name, entries in groups.items() if (row := _scored(metric, name, entries))]
    ends, unit = ((1.0, 5.0), "1 to 5") if metric in JUDGES else ((0.0, 100.0), "per cent")
    return Plot(
        f"{metric.label}, {unit}",
        "Means with their 95 % intervals, as in the table; a faint dot for each paper.",
        intervals(tuple(rows), *ends, f"{metric.label} by variant"),
    )


def _scored(metric: Metric, name: str, entries: Entries) -> Row | None:
    mean, unit = mean_of(metric, entries), _unit(metric)
    dots = tuple(unit * value for value in per_paper(metric, entries).values())
    return Row(name, _scaled(mean, unit), values=dots, words=metric.shown(mean.mean)) if mean else None


def ablation_steps(metric: Metric, groups: Groups, model: str = "") -> Plot | None:
    """Draw what each variant adds to the one before it, paper by paper; None for fewer than three variants."""
    found = [(name, difference(metric, old, new)) for (_, old), (name, new) in pairwise(groups.items())]
    known = [(name, one) for name, one in found if one]
    if len(groups) < 3 or not known:
        return None
    judged = with_verdicts([one for _, one in known])
    return Plot(
        f"What each step adds: {metric.label}{f' · {model}' if model else ''}",
        "Each variant minus the one before it, in the manifest’s order, with the 95 % interval of the papers’ "
        "differences for three papers or more. Coloured if significant after correction for the number of steps.",
        changes([(name, one) for (name, _), one in zip(known, judged, strict=True)], f"Steps of {metric.label}"),
    )


def changes(rows: Sequence[tuple[str, Difference]], title: str) -> Markup:
    """Draw differences in one unit with their intervals, on a scale around 0."""
    far = max(_reach(one) for _, one in rows) or 1.0
    return intervals(tuple(_changed(name, one) for name, one in rows), -far, far, title)


def _changed(name: str, one: Difference) -> Row:
    unit = _unit(NAMED[one.metric])
    dots = tuple(unit * (pair.after - pair.before) for pair in one.papers)
    return Row(name, _scaled(_with_interval(one), unit), TONES.get(one.verdict, "none"), dots, change(one))


def _with_interval(one: Difference) -> Interval:
    """The difference; without its interval for two papers, or if all papers differ equally."""
    mean = one.difference.mean
    if one.difference.n > 2 and one.varies:
        return one.difference
    return Interval(mean=mean, low=mean, high=mean, n=1)


def _reach(one: Difference) -> float:
    """The distance from 0 of the papers and the ends of the interval that is furthest."""
    shown, papers = _with_interval(one), (pair.after - pair.before for pair in one.papers)
    return 1.04 * _unit(NAMED[one.metric]) * max(map(abs, (*papers, shown.low, shown.high)))


def _unit(metric: Metric) -> float:
    """Shares are drawn in per cent."""
    return 1.0 if metric in JUDGES else 100.0


def _scaled(one: Interval, unit: float) -> Interval:
    return Interval(mean=unit * one.mean, low=unit * one.low, high=unit * one.high, n=one.n)


_LEFT, _BOTTOM, _NAMES = 40.0, 44.0, 124.0
_LINE = 16.0
"""Pixels from a name to the next."""


@dataclass(frozen=True)
class _Point:
    """A setting."""

    name: str
    papers: tuple[tuple[float, float], ...]
    """Cost and score of each."""

    @property
    def mean(self) -> tuple[float, float]:
        return fmean(cost for cost, _ in self.papers), fmean(score for _, score in self.papers)


def cost_against(metric: Metric, groups: Groups) -> Plot | None:
    """Draw the dollars of an entry against a score: a named dot for each setting, a faint one for each paper.

    None if no cost is known.
    """
    points: list[_Point] = []
    for name, entries in groups.items():
        scored, paid = per_paper(metric, entries), per_paper(COST, entries)
        if papers := tuple((paid[paper], scored[paper]) for paper in scored if paper in paid):
            points.append(_Point(name, papers))
    most = max([cost for point in points for cost, _ in point.papers], default=0.0)
    if not most:
        return None
    height = max(300.0, _BOTTOM + (len(points) + 1) * _LINE)
    low, high = (1.0, 5.0) if metric in JUDGES else (0.0, 1.0)

    def paint(figure: Figure) -> None:
        width, rise = WIDTH - _LEFT - _NAMES, height - _BOTTOM - 12
        axes = figure.add_axes((_LEFT / WIDTH, _BOTTOM / height, width / WIDTH, rise / height))
        axes.set_xlim(0, most * 1.02)
        axes.set_ylim(low, high)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}" if metric in JUDGES else f"{100 * value:.0f} %")
        _dollar_axis(axes)
        for point in points:
            costs, scored = zip(*point.papers, strict=True)
            axes.scatter(costs, scored, s=34, color=ACCENT, alpha=0.25, lw=0)
            axes.plot(*point.mean, "o", ms=8, color=INK, mec=SHEET, mew=1, zorder=3)
        ordered = sorted(points, key=lambda point: point.mean[1])
        wanted = [_BOTTOM + (point.mean[1] - low) / (high - low) * rise for point in ordered]
        for point, place in zip(ordered, _apart(wanted, height - 8), strict=True):
            _name(axes, point, place)

    about = "; ".join(f"{point.name}: {money(point.mean[0])}, {metric.shown(point.mean[1])}" for point in points)
    return Plot(
        f"Cost against {metric.label}",
        "Means of the variants, with a faint dot for each paper. The cost of judges is not included.",
        draw(paint, WIDTH, height, f"Cost against {metric.label}", about),
    )


def _dollar_axis(axes: Axes) -> None:
    axes.set_xlabel("dollars per entry", fontsize=SMALL, color=SOFT)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: money(value))
    axes.tick_params(length=0, pad=7, labelsize=SMALL, labelcolor=SOFT)
    axes.grid(color=FAINT, linewidth=1)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)


def _name(axes: Axes, point: _Point, place: float) -> None:
    """The name at the right, this far from the bottom of the figure, with a line to its point."""
    name = one_line(point.name)
    axes.annotate(
        shortened(name, 16),
        point.mean,
        (WIDTH - _NAMES + 12, place),
        textcoords="figure pixels",
        va="center",
        gid=f"title:{name}",
        zorder=2,
        arrowprops={"arrowstyle": "-", "color": FAINT, "shrinkA": 2, "shrinkB": 0},
    )


def _apart(wanted: Sequence[float], highest: float) -> list[float]:
    """Places from the lowest up, each as near to the wanted one as possible, without overlaps."""
    places: list[float] = []
    for place in wanted:
        places.append(max(place, places[-1] + _LINE) if places else place)
    for index in reversed(range(len(places))):
        places[index] = highest = min(places[index], highest)
        highest -= _LINE
    return places


def claim_shares(summaries: Sequence[ClaimSummary], names: Sequence[str]) -> Plot:
    """Draw the shares of papers that the claims decide, with their intervals."""
    rows = []
    for summary, name in zip(summaries, names, strict=True):
        for (label, share), tone in zip(shares(summary), ("good", "bad", "fair", "none"), strict=True):
            mean = Interval(
                mean=100 * share.count / share.papers, low=100 * share.low, high=100 * share.high, n=share.papers
            )
            title = f"{name}: {label}" if len(names) > 1 else label
            rows.append(Row(title, mean, tone, words=f"{share.count} of {share.papers}"))
    return Plot(
        "Papers by what their claims came to, per cent",
        "With 95 % intervals (Clopper and Pearson). A paper can have both a claim that is met and one that differs.",
        intervals(tuple(rows), 0.0, 100.0, "Shares of papers"),
    )


def claim_verdicts(summaries: Sequence[ClaimSummary], names: Sequence[str]) -> Plot:
    """Draw how many claims have which verdict."""
    counts = {
        name: Counter({verdict: getattr(summary.claims, verdict) for verdict in VERDICTS})
        for summary, name in zip(summaries, names, strict=True)
    }
    labels = {verdict: verdict_label(verdict) for verdict in VERDICTS}
    return Plot(
        "Claims by verdict",
        "Values and orderings of all papers together.",
        _stacked(counts, labels, _VERDICT_LOOKS, frozenset({"met", "differs"}), "claim", "Claims by verdict"),
    )


_VERDICT_LOOKS: dict[str, dict[str, Any]] = {
    "met": {"facecolor": COLOURS["good"]},
    "differs": {"facecolor": COLOURS["bad"]},
    "toy": {"facecolor": COLOURS["fair"], "alpha": 0.7},
    "inconclusive": {"facecolor": SOFT, "alpha": 0.4},
    "not_run": {"facecolor": "none", "edgecolor": SOFT, "linestyle": "--", "linewidth": 1},
}

_NONE = "none"
_HIGHEST: tuple[str, ...] = (_NONE, *STEPS)
_HEAD, _ROW = 46.0, 48.0


def execution_steps(groups: Groups) -> Plot:
    """Draw how many entries of each setting reached which step."""
    counts = {name: Counter(map(_highest, entries)) for name, entries in groups.items()}
    labels = {step: "no step" if step == _NONE else step for step in _HIGHEST}
    looks = {step: _look(step) for step in _HIGHEST}
    strong = frozenset(step for step in _HIGHEST if _strength(step) > 0.5)
    return Plot(
        "How far the code ran",
        "Entries by the last execution step that passed.",
        _stacked(counts, labels, looks, strong, "entry", "Last execution step that passed"),
    )


def _stacked(
    counts: Mapping[str, Counter[str]],
    labels: Mapping[str, str],
    looks: Mapping[str, dict[str, Any]],
    strong: frozenset[str],
    noun: str,
    title: str,
) -> Markup:
    """Draw a bar for each name, divided by kinds.

    Args:
        counts: name -> how many of each kind.
        labels: kind -> its name, in the order of the bar.
        looks: kind -> how its part is painted.
        strong: kinds whose colour needs light text.
        noun: what is counted.
        title: of the drawing.
    """

    def paint(figure: Figure) -> None:
        axes = row_axes(figure, len(counts), _ROW, foot=4)
        axes.set_xlim(0, 1)
        legend(figure, [Patch(**looks[kind]) for kind in labels], list(labels.values()), 0, 4)
        for index, (name, found) in enumerate(counts.items()):
            heading(axes, index - 0.02, name, plural(found.total(), noun))
            left = 0.0
            for kind in labels:
                share = found[kind] / (found.total() or 1)
                if share:
                    axes.barh(index + 0.25, share - 0.005, 0.4, left=left, **looks[kind])
                    colour = SHEET if kind in strong else INK
                    centre = left + (share - 0.005) / 2
                    axes.text(centre, index + 0.25, str(found[kind]), ha="center", va="center_baseline", color=colour)
                left += share

    about = "; ".join(
        f"{name}: {', '.join(f'{found[kind]} {kind}' for kind in labels if found[kind])}"
        for name, found in counts.items()
    )
    return draw(paint, WIDTH, _HEAD + _ROW * len(counts), title, about)


def _highest(entry: BenchEntryResult) -> str:
    return entry.steps[-1] if entry.steps else _NONE


def _strength(step: str) -> float:
    """How strong the colour of a step is, 0 to 1."""
    return 0.12 * _HIGHEST.index(step)


def _look(step: str) -> dict[str, Any]:
    """The further the step, the stronger its colour; a dashed frame for none."""
    if step == _NONE:
        return {"facecolor": "none", "edgecolor": SOFT, "linestyle": "--", "linewidth": 1}
    return {"facecolor": ACCENT, "alpha": 0.1 + _strength(step)}
