"""The claims of a run: with their verdicts, and in the groups in which a report shows them.

A group is a table or a paragraph of the paper. What all its claims share, such as the metric, is said once, and each
claim has a `Strip`: its reported and measured values on the scale of its metric.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from papercoder.artifacts import Claim, ClaimResult
from papercoder.artifacts.claims import ClaimResults, Claims
from papercoder.claims.verdicts import compare
from papercoder.report.formatting import figure, statistic
from papercoder.report.model import Report

_LARGEST = 1e100
"""Larger values are drawn at this one."""

_MOST_SEEDS = 40
"""Seeds that a strip shows."""

Span = tuple[float, float]
"""Start and length, in percent of the strip."""


def judged_claims(claims: Claims, reproduced: ClaimResults | None) -> ClaimResults:
    """All claims with verdicts.

    Args:
        claims: of the paper.
        reproduced: what the last reproduction decided; verdicts of claims that have changed since then do not count.
            The others are not run.
    """
    rest = compare(claims, ())
    if reproduced is None:
        return rest
    items = {item.claim: item for item in reproduced.items}
    orderings = {item.ordering: item for item in reproduced.orderings}
    return reproduced.model_copy(
        update={
            "items": tuple(items.get(item.claim, item) for item in rest.items),
            "orderings": tuple(orderings.get(item.ordering, item) for item in rest.orderings),
        }
    )


@dataclass(frozen=True)
class Scale:
    """The values that a strip reaches from end to end."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Where the value lies, in percent; at an end if it lies beyond."""
        share = (_finite(value) - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def span(self, middle: float, reach: float) -> Span:
        """The part of the strip that is not further than `reach` from a value."""
        start = self.place(middle - reach)
        return start, round(self.place(middle + reach) - start, 2)


@dataclass(frozen=True)
class Strip:
    """A claim on the scale of its metric, in percent of the strip's width."""

    reported: float
    tolerance: Span
    measured: float | None
    deviation: Span | None
    """The standard deviation over the seeds."""

    seeds: tuple[float, ...]
    beyond: str
    """`low` or `high` if the measured value lies outside the scale; else empty."""

    about: str
    """What it shows, for screen readers."""


@dataclass(frozen=True)
class ClaimRow:
    """A claim and its strip."""

    result: ClaimResult
    strip: Strip


@dataclass(frozen=True)
class ClaimGroup:
    """The claims of one table or paragraph of the paper."""

    anchor: str
    rows: tuple[ClaimRow, ...]
    common: dict[str, str]
    """Column -> the text that all rows have there: `metric`, `dataset` or `method`."""

    scale: Scale | None
    """The scale of all rows; None if they have several metrics."""

    @property
    def experiment(self) -> str:
        """The name of the experiment."""
        return self.rows[0].result.claim.experiment


def metric_label(claim: Claim) -> str:
    """What the claim's number is: `accuracy, %`, `time, s, median`."""
    return ", ".join(filter(None, (claim.metric, claim.unit, statistic(claim))))


_COLUMNS: dict[str, Callable[[Claim], str]] = {
    "metric": metric_label,
    "dataset": lambda claim: claim.dataset,
    "method": lambda claim: claim.method,
}


def claim_groups(report: Report) -> tuple[ClaimGroup, ...]:
    """Group claims by the table or paragraph that reports them, in the paper's order."""
    groups: dict[str, list[ClaimResult]] = {}
    for result in report.claims:
        groups.setdefault(result.claim.anchor, []).append(result)
    return tuple(_group(anchor, found) for anchor, found in groups.items())


def _group(anchor: str, results: Sequence[ClaimResult]) -> ClaimGroup:
    by_metric: dict[str, list[ClaimResult]] = {}
    for result in results:
        by_metric.setdefault(metric_label(result.claim), []).append(result)
    scales = {metric: scale_of(found) for metric, found in by_metric.items()}
    rows = (ClaimRow(result, strip(result, scales[metric_label(result.claim)])) for result in results)
    texts = {name: {text(result.claim) for result in results} for name, text in _COLUMNS.items()}
    common = {name: found.pop() for name, found in texts.items() if len(found) == 1 and len(results) > 1}
    return ClaimGroup(anchor, tuple(rows), common, next(iter(scales.values())) if len(scales) == 1 else None)


def scale_of(results: Iterable[ClaimResult]) -> Scale:
    """A scale for all reported values, and for those measured values that leave the others distinguishable."""
    results = tuple(results)
    reach = [_finite(max(result.tolerance, result.claim.spread or 0.0)) for result in results]
    values = [_finite(result.claim.value) for result in results]
    low = min(value - far for value, far in zip(values, reach, strict=True))
    high = max(value + far for value, far in zip(values, reach, strict=True))
    span = (high - low) or abs(high) or 1.0
    means = [result.measured.value for result in results if result.measured]
    near = [mean for mean in means if low - 3 * span <= mean <= high + 3 * span]
    low, high = min([low, *near]), max([high, *near])
    pad = ((high - low) or span) * 0.06
    return Scale(low - pad, high + pad)


def strip(result: ClaimResult, scale: Scale) -> Strip:
    """A claim on a scale."""
    claim, measured = result.claim, result.measured
    about = f"reported {figure(claim.value)}"
    if measured is None:
        return Strip(scale.place(claim.value), scale.span(claim.value, result.tolerance), None, None, (), "", about)
    outside = "low" if measured.value < scale.low else "high" if measured.value > scale.high else ""
    return Strip(
        reported=scale.place(claim.value),
        tolerance=scale.span(claim.value, result.tolerance),
        measured=scale.place(measured.value),
        deviation=scale.span(measured.value, measured.std) if measured.std else None,
        seeds=tuple(map(scale.place, measured.values[:_MOST_SEEDS])) if len(measured.values) > 1 else (),
        beyond=outside,
        about=f"{about}, measured {figure(measured.value)}",
    )


def _finite(value: float) -> float:
    return min(max(value, -_LARGEST), _LARGEST)
