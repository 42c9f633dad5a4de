"""Intervals and p values, compared with tables and with sums done by hand."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp, ttest_ind

from papercoder.artifacts import Interval
from papercoder.evaluation.statistics import LEVEL, difference, holm, interval, paired_p_value, sign_test


def test_an_interval_is_students() -> None:
    found = interval([2, 3, 4, 3, 3, 4, 2, 3])
    half = 2.365 * sqrt(4 / 7) / sqrt(8)  # squares of the deviations from 3: four times 1
    assert found is not None
    assert (found.mean, found.n) == (3, 8)
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half), abs=1e-3)


def test_two_values_have_a_wide_interval_one_has_none() -> None:
    two = interval([3, 4])
    assert two is not None
    assert (two.low, two.high) == pytest.approx((3.5 - 12.706 / 2, 3.5 + 12.706 / 2), abs=1e-3)
    assert interval([4]) == Interval(mean=4, low=4, high=4, n=1)
    assert interval([]) is None


def test_equal_values_have_no_width() -> None:
    assert interval([1, 1, 1]) == Interval(mean=1, low=1, high=1, n=3)


def test_a_difference_is_welchs() -> None:
    one, other = interval([4, 4, 5, 3]), interval([2, 2, 3, 1, 2])
    assert one is not None
    assert other is not None
    found = difference(one, other)
    expected = ttest_ind([4, 4, 5, 3], [2, 2, 3, 1, 2], equal_var=False).confidence_interval()
    assert found is not None
    assert found.mean == pytest.approx(2)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_a_difference_of_values_without_spread_has_no_width_and_of_single_values_is_none() -> None:
    same, single = interval([1, 1]), interval([4])
    assert same is not None
    assert single is not None
    assert difference(same, same) == Interval(mean=0, low=0, high=0, n=4)
    assert difference(same, single) is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(0, 0, 1.0), (1, 0, 1.0), (3, 3, 1.0), (5, 0, 2 / 32), (0, 6, 2 / 64), (8, 1, 20 / 512)],
)
def test_a_sign_test_is_that_of_a_coin(one: int, other: int, expected: float) -> None:
    assert sign_test(one, other) == sign_test(other, one) == pytest.approx(expected)


def test_six_pairs_to_one_side_are_the_fewest_that_are_significant() -> None:
    assert sign_test(5, 0) > LEVEL > sign_test(6, 0)
    assert sign_test(3_000, 2_000) < 1e-40


def test_paired_differences_are_tested_by_t() -> None:
    differences = [0.1, 0.3, 0.5, 0.3]
    assert paired_p_value(differences) == pytest.approx(ttest_1samp(differences, 0).pvalue)
    assert paired_p_value([0.1, 0.3]) is None


def test_equal_differences_are_tested_by_their_signs() -> None:
    assert paired_p_value([0.5] * 3) == pytest.approx(0.25)
    assert paired_p_value([0.1 + 0.2, 0.3, 0.3, 0.3, 0.3, 0.3]) == pytest.approx(1 / 32)
    assert paired_p_value([0.0, 0.0, 0.0]) == 1.0


def test_holm_as_in_the_textbook() -> None:
    # m = 4: 4 x 0.01, then 3 x 0.02, then 2 x 0.03 lifted to the one before, then 1 x 0.04 likewise.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx((0.06, 0.04, 0.06, 0.06))
    assert holm([0.9, 0.8]) == (1.0, 1.0)
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_only_raises_and_keeps_the_order(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(raw <= one <= 1 for raw, one in zip(values, adjusted, strict=True))
    by_raw = [one for _, one in sorted(zip(values, adjusted, strict=True))]
    assert by_raw == sorted(by_raw)
