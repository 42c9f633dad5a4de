"""The intervals agree with scipy's tests."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from papercoder.claims.intervals import (
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

numbers = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))


def varied(least: int = 2, most: int = 20) -> st.SearchStrategy[list[float]]:
    """Values that are not all the same."""
    return st.lists(numbers, min_size=least, max_size=most).filter(lambda values: max(values) - min(values) > 1e-2)


@given(varied())
def test_a_mean_has_students_interval(values: list[float]) -> None:
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert mean_interval(values) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-6)


@given(varied(least=5), varied())
def test_many_seeds_are_compared_by_welchs_test(values: list[float], paper: list[float]) -> None:
    expected = stats.ttest_ind(values, paper, equal_var=False).confidence_interval()
    assert difference_of_means(sample(values), sample(paper)) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-6)


@given(varied(least=2, most=4), varied())
def test_few_seeds_are_compared_by_the_pooled_test(values: list[float], paper: list[float]) -> None:
    expected = stats.ttest_ind(values, paper, equal_var=True).confidence_interval()
    assert difference_of_means(sample(values), sample(paper)) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-6)


@given(varied(), numbers)
def test_without_the_papers_deviation_its_mean_is_exact(values: list[float], reported: float) -> None:
    expected = stats.ttest_1samp(values, reported).confidence_interval()
    found = difference_of_means(sample(values), Sample(reported, None, None))
    assert found is not None
    assert (found[0] + reported, found[1] + reported) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-6)


def test_one_seed_uses_the_papers_deviation() -> None:
    one = sample([10.0])
    low, high = difference_of_means(one, Sample(9.0, 0.5, None)) or (0.0, 0.0)
    assert (low, high) == pytest.approx((1 - 1.959964 * 0.5, 1 + 1.959964 * 0.5))
    of_twenty = difference_of_means(one, Sample(9.0, 0.5, 20)) or (0.0, 0.0)
    half = stats.t.ppf(0.975, 19) * 0.5 * np.sqrt(1 + 1 / 20)
    assert of_twenty == pytest.approx((1 - half, 1 + half))


def test_one_seed_without_any_deviation_has_no_interval() -> None:
    assert difference_of_means(sample([10.0]), Sample(9.0, None, None)) is None
    assert difference_of_means(Sample(10.0, 0.1, None), Sample(9.0, 0.5, None)) is None
    assert mean_interval([1.0]) is None
    assert ratio_interval([1.0], [2.0]) is None


def test_equal_values_have_an_interval_without_width() -> None:
    assert difference_of_means(sample([2.0, 2.0, 2.0]), Sample(1.0, None, None)) == (1.0, 1.0)
    assert mean_interval([2.0, 2.0]) == (2.0, 2.0)


@given(st.integers(1, 40).flatmap(lambda runs: st.tuples(st.integers(0, runs), st.just(runs))))
def test_a_share_has_the_exact_interval(counts: tuple[int, int]) -> None:
    expected = stats.binomtest(*counts).proportion_ci()
    assert share_interval(*counts) == pytest.approx(tuple(expected), abs=1e-9)


@given(st.integers(0, 20), st.integers(0, 20))
def test_the_sign_test_is_the_binomial_test(wins: int, losses: int) -> None:
    if wins + losses:
        expected = stats.binomtest(wins, wins + losses, alternative="greater").pvalue
        assert sign_test(wins, losses) == pytest.approx(expected)


@given(varied(least=6, most=30))
def test_the_median_lies_between_order_statistics(values: list[float]) -> None:
    interval = median_interval(values)
    assert interval is not None
    assert interval[0] <= float(np.median(values)) <= interval[1]
    ordered = sorted(values)
    rank = ordered.index(interval[0])
    assert 2 * stats.binom.cdf(rank, len(values), 0.5) <= 0.05 or ordered.count(interval[0]) > 1


def test_few_values_have_no_interval_of_the_median() -> None:
    assert median_interval([1.0, 2.0, 3.0, 4.0, 5.0]) is None
    assert median_interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) == (1.0, 6.0)


def test_a_deviation_has_the_chi_squared_interval() -> None:
    low, high = deviation_interval(2.0, 10)
    assert low == pytest.approx(2 * np.sqrt(9 / stats.chi2.ppf(0.975, 9)))
    assert high == pytest.approx(2 * np.sqrt(9 / stats.chi2.ppf(0.025, 9)))


def test_the_interval_of_a_ratio_covers_it_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        others = random.normal(10, 1, 8)
        values = 2 * others + random.normal(0, 0.5, 8)
        low, high = ratio_interval(list(values), list(others)) or (0.0, 0.0)
        covered += low <= 2 <= high
    assert 0.91 <= covered / 400 <= 0.985


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((-0.5, 0.5), "met"),
        ((-1.0, 1.0), "met"),
        ((0.5, 1.5), "inconclusive"),
        ((-3.0, 3.0), "inconclusive"),
        ((1.5, 2.0), "differs"),
        ((-2.0, -1.5), "differs"),
        ((float("-inf"), float("inf")), "inconclusive"),
        ((float("-inf"), -2.0), "differs"),
    ],
)
def test_an_interval_and_limits(interval: tuple[float, float], expected: str) -> None:
    assert verdict_of(interval, -1.0, 1.0) == expected
