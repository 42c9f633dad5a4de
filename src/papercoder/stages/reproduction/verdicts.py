"""Compares the claims of the paper with what trials measured."""

import statistics
from collections.abc import Sequence

from papercoder.artifacts import Claims, TrialResult
from papercoder.artifacts.claims import Claim, ClaimResult, ClaimResults, Measured, Tolerance

TOLERANCE = Tolerance()


def compare(claims: Claims, results: Sequence[TrialResult], tolerance: Tolerance = TOLERANCE) -> ClaimResults:
    """Each claim with its measurements and verdict."""
    return ClaimResults(tolerance=tolerance, items=tuple(_judge(claim, results, tolerance) for claim in claims.items))


def _judge(claim: Claim, results: Sequence[TrialResult], tolerance: Tolerance) -> ClaimResult:
    own = [result for result in results if claim.id in result.trial.claims and claim.metric in result.measured]
    values = tuple(result.measured[claim.metric] for result in own)
    allowed = tolerance.relative * abs(claim.value) if claim.spread is None else tolerance.spreads * claim.spread
    if not values:
        return ClaimResult(claim=claim, measured=None, tolerance=allowed, verdict="not_run")
    mean = statistics.fmean(values)
    is_toy = any(result.scale < 1 or result.synthetic for result in own)
    return ClaimResult(
        claim=claim,
        measured=Measured(claim=claim.id, value=mean, seeds=len(values), values=values),
        tolerance=allowed,
        verdict="toy" if is_toy else "met" if abs(mean - claim.value) <= allowed else "differs",
        difference=mean - claim.value,
    )
