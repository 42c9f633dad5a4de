"""Compares what the paper claims with what trials measured, values and orderings.

A claim is met if the 95 % interval of the difference lies within the tolerance, differs if it lies outside, and is
inconclusive if more seeds are needed to tell. The tolerance comes from the paper: the noise of the measurements only
widens the interval, so that noisy code does not meet a claim more easily.
"""

import operator
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf, isclose, sqrt
from statistics import fmean, median, stdev

from papercoder.artifacts import (
    Claim,
    ClaimResult,
    ClaimResults,
    Claims,
    ClaimVerdict,
    Measured,
    Ordering,
    OrderingResult,
    Tolerance,
    TrialResult,
)
from papercoder.claims.intervals import (
    Interval,
    Sample,
    deviation_interval,
    difference_of_means,
    mean_interval,
    median_interval,
    ratio_interval,
    sample,
    share_interval,
    sign_test,
    verdict_of,
)
from papercoder.claims.measurements import Measurement, Measurements, Wanted, is_percentage
from papercoder.paper.evidence import half_unit, read_quantities

_SIGNIFICANT = 0.025
_WEAKEST: tuple[ClaimVerdict, ...] = ("differs", "not_run", "inconclusive", "met")


def judge_ordering(ordering: Ordering, claims: Claims, measurements: Measurements) -> OrderingResult:
    """The weakest verdict of neighbouring methods."""
    values = [claims.claim(name) for name in ordering.claims]
    known = [claim for claim in values if claim]
    if len(known) == len(ordering.methods):
        found = [measurements.of(claim) for claim in known]
    else:
        wanted = Wanted(ordering.experiment, ordering.metric)
        averaged = claims.averaged_over(ordering.experiment, ordering.dataset)
        found = [measurements.of_method(wanted, each, ordering.dataset, averaged) for each in ordering.methods]
    for method, measurement in zip(ordering.methods, found, strict=True):
        if not measurement.values and not measurement.diverged:
            return OrderingResult(ordering=ordering, verdict="not_run", reason=f"{method}: {measurement.missing}")
    across = len({claim.dataset for claim in known}) > 1
    steps = [_judge_step(ordering, better, worse, across=across) for better, worse in pairwise(found)]
    weakest = min(steps, key=lambda step: (_WEAKEST.index(step.verdict), step.difference or 0.0))
    toy = next((measurement.toy for measurement in found if measurement.toy), "")
    notes = tuple(dict.fromkeys(note for measurement in found for note in measurement.notes))
    reason = " ".join((f"Measured {toy}." if toy else "", weakest.reason, *notes)).strip()
    verdict: ClaimVerdict = "toy" if toy and weakest.verdict != "not_run" else weakest.verdict
    return weakest.model_copy(update={"verdict": verdict, "reason": reason})


def _judge_step(ordering: Ordering, better: Measurement, worse: Measurement, *, across: bool) -> OrderingResult:
    """Whether one of two methods is better, by their common seeds."""
    ours, theirs = (_by_seed(each, across=across) for each in (better, worse))
    sign = -1.0 if ordering.direction == "lower" else 1.0
    common = sorted(ours.keys() & theirs.keys())
    seeds = [seed for seed in common if (ours[seed], theirs[seed]) != (None, None)]
    if not seeds:
        return OrderingResult(ordering=ordering, verdict="not_run", reason="The methods have no seed in common.")
    wins = [_wins(ours[seed], theirs[seed], sign) for seed in seeds]
    if any(ours[seed] is None or theirs[seed] is None for seed in seeds):
        return _by_sign(ordering, wins)
    apart = [sign * (a - b) for seed in seeds if (a := ours[seed]) is not None and (b := theirs[seed]) is not None]
    interval = mean_interval(apart)
    verdict: ClaimVerdict = verdict_of(interval, 0.0, inf) if interval else "inconclusive"
    if interval == (0.0, 0.0):
        verdict = "inconclusive"
    ahead = f"better in {sum(wins)} of {len(wins)} seeds, on average by {fmean(apart):.4g}"
    test = "paired t-test" if interval else "one seed has no interval"
    return OrderingResult(
        ordering=ordering,
        verdict=verdict,
        reason=f"As claimed: {ahead} ({test})." if verdict == "met" else f"{ahead.capitalize()} ({test}).",
        difference=fmean(apart),
        interval=interval,
        seeds=len(seeds),
    )


def _by_seed(measurement: Measurement, *, across: bool) -> dict[tuple[str, int], float | None]:
    """The value of each seed, None where the trial diverged; by seed alone if data sets are compared."""
    values: dict[tuple[str, int], float | None] = {**dict.fromkeys(measurement.diverged), **measurement.values}
    return {("" if across else dataset, seed): value for (dataset, seed), value in values.items()}


def _wins(one: float | None, other: float | None, sign: float) -> bool:
    """Whether the first is better; a diverged trial is worse than any value."""
    if one is None or other is None:
        return one is not None
    return sign * one > sign * other


