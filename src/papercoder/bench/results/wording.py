"""Results and comparisons in words."""

from collections import defaultdict
from collections.abc import Iterator
from typing import get_args

from papercoder.artifacts import BenchResults
from papercoder.artifacts.bench import TrialStatus
from papercoder.bench.results.comparison import Comparison, Contrast
from papercoder.bench.results.difference import Difference
from papercoder.bench.results.metrics import NAMED
from papercoder.evaluation.statistics import FEWEST
from papercoder.report.words import cost, duration, plural

VERDICTS = {
    "better": "better",
    "worse": "worse",
    "noise": "within noise",
    "few": "too few papers to tell",
}
"""Verdict -> how it is written."""

TONES = {"better": "good", "worse": "bad", "complete": "good", "partial": "fair", "failed": "bad"}
"""Verdict or status -> tone; all others are `none`."""


def label(difference: Difference) -> str:
    """The metric's name."""
    return NAMED[difference.metric].label


def change(difference: Difference) -> str:
    """The difference, with its sign and unit."""
    return NAMED[difference.metric].signed(difference.difference.mean)


def spread(difference: Difference) -> str:
    """Where the difference lies with 95 % confidence; empty where nothing shows how much it varies."""
    metric, one = NAMED[difference.metric], difference.difference
    return f"[{metric.signed(one.low)}, {metric.signed(one.high)}]" if difference.varies else ""


def value(difference: Difference, number: float) -> str:
    """One side's mean as it is read."""
    return NAMED[difference.metric].shown(number)


def share_of_chance(number: float | None) -> str:
    """A chance as it is read; empty where nothing was tested."""
    if number is None:
        return ""
    return f"{number:.3f}" if number >= 0.001 else "< 0.001"


def headline(comparison: Comparison) -> str:
    """What is beyond noise, in a sentence or two."""
    if not comparison.tested:
        return f"Nothing can be told: it takes at least {FEWEST} papers that both sides have."
    found = [
        (contrast, one)
        for contrast in comparison.contrasts
        for one in contrast.differences
        if one.verdict in {"better", "worse"}
    ]
    tested = f"{plural(comparison.tested, 'difference')} tested"
    if not found:
        return f"Of {tested}, none is beyond noise."
    several = len(comparison.contrasts) > 1
    named = ", ".join(
        f"{f'{contrast.after}: ' if several else ''}{label(one)} {change(one)} ({one.verdict})"
        for contrast, one in found[:4]
    )
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return f"Of {tested}, {len(found)} {'is' if len(found) == 1 else 'are'} beyond noise: {named}{more}."


def course(results: BenchResults) -> str:
    """How many trials there are, what became of them, and what they took."""
    trials = results.trials
    states = {state: sum(trial.status == state for trial in trials) for state in get_args(TrialStatus)}
    told = ", ".join(f"{number} {state}" for state, number in states.items() if number) or "nothing was begun"
    kinds = [(noun, len({getattr(trial, noun) for trial in trials})) for noun in ("paper", "variant", "model")]
    of = ", ".join(plural(number, noun) for noun, number in kinds)
    paid = cost(sum(t.cost_usd for t in trials), sum(t.unpriced for t in trials), sum(t.calls for t in trials))
    spent = duration(sum(trial.seconds for trial in trials))
    return f"{plural(len(trials), 'trial')} ({of}): {told}. They took {paid} and {spent} together."


def remarks(contrast: Contrast) -> Iterator[str]:
    """What one must know to read the numbers: who judged, what failed, and what one side alone has."""
    old, new = contrast.judges_before, contrast.judges_after
    if old and new and old != new:
        yield f"Judged by {', '.join(old)} before and by {', '.join(new)} after: scores may differ for that alone."
    for side, papers in {"before": contrast.failed_before, "after": contrast.failed_after}.items():
        if papers:
            yield f"A trial failed {side}: {', '.join(papers)}."
    for side, papers in {"before": contrast.only_before, "after": contrast.only_after}.items():
        if papers:
            yield f"Only {side} has these papers, and they are not compared: {', '.join(papers)}."
    for papers, names in _unpaired(contrast).items():
        yield f"Observed on one side alone of {', '.join(papers)}, and not compared there: {', '.join(names)}."
    if contrast.one_sided:
        yield f"Observed on one side alone of all papers: {', '.join(contrast.one_sided)}."


def _unpaired(contrast: Contrast) -> dict[tuple[str, ...], list[str]]:
    """Papers that are on both sides -> the metrics that one side lacks of them."""
    alone = {*contrast.only_before, *contrast.only_after}
    found: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in contrast.differences:
        if papers := tuple(paper for paper in one.unpaired if paper not in alone):
            found[papers].append(label(one))
    return dict(found)
