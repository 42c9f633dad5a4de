"""How far people agree, and how often one repository is ranked above another."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from math import sqrt
from random import Random

from scipy.special import chdtrc
from scipy.stats import binomtest, rankdata

from papercoder.artifacts import Interval


def mean_ranks(ranks: Sequence[float]) -> tuple[float, ...]:
    """Ranks in which equals share the mean of their places: 1, 1, 2 becomes 1.5, 1.5, 3."""
    return tuple(map(float, rankdata(ranks)))


def kendalls_w(rankings: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """Kendall's W, corrected for ties, and the p value of its chi-square statistic (Kendall and Smith, 1939).

    Args:
        rankings: each person's ranks of the same things, in the same order.

    Returns:
        W, from 0 (no agreement) to 1, and its p value; None for fewer than two people or two things, or if nobody
        distinguishes anything.
    """
    people, things = len(rankings), len(rankings[0]) if rankings else 0
    if people < 2 or things < 2:
        return None
    ranked = [mean_ranks(each) for each in rankings]
    sums = [sum(column) for column in zip(*ranked, strict=True)]
    middle = people * (things + 1) / 2
    ties = sum(count**3 - count for each in ranked for count in Counter(each).values())
    most = people**2 * (things**3 - things) - people * ties
    if most == 0:
        return None
    w = 12 * sum((total - middle) ** 2 for total in sums) / most
    return w, float(chdtrc(things - 1, people * (things - 1) * w))


def krippendorff_alpha(units: Iterable[Sequence[float]]) -> float | None:
    """Krippendorff's alpha for ordinal values; people may have left units out (Krippendorff, 2011).

    Args:
        units: the values that different people gave to the same thing.

    Returns:
        1 for perfect agreement, 0 for chance, below 0 for less; None if no unit has two values, or all are equal.
    """
    coincidences = defaultdict[tuple[float, float], float](float)
    for values in units:
        for place, one in enumerate(values):
            for other in (*values[:place], *values[place + 1 :]):
                coincidences[one, other] += 1 / (len(values) - 1)
    totals = defaultdict[float, float](float)
    for (one, _), share in coincidences.items():
        totals[one] += share
    scale = sorted(totals)
    steps = ((totals[one] + totals[other]) / 2 for one, other in pairwise(scale))
    at = dict(zip(scale, accumulate(steps, initial=0.0), strict=False))  # of no values, there are no steps
    observed = sum(share * (at[one] - at[other]) ** 2 for (one, other), share in coincidences.items())
    chance = sum(totals[one] * totals[other] * (at[one] - at[other]) ** 2 for one in totals for other in totals)
    return 1 - (sum(totals.values()) - 1) * observed / chance if chance else None


def share(part: int, whole: int) -> Interval | None:
    """A share with Wilson's 95 % interval; None of nothing."""
    if not whole:
        return None
    found = binomtest(part, whole).proportion_ci(method="wilson")
    return Interval(mean=part / whole, low=float(found.low), high=float(found.high), n=whole)


def correlation(
    groups: Sequence[Sequence[tuple[float, float]]], random: Random, shuffles: int
) -> tuple[float | None, float | None]:
    """Spearman's rank correlation of pairs that can be compared within their group only, such as a paper.

    The values become ranks within each group, and their distances from the group's mean rank are correlated over all
    groups. The p value is the share of shuffles within the groups that correlate at least as strongly.

    Returns:
        The correlation and its p value; None and None if one side has equal values in every group.
    """
    ones = [_centred([one for one, _ in group]) for group in groups]
    others = [_centred([other for _, other in group]) for group in groups]
    size = sqrt(sum(a * a for each in ones for a in each) * sum(b * b for each in others for b in each))
    if not size:
        return None, None
    found = _product(ones, others) / size
    stronger = sum(
        abs(_product([random.sample(each, len(each)) for each in ones], others)) / size >= abs(found) - _ROUNDING
        for _ in range(shuffles)
    )
    return found, (stronger + 1) / (shuffles + 1)


_ROUNDING = 1e-9


def _centred(values: Sequence[float]) -> list[float]:
    ranks = mean_ranks(values)
    middle = (len(ranks) + 1) / 2
    return [rank - middle for rank in ranks]


def _product(ones: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> float:
    return sum(a * b for one, other in zip(ones, others, strict=True) for a, b in zip(one, other, strict=True))
