"""95 % intervals of what was measured, and the verdicts that follow from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from statistics import fmean, stdev

from scipy.special import bdtr, betaincinv, chdtri, ndtri, stdtrit

from papercoder.artifacts.claims import ClaimVerdict

Interval = tuple[float, float]

_ENOUGH = 5
"""Seeds from which the measured deviation alone is used; with fewer, the paper's is used too."""

_HALF = 0.025
"""The share of errors on each side."""


@dataclass(frozen=True)
class Sample:
    """A mean of runs."""

    mean: float
    std: float | None
    """The standard deviation of the runs; None if unknown."""

    runs: int | None
    """None if unknown."""


def sample(values: Sequence[float]) -> Sample:
    """The mean and deviation of these values."""
    return Sample(fmean(values), stdev(values) if len(values) > 1 else None, len(values))


def difference_of_means(measured: Sample, reported: Sample) -> Interval | None:
    """The interval of the measured less the reported mean; None if no deviation is known.

    With five seeds and more by Welch's t, with fewer by the pooled t of both deviations. If the paper does not say how
    many runs it made, its mean counts as exact and its deviation as known.
    """
    apart = measured.mean - reported.mean
    if measured.runs is None or (measured.std is None and reported.std is None):
        return None
    if measured.std is not None and (measured.runs >= _ENOUGH or not reported.std):
        return _around(apart, *_welch(measured.std, measured.runs, reported))
    deviation, runs = reported.std or 0.0, reported.runs
    if runs is None or runs < 2:
        return _around(apart, deviation / sqrt(measured.runs), None)
    freedom = measured.runs + runs - 2
    pooled = sqrt(((measured.runs - 1) * (measured.std or 0.0) ** 2 + (runs - 1) * deviation**2) / freedom)
    return _around(apart, pooled * sqrt(1 / measured.runs + 1 / runs), freedom)


def _welch(deviation: float, runs: int, reported: Sample) -> tuple[float, float]:
    """Standard error and degrees of freedom of the difference."""
    own = deviation**2 / runs
    theirs = reported.std**2 / reported.runs if reported.std and reported.runs and reported.runs > 1 else 0.0
    total = own + theirs
    if not total or reported.runs is None:
        return sqrt(total), runs - 1
    weights = own**2 / (runs - 1) + (theirs**2 / (reported.runs - 1) if theirs else 0.0)
    return sqrt(total), total**2 / weights


def _around(middle: float, error: float, freedom: float | None) -> Interval:
    """The interval of this standard error, by Student's t; by the normal distribution without degrees of freedom."""
    half = error * float(-ndtri(_HALF) if freedom is None else stdtrit(freedom, 1 - _HALF))
    return middle - half, middle + half


def mean_interval(values: Sequence[float]) -> Interval | None:
    """The interval of the mean of independent values, by Student's t; None for fewer than two."""
    if len(values) < 2:
        return None
    return _around(fmean(values), stdev(values) / sqrt(len(values)), len(values) - 1)


def ratio_interval(values: Sequence[float], others: Sequence[float]) -> Interval | None:
    """The interval of the ratio of two paired means, by its linear approximation (Cochran, 1977, section 6.3)."""
    below = fmean(others)
    if len(values) < 2 or not below:
        return None
    ratio = fmean(values) / below
    rests = [(value - ratio * other) / below for value, other in zip(values, others, strict=True)]
    return _around(ratio, stdev(rests) / sqrt(len(rests)), len(rests) - 1)


def deviation_interval(deviation: float, runs: int) -> Interval:
    """The interval of a standard deviation of normal values, by chi-squared."""
    freedom = runs - 1
    low, high = (deviation * sqrt(freedom / float(chdtri(freedom, tail))) for tail in (_HALF, 1 - _HALF))
    return low, high


def median_interval(values: Sequence[float]) -> Interval | None:
    """The interval of the median, between two order statistics; None for fewer than six values."""
    ordered, n = sorted(values), len(values)
    below = [rank for rank in range(n // 2) if bdtr(rank, n, 0.5) <= _HALF]
    return (ordered[below[-1]], ordered[n - 1 - below[-1]]) if below else None


def share_interval(count: int, runs: int) -> Interval:
    """The interval of a share (Clopper and Pearson, 1934)."""
    low = float(betaincinv(count, runs - count + 1, _HALF)) if count else 0.0
    high = float(betaincinv(count + 1, runs - count, 1 - _HALF)) if count < runs else 1.0
    return low, high


def sign_test(wins: int, losses: int) -> float:
    """The probability of at least this many wins if both were equally good."""
    return float(bdtr(losses, wins + losses, 0.5))


def verdict_of(interval: Interval, low: float, high: float) -> ClaimVerdict:
    """`met` if the interval lies within these limits, `differs` if outside, `inconclusive` if across one of them."""
    start, end = interval
    slack = 1e-9 * max((abs(number) for number in (start, end, low, high) if abs(number) < inf), default=0.0)
    if low - slack <= start and end <= high + slack:
        return "met"
    return "differs" if end < low - slack or start > high + slack else "inconclusive"