def _by_sign(ordering: Ordering, wins: Sequence[bool]) -> OrderingResult:
    """A sign test, for which a diverged trial loses."""
    won = sum(wins)
    lost = len(wins) - won
    verdict: ClaimVerdict = "inconclusive"
    if min(sign_test(won, lost), sign_test(lost, won)) <= _SIGNIFICANT:
        verdict = "met" if won > lost else "differs"
    reason = f"Better in {won} of {len(wins)} seeds; trials diverged, so a sign test decides."
    return OrderingResult(ordering=ordering, verdict=verdict, reason=reason, seeds=len(wins))


TOLERANCE = Tolerance()
"""The default."""

_NORMAL_95 = 1.96


def compare(
    claims: Claims,
    results: Sequence[TrialResult],
    tolerance: Tolerance = TOLERANCE,
    not_measured: Mapping[str, str] | None = None,
) -> ClaimResults:
    """Judge every claim and ordering.

    Args:
        claims: what the paper reports.
        results: what trials measured so far.
        tolerance: how far a measured value may be from the reported one.
        not_measured: claim id -> why the code does not measure it.
    """
    measurements = Measurements(results)
    items = tuple(_judge(claim, measurements, tolerance, not_measured or {}) for claim in claims.items)
    orderings = tuple(judge_ordering(ordering, claims, measurements) for ordering in claims.orderings)
    return ClaimResults(
        tolerance=tolerance, items=items, orderings=orderings, unclaimed=tuple(measurements.unclaimed())
    )


def allowed_difference(claim: Claim, tolerance: Tolerance = TOLERANCE) -> float:
    """The tolerance for a claim, in its own unit; 0 for a bound."""
    if claim.bound not in ("=", "about"):
        return 0.0
    noise = reported_deviation(claim)
    share = tolerance.about if claim.bound == "about" else tolerance.relative
    allowed = share * abs(claim.value) if noise is None else tolerance.spreads * noise
    return max(allowed, half_unit(printed_number(claim)))


def reported_deviation(claim: Claim) -> float | None:
    """The standard deviation over runs that the paper prints or implies; None if it does not say."""
    if claim.statistic == "count" and claim.runs:
        share = min(claim.value / claim.runs, 1.0)
        return sqrt(claim.runs * share * (1 - share))
    if claim.spread is None or claim.spread_kind == "other" or claim.statistic not in ("mean", "median"):
        return None
    runs = claim.runs or 1
    factor = {"std": 1.0, "stderr": sqrt(runs), "ci95": sqrt(runs) / _NORMAL_95}
    return abs(claim.spread) * factor[claim.spread_kind]


def printed_number(claim: Claim) -> str:
    """The number as the paper prints it, in its shortest form if the paper spells it out."""
    if claim.printed:
        return claim.printed
    found = (each.printed for each in read_quantities(claim.quote) if isclose(each.value, claim.value))
    return next(found, f"{claim.value:.15g}")


def _judge(
    claim: Claim, measurements: Measurements, tolerance: Tolerance, not_measured: Mapping[str, str]
) -> ClaimResult:
    found = measurements.of(claim)
    other = measurements.of_other(claim) if claim.compared_with else None
    if not found.values:
        return _not_run(claim, tolerance, not_measured.get(claim.id) or found.missing)
    if other and not other.values:
        return _not_run(claim, tolerance, f"{claim.compared_with}: {other.missing}")
    values = list(found.values.values())
    if other:
        seeds = sorted(found.values.keys() & other.values.keys())
        if not seeds:
            return _not_run(claim, tolerance, f"{claim.compared_with} was not measured with the same seeds.")
        value, interval, values = _comparison(claim, found, other, seeds)
    else:
        value, interval = _statistic(claim, values)
    measured = Measured(
        claim=claim.id,
        value=value,
        std=stdev(values) if len(values) > 1 else None,
        seeds=len(values),
        values=tuple(values),
    )
    result = _decided(claim, measured, interval, tolerance)
    notes = (*found.notes, *(other.notes if other else ()))
    toy = found.toy or (other.toy if other else "")
    return _labelled(result, toy, tuple(dict.fromkeys(notes)))


def _not_run(claim: Claim, tolerance: Tolerance, reason: str) -> ClaimResult:
    allowed = allowed_difference(claim, tolerance)
    return ClaimResult(claim=claim, measured=None, tolerance=allowed, verdict="not_run", reason=reason)


def _labelled(result: ClaimResult, toy: str, notes: tuple[str, ...]) -> ClaimResult:
    """The result with remarks. A toy result names the verdict that it would have, and is never `met`."""
    reason = " ".join((result.reason, *notes))
    if not toy:
        return result.model_copy(update={"reason": reason})
    return result.model_copy(update={"verdict": "toy", "reason": f"Measured {toy}. {reason}"})


# Values and their intervals


