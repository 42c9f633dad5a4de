"""Confidence intervals of means and differences, and p values of paired samples."""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, stdev

from scipy.special import bdtr, stdtr, stdtrit

from papercoder.artifacts import Interval

LEVEL = 0.05
"""A difference is significant if its p value is lower."""

FEWEST = 3
"""Pairs below which no p value is given."""

_SAME = 1e-9
"""Differences that vary by less than this share of their size are equal except for rounding."""


def interval(values: Sequence[float]) -> Interval | None:
    """The mean of independent values with its 95 % interval by Student's t; None without values."""
    if not values:
        return None
    mean, n = fmean(values), len(values)
    half = _t(n - 1) * stdev(values) / sqrt(n) if n > 1 else 0.0
    return Interval(mean=mean, low=mean - half, high=mean + half, n=n)


def difference(one: Interval, other: Interval) -> Interval | None:
    """The first mean less the second with its 95 % interval by Welch's t; None if either is of a single value."""
    if one.n < 2 or other.n < 2:
        return None
    variances = [((each.high - each.mean) / _t(each.n - 1)) ** 2 for each in (one, other)]
    mean, total = one.mean - other.mean, sum(variances)
    spread = sum(variance**2 / (each.n - 1) for variance, each in zip(variances, (one, other), strict=True))
    half = _t(total**2 / spread) * sqrt(total) if spread else 0.0
    return Interval(mean=mean, low=mean - half, high=mean + half, n=one.n + other.n)


def _t(freedom: float) -> float:
    """The two-sided 95 % quantile of Student's t."""
    return float(stdtrit(freedom, 0.975))


def paired_p_value(differences: Sequence[float]) -> float | None:
    """The two-sided p value of Student's paired t-test; None for fewer than `FEWEST` pairs.

    If all differences are equal, their spread says nothing; then it is the p value of the exact sign test, which
    needs six pairs to be below 5 %.
    """
    n = len(differences)
    if n < FEWEST:
        return None
    if not vary(differences):
        return sign_test(n, 0) if any(differences) else 1.0
    return 2 * float(stdtr(n - 1, -abs(fmean(differences) / stdev(differences) * sqrt(n))))


def vary(differences: Sequence[float]) -> bool:
    """Whether they differ by more than rounding."""
    return len(differences) > 1 and stdev(differences) > _SAME * max(map(abs, differences))


def sign_test(one: int, other: int) -> float:
    """The two-sided p value of pairs that differ (McNemar's exact test).

    Args:
        one: pairs that only the first side has.
        other: pairs that only the second side has.
    """
    return min(1.0, 2 * float(bdtr(min(one, other), one + other, 0.5)))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p values adjusted for their number, in the same order (Holm, 1979)."""
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = least
    return tuple(adjusted)
