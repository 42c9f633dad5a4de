"""A comparison in words."""

from collections.abc import Iterator

from papercoder.bench.comparison import Comparison, Contrast
from papercoder.bench.difference import Difference
from papercoder.bench.metrics import NAMED
from papercoder.bench.noise import FEWEST
from papercoder.report.words import plural

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
    """Where the difference lies with 95 % confidence; empty where one paper alone cannot say."""
    metric, one = NAMED[difference.metric], difference.difference
    return f"[{metric.signed(one.low)}, {metric.signed(one.high)}]" if one.n > 1 else ""


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
        one for contrast in comparison.contrasts for one in contrast.differences if one.verdict in {"better", "worse"}
    ]
    tested = f"{plural(comparison.tested, 'difference')} tested"
    if not found:
        return f"Of {tested}, none is beyond noise."
    named = ", ".join(f"{label(one)} {change(one)} ({one.verdict})" for one in found[:4])
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return f"Of {tested}, {len(found)} {'is' if len(found) == 1 else 'are'} beyond noise: {named}{more}."


def remarks(contrast: Contrast) -> Iterator[str]:
    """What one must know to read the numbers: what one side alone has, and what failed."""
    sides = {"before": contrast.only_before, "after": contrast.only_after}
    for side, papers in sides.items():
        if papers:
            yield f"Papers of {side} alone, which are not compared: {', '.join(papers)}."
    failed = {"before": contrast.failed_before, "after": contrast.failed_after}
    for side, papers in failed.items():
        if papers:
            yield f"Papers of which a trial failed {side}: {', '.join(papers)}. What was not observed is not compared."
    unpaired = {label(one): one.unpaired for one in contrast.differences if set(one.unpaired) - _alone(contrast)}
    for name, papers in unpaired.items():
        yield f"Without {name} on one side: {', '.join(paper for paper in papers if paper not in _alone(contrast))}."
    if contrast.one_sided:
        yield f"No paper has this on both sides: {', '.join(contrast.one_sided)}."


def _alone(contrast: Contrast) -> set[str]:
    return {*contrast.only_before, *contrast.only_after}