def _statistic(claim: Claim, values: Sequence[float]) -> tuple[float, Interval | None]:
    """The statistic that a claim reports, and the interval of its difference from the reported value."""
    match claim.statistic:
        case "mean":
            measured = sample(values)
            return measured.mean, _interval_of_mean(claim, measured)
        case "std":
            deviation = stdev(values) if len(values) > 1 else 0.0
            known = deviation_interval(deviation, len(values)) if len(values) > 1 else (-inf, inf)
            return deviation, _less(claim, known)
        case "median":
            return median(values), _unless_complete(claim, values, median_interval(values) or (-inf, inf))
        case "min":
            return min(values), _unless_complete(claim, values, (-inf, min(values)))
        case "max":
            return max(values), _unless_complete(claim, values, (max(values), inf))
        case "count":
            relations = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
            sign = claim.condition.rstrip("0123456789.- ")
            relation, bound = relations.get(sign, operator.ge), float(claim.condition.removeprefix(sign) or "-inf")
            return _counted(claim, sum(relation(value, bound) for value in values), len(values))


def _interval_of_mean(claim: Claim, measured: Sample) -> Interval | None:
    return difference_of_means(measured, Sample(claim.value, reported_deviation(claim), claim.runs))


def _less(claim: Claim, interval: Interval | None) -> Interval | None:
    """The interval of a value less the reported one."""
    return interval and (interval[0] - claim.value, interval[1] - claim.value)


def _unless_complete(claim: Claim, values: Sequence[float], interval: Interval) -> Interval | None:
    """None if as many runs were measured as the paper has, so that the value itself can be compared."""
    return None if len(values) >= (claim.runs or 1) else _less(claim, interval)


def _counted(claim: Claim, count: int, runs: int) -> tuple[float, Interval | None]:
    """A count, scaled to as many runs as the paper has."""
    total = claim.runs or runs
    low, high = share_interval(count, runs)
    value = float(count) if runs == total else count / runs * total
    return value, None if runs >= total else _less(claim, (low * total, high * total))


def _comparison(
    claim: Claim, found: Measurement, other: Measurement, seeds: Sequence[tuple[str, int]]
) -> tuple[float, Interval | None, list[float]]:
    """How two methods compare over common seeds: value, interval of the difference, and the values of the seeds."""
    own, theirs = [found.values[seed] for seed in seeds], [other.values[seed] for seed in seeds]
    pairs = list(zip(own, theirs, strict=True))
    if claim.statistic == "count":
        wins = [float(a < b if claim.direction == "lower" else a > b) for a, b in pairs]
        return *_counted(claim, int(sum(wins)), len(wins)), wins
    if claim.comparison in ("higher_by", "lower_by", None):
        apart = [b - a if claim.comparison == "lower_by" else a - b for a, b in pairs]
        return fmean(apart), _less(claim, mean_interval(apart)), apart
    if claim.comparison == "times_lower":
        own, theirs = theirs, own
    ratio = fmean(own) / fmean(theirs) if fmean(theirs) else inf
    interval = ratio_interval(own, theirs)
    if claim.comparison in ("times_higher", "times_lower"):
        return ratio, _less(claim, interval), [a / b if b else inf for a, b in zip(own, theirs, strict=True)]
    sign = -1.0 if claim.comparison == "lower_by_share" else 1.0
    size = sign * (100.0 if is_percentage(claim.unit) else 1.0)
    shares = [size * (a / b - 1) if b else inf for a, b in pairs]
    ends = sorted(size * (end - 1) for end in interval) if interval else None
    return size * (ratio - 1), _less(claim, (ends[0], ends[1]) if ends else None), shares


# Verdicts


def _decided(claim: Claim, measured: Measured, interval: Interval | None, tolerance: Tolerance) -> ClaimResult:
    """The verdict from the difference and its interval."""
    allowed = allowed_difference(claim, tolerance)
    apart = measured.value - claim.value
    low, high = _accepted(claim, allowed)
    verdict = verdict_of(interval or (apart, apart), low, high)
    return ClaimResult(
        claim=claim,
        measured=measured,
        tolerance=allowed,
        verdict=verdict,
        reason=_reason(claim, measured, interval, verdict),
        difference=apart,
        interval=interval if interval and all(abs(end) < inf for end in interval) else None,
    )


def _accepted(claim: Claim, allowed: float) -> Interval:
    """The differences with which a claim is met."""
    match claim.bound:
        case ">" | ">=":
            return 0.0, inf
        case "<" | "<=":
            return -inf, 0.0
        case _:
            return -allowed, allowed


def _reason(claim: Claim, measured: Measured, interval: Interval | None, verdict: ClaimVerdict) -> str:
    if measured.seeds is None:
        return "The number of seeds is not known, so there is no interval."
    runs = f"{measured.seeds} seed{'' if measured.seeds == 1 else 's'}"
    if interval is None and claim.statistic == "mean":
        return f"{runs}; the spread is not known, so there is no interval."
    if interval is None:
        return f"{runs}: the {claim.statistic} itself is compared."
    if verdict == "inconclusive":
        return f"{runs}: too few to tell, because values on both sides of the limit are in the interval."
    where = "within" if verdict == "met" else "outside"
    return f"{runs}: the interval of the difference is {where} the limit."
