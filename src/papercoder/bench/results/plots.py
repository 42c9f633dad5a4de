"""Plots of a bench's scores, and of what each step of an ablation brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from papercoder.artifacts import Interval
from papercoder.bench.results.difference import Difference, difference, with_verdicts
from papercoder.bench.results.grouping import Trials, mean_of, per_paper
from papercoder.bench.results.metrics import JUDGES, NAMED, Metric
from papercoder.bench.results.wording import TONES, change
from papercoder.report.interval_plot import Row, intervals

Groups = Mapping[str, Trials]
"""Setting -> its trials, in the manifest's order."""


@dataclass(frozen=True)
class Plot:
    """A drawing, its title, and what one sees in it."""

    title: str
    about: str
    svg: Markup
    wide: bool = False
    """Whether it takes the whole width."""


def scores(metric: Metric, groups: Groups) -> Plot:
    """A metric's mean over papers with its interval, and a faint dot for each paper."""
    rows = [row for name, trials in groups.items() if (row := _scored(metric, name, trials))]
    ends, unit = ((1.0, 5.0), "1 to 5") if metric in JUDGES else ((0.0, 100.0), "per cent")
    return Plot(
        f"{metric.label}, {unit}",
        "Means with their 95 % intervals, as in the table; a faint dot for each paper.",
        intervals(rows, *ends, f"{metric.label} by variant"),
    )


def _scored(metric: Metric, name: str, trials: Trials) -> Row | None:
    mean, unit = mean_of(metric, trials), _unit(metric)
    dots = tuple(unit * value for value in per_paper(metric, trials).values())
    return Row(name, _scaled(mean, unit), values=dots, words=metric.shown(mean.mean)) if mean else None


def ablation_steps(metric: Metric, groups: Groups, model: str = "") -> Plot | None:
    """What each variant brings over the one before it, paper by paper; None for fewer than three variants."""
    found = [(name, difference(metric, old, new)) for (_, old), (name, new) in pairwise(groups.items())]
    known = [(name, one) for name, one in found if one]
    if len(groups) < 3 or not known:
        return None
    judged = with_verdicts([one for _, one in known])
    return Plot(
        f"What each step brings: {metric.label}{f' · {model}' if model else ''}",
        "Each variant less the one before it, in the manifest’s order, with the 95 % interval of the papers’ "
        "differences, if there are three or more; coloured where that is beyond noise, corrected for the number of "
        "steps.",
        changes([(name, one) for (name, _), one in zip(known, judged, strict=True)], f"Steps of {metric.label}"),
    )


def changes(rows: Sequence[tuple[str, Difference]], title: str) -> Markup:
    """Differences of one unit with their intervals, about 0."""
    far = max(_reach(one) for _, one in rows) or 1.0
    return intervals([_changed(name, one) for name, one in rows], -far, far, title)


def _changed(name: str, one: Difference) -> Row:
    unit = _unit(NAMED[one.metric])
    dots = tuple(unit * (pair.after - pair.before) for pair in one.papers)
    return Row(name, _scaled(_emit_step(one), unit), TONES.get(one.verdict, "none"), dots, change(one))


def _emit_step(one: Difference) -> Interval:
    """The difference, without its interval where that tells nothing: of two papers, or of papers that are all equal."""
    mean = one.difference.mean
    if one.difference.n > 2 and one.varies:
        return one.difference
    return Interval(mean=mean, low=mean, high=mean, n=1)


def _reach(one: Difference) -> float:
    """How far from 0 a plot must go: to all papers, and to the interval's ends."""
    told, papers = _emit_step(one), (pair.after - pair.before for pair in one.papers)
    return 1.04 * _unit(NAMED[one.metric]) * max(map(abs, (*papers, told.low, told.high)))


def _unit(metric: Metric) -> float:
    """Scores are drawn as they are, shares in per cent."""
    return 1.0 if metric in JUDGES else 100.0


def _scaled(one: Interval, unit: float) -> Interval:
    return Interval(mean=unit * one.mean, low=unit * one.low, high=unit * one.high, n=one.n)
