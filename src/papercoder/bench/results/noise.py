"""Which differences are beyond noise: paired tests, and Holm's correction where there are many."""

from collections.abc import Sequence
from math import atan, cos, pi, sin, sqrt
from statistics import fmean, stdev

LEVEL = 0.05
"""A difference is beyond noise where chance alone would give one as large less often than this."""

FEWEST = 3
"""Papers below which nothing can be told."""

_SAME = 1e-9
"""Of a difference's own size: a spread smaller than this is rounding."""


def chance(differences: Sequence[float]) -> float | None:
    """How often chance alone gives paired differences with a mean as far from 0; None for fewer than `FEWEST`.

    Student's paired t-test. Where all differences are the same, nothing shows how much they vary; the exact test of
    signs stands in, which needs six papers to tell anything.
    """
    n = len(differences)
    if n < FEWEST:
        return None
    if not any(differences):
        return 1.0
    if not vary(differences):
        return 2.0 ** (1 - n)
    return two_sided(fmean(differences) / stdev(differences) * sqrt(n), n - 1)


def vary(differences: Sequence[float]) -> bool:
    """Whether they are not all the same, but for rounding."""
    return len(differences) > 1 and stdev(differences) > _SAME * max(map(abs, differences))


def two_sided(t: float, freedom: int) -> float:
    """How often Student's t lies at least this far from 0 (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = atan(abs(t) / sqrt(freedom))
    odd = freedom % 2
    term, total = cos(angle) ** odd, 0.0
    for power in range(odd, freedom - 1, 2):
        total += term
        term *= cos(angle) ** 2 * (power + 1) / (power + 2)
    within = sin(angle) * total
    return max(0.0, 1 - (2 / pi * (angle + within) if odd else within))


def holm(values: Sequence[float]) -> tuple[float, ...]:
    """The same chances, corrected for how many were tested (Holm, 1979), in the same order."""
    corrected, least = [0.0] * len(values), 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = max(least, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = least
    return tuple(corrected)
