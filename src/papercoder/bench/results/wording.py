"""Results and comparisons as text."""

from collections import defaultdict
from collections.abc import Iterator
from typing import get_args

from papercoder.artifacts import BenchResults
from papercoder.artifacts.bench import EntryStatus
from papercoder.bench.results.comparison import Comparison, Difference, SettingComparison
from papercoder.bench.results.metrics import NAMED
from papercoder.evaluation.statistics import FEWEST
from papercoder.report.formatting import cost, duration, plural

VERDICTS = {
    "better": "better",
    "worse": "worse",
    "noise": "not significant",
    "few": "too few papers",
}
"""Verdict -> its text."""

TONES = {"better": "good", "worse": "bad", "complete": "good", "partial": "fair", "failed": "bad"}
"""Verdict or status -> tone; all others are `none`."""


def label(difference: Difference) -> str:
    """The metric's name."""
    return NAMED[difference.metric].label


def change(difference: Difference) -> str:
    """The difference, with its sign and unit."""
    return NAMED[difference.metric].signed(difference.difference.mean)


def spread(difference: Difference) -> str:
    """The 95 % interval of the difference; empty if the papers do not vary."""
    metric, one = NAMED[difference.metric], difference.difference
    return f"[{metric.signed(one.low)}, {metric.signed(one.high)}]" if difference.varies else ""


def value(difference: Difference, number: float) -> str:
    """One side's mean as text."""
    return NAMED[difference.metric].shown(number)


def p_value(number: float | None) -> str:
    """A p value as text; empty if nothing was tested."""
    if number is None:
        return ""
    return f"{number:.3f}" if number >= 0.001 else "< 0.001"


def headline(comparison: Comparison) -> str:
    """Which differences are significant, in a sentence."""
    if not comparison.tested:
        return f"Nothing was tested: a test needs at least {FEWEST} papers that both sides have."
    found = [
        (contrast, one)
        for contrast in comparison.contrasts
        for one in contrast.differences
        if one.verdict in {"better", "worse"}
    ]
    tested = f"{plural(comparison.tested, 'difference')} tested"
    if not found:
        return f"{tested}, none significant."
    several = len(comparison.contrasts) > 1
    named = ", ".join(
        f"{f'{contrast.after}: ' if several else ''}{label(one)} {change(one)} ({one.verdict})"
        for contrast, one in found[:4]
    )
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return f"{tested}, {len(found)} significant: {named}{more}."


def summary(results: BenchResults) -> str:
    """The number of entries, how they ended, their cost and time."""
    entries = results.entries
    states = {state: sum(entry.status == state for entry in entries) for state in get_args(EntryStatus)}
    ended = ", ".join(f"{number} {state}" for state, number in states.items() if number) or "none started"
    kinds = [(noun, len({getattr(entry, noun) for entry in entries})) for noun in ("paper", "variant", "model")]
    of = ", ".join(plural(number, noun) for noun, number in kinds)
    paid = cost(sum(t.cost_usd for t in entries), sum(t.unpriced for t in entries), sum(t.calls for t in entries))
    spent = duration(sum(entry.seconds for entry in entries))
    return f"{plural(len(entries), 'entry')} ({of}): {ended}. Total: {paid} and {spent}."


def remarks(contrast: SettingComparison) -> Iterator[str]:
    """What to know about the numbers: different judges, failures, and values that only one side has."""
    old, new = contrast.judges_before, contrast.judges_after
    if old and new and old != new:
        yield f"Judged by {', '.join(old)} before and by {', '.join(new)} after, which alone may change the scores."
    for side, papers in {"before": contrast.failed_before, "after": contrast.failed_after}.items():
        if papers:
            yield f"An entry failed {side}: {', '.join(papers)}."
    for side, papers in {"before": contrast.only_before, "after": contrast.only_after}.items():
        if papers:
            yield f"Not compared, because only {side} has these papers: {', '.join(papers)}."
    for papers, names in _unpaired(contrast).items():
        yield f"Not compared for {', '.join(papers)}, because only one side has values: {', '.join(names)}."
    if contrast.one_sided:
        yield f"Not compared for any paper, because only one side has values: {', '.join(contrast.one_sided)}."


def _unpaired(contrast: SettingComparison) -> dict[tuple[str, ...], list[str]]:
    """Papers that both sides have -> metrics for which one side lacks a value."""
    alone = {*contrast.only_before, *contrast.only_after}
    found: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in contrast.differences:
        if papers := tuple(paper for paper in one.unpaired if paper not in alone):
            found[papers].append(label(one))
    return dict(found)
