"""Agreement statistics against published worked examples, and against their definitions."""

from collections import Counter
from itertools import combinations, permutations
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import friedmanchisquare, spearmanr

from papercoder.evaluation.study.agreement import correlation, kendalls_w, krippendorff_alpha, share

EXECUTIVES = ((1, 6, 3, 2, 5, 4), (1, 5, 6, 4, 2, 3), (6, 3, 2, 5, 4, 1))
"""Siegel and Castellan, Nonparametric Statistics, Kendall's W: three executives rank six applicants."""

CODERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
"""Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: four coders, twelve units."""


def test_kendalls_w_of_a_published_example() -> None:
    found = kendalls_w(EXECUTIVES)
    assert found
    assert found[0] == pytest.approx(0.162, abs=5e-4)


@settings(max_examples=40)
@given(
    st.integers(3, 5).flatmap(
        lambda k: st.lists(st.lists(st.integers(1, k), min_size=k, max_size=k), min_size=2, max_size=6)
    )
)
def test_kendalls_w_with_ties_is_friedmans_statistic_as_a_share(rankings: list[list[float]]) -> None:
    assume(any(len(set(each)) > 1 for each in rankings))
    found, people, things = kendalls_w(rankings), len(rankings), len(rankings[0])
    friedman = friedmanchisquare(*zip(*rankings, strict=True))
    assert found
    assert found[0] == pytest.approx(friedman.statistic / (people * (things - 1)))
    assert found[1] == pytest.approx(friedman.pvalue)


def test_kendalls_w_has_its_ends() -> None:
    same = kendalls_w([(1, 1, 3)] * 4)
    assert same
    assert same[0] == pytest.approx(1)
    assert kendalls_w([(1, 2), (2, 1)]) == (0.0, 1.0)
    assert kendalls_w([(1, 1, 1), (2, 2, 2)]) is None
    assert kendalls_w([(1, 2, 3)]) is None
    assert kendalls_w([]) is None


def test_krippendorffs_alpha_of_a_published_example() -> None:
    units = [[value for value in unit if value is not None] for unit in zip(*CODERS, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.815, abs=5e-4)


def alpha_by_definition(units: list[list[int]]) -> float | None:
    """1 - D_o / D_e with every pair of values counted one by one."""
    paired = [unit for unit in units if len(unit) > 1]
    values = [value for unit in paired for value in unit]
    count = Counter(values)

    def distance(one: int, other: int) -> float:
        low, high = sorted((one, other))
        return (sum(count[each] for each in range(low, high + 1)) - (count[low] + count[high]) / 2) ** 2

    observed = sum(2 * distance(*pair) / (len(unit) - 1) for unit in paired for pair in combinations(unit, 2))
    chance = sum(2 * distance(*pair) for pair in combinations(values, 2)) / max(len(values) - 1, 1)
    return 1 - observed / chance if chance else None


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(1, 5), max_size=4), max_size=8))
def test_krippendorffs_alpha_is_its_definition(units: list[list[int]]) -> None:
    assert krippendorff_alpha(units) == pytest.approx(alpha_by_definition(units))


def test_a_correlation_is_spearmans_within_a_group() -> None:
    pairs = [(1.0, 2.0), (2.0, 2.0), (3.0, 5.0), (4.0, 3.0), (4.0, 9.0)]
    rho, _ = correlation([pairs], Random(0), 10)
    assert rho == pytest.approx(spearmanr(*zip(*pairs, strict=True)).statistic)
    shifted = [(one + 100, other - 100) for one, other in pairs]
    assert correlation([pairs, shifted], Random(0), 10)[0] == pytest.approx(rho)
    assert correlation([[(1.0, 1.0), (1.0, 2.0)]], Random(0), 10) == (None, None)


def test_the_p_value_of_a_correlation_is_a_share_of_the_orders() -> None:
    _, p_value = correlation([[(1, 10), (2, 20), (3, 30), (4, 40)]], Random(0), 4_000)
    assert p_value == pytest.approx(2 / len(list(permutations(range(4)))), abs=0.01)


def test_a_share_has_wilsons_interval() -> None:
    """Wilson (1927) for 9 of 10; also in Newcombe (1998)."""
    found = share(9, 10)
    assert found
    assert (found.mean, round(found.low, 3), round(found.high, 3)) == (0.9, 0.596, 0.982)
    assert share(0, 0) is None
