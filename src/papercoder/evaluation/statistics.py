"""How sure one can be of a mean, and of a difference."""

from collections.abc import Sequence
from math import comb, sqrt
from statistics import fmean, stdev

from papercoder.artifacts import Interval

_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
"""Student's t for 95 %, two-sided, by degrees of freedom from 1."""

_NORMAL = 1.96

_DIGITS = 9
"""Of degrees of freedom; 6.9999999999999 are seven, which a machine added up."""

CHANCE = 0.05
"""What chance alone brings about less often than this is beyond noise."""


def interval(values: Sequence[float]) -> Interval | None:
    """The mean of independent values with its 95 % interval by Student's t; None where there are no values."""
    if not values:
        return None
    mean, n = fmean(values), len(values)
    half = student(n - 1) * stdev(values) / sqrt(n) if n > 1 else 0.0
    return Interval(mean=mean, low=mean - half, high=mean + half, n=n)


def student(freedom: float) -> float:
    """Student's t for 95 %, two-sided; for degrees of freedom between the table's, that of the next lower one."""
    freedom = round(freedom, _DIGITS)
    if freedom < 1:
        return float("inf")
    return _T[int(freedom) - 1] if freedom < len(_T) + 1 else _NORMAL + 2.5 / freedom


def difference(one: Interval, other: Interval) -> Interval | None:
    """The first mean less the second with its 95 % interval by Welch's t; None where either is over a single value."""
    if one.n < 2 or other.n < 2:
        return None
    variances = [((each.high - each.mean) / student(each.n - 1)) ** 2 for each in (one, other)]
    mean, total = one.mean - other.mean, sum(variances)
    spread = sum(variance**2 / (each.n - 1) for variance, each in zip(variances, (one, other), strict=True))
    half = student(total**2 / spread) * sqrt(total) if spread else 0.0
    return Interval(mean=mean, low=mean - half, high=mean + half, n=one.n + other.n)


def sign_test(one: int, other: int) -> float:
    """How often chance alone makes pairs that differ at least as one-sided as this (McNemar's exact test, two-sided).

    Args:
        one: pairs in which the first side alone has it.
        other: pairs in which the second side alone has it; where both or none have it, a pair says nothing.
    """
    pairs = one + other
    tail = sum(comb(pairs, few) for few in range(min(one, other) + 1))
    return min(1.0, 2 * tail / (1 << pairs))
