"""Judges orderings: whether what the paper presents as better is better, by the seeds that the methods share."""

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from statistics import fmean

from papercoder.artifacts.claims import Claims, ClaimVerdict, Ordering, OrderingResult
from papercoder.claims.intervals import mean_interval, sign_test, verdict_of
from papercoder.claims.measurements import Measurement, Measurements, Wanted

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
        found = [measurements.of_method(wanted, method, ordering.dataset) for method in ordering.methods]
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
