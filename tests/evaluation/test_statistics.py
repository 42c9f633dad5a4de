"""Means, and how sure one can be of them, held against tables and sums done by hand."""

from math import inf, sqrt

import pytest

from papercoder.artifacts import Interval
from papercoder.evaluation.statistics import CHANCE, difference, interval, sign_test, student


def test_an_interval_is_students() -> None:
    found = interval([2, 3, 4, 3, 3, 4, 2, 3])
    half = 2.365 * sqrt(4 / 7) / sqrt(8)  # squares of the deviations from 3: four times 1
    assert found is not None
    assert (found.mean, found.n) == (3, 8)
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half))


def test_two_values_tell_little_one_tells_nothing_and_none_is_none() -> None:
    assert interval([3, 4]) == Interval(mean=3.5, low=3.5 - 12.706 / 2, high=3.5 + 12.706 / 2, n=2)
    assert interval([4]) == Interval(mean=4, low=4, high=4, n=1)
    assert interval([]) is None


def test_equal_values_have_no_width() -> None:
    assert interval([1, 1, 1]) == Interval(mean=1, low=1, high=1, n=3)


@pytest.mark.parametrize(
    ("freedom", "t"),
    [(1, 12.706), (2, 4.303), (7, 2.365), (15, 2.131), (16, 2.120), (20, 2.086), (30, 2.042), (60, 2.000), (1e9, 1.96)],
)
def test_students_t_is_the_tables(freedom: float, t: float) -> None:
    assert student(freedom) == pytest.approx(t, abs=0.005)


def test_students_t_falls_and_is_never_less_wide_than_between_the_tables_values() -> None:
    values = [student(freedom / 4) for freedom in range(4, 200)]
    assert values == sorted(values, reverse=True)
    assert student(2.9) == student(2)
    assert student(7 - 1e-13) == student(7), "how a machine adds is no uncertainty"
    assert student(0.5) == inf


def test_a_difference_is_welchs() -> None:
    one, other = interval([4, 4, 5, 3]), interval([2, 2, 3, 1, 2])
    assert one is not None
    assert other is not None
    found = difference(one, other)
    # variances of the means: (2/3)/4 and (1/2)/5; freedom (4/15)² / ((1/6)²/3 + (1/10)²/4) = 6.05; t = 2.447
    assert found is not None
    assert found.mean == pytest.approx(2)
    assert found.high - found.mean == pytest.approx(2.447 * sqrt(1 / 6 + 1 / 10))
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_a_difference_of_values_without_spread_has_no_width_and_of_single_values_is_none() -> None:
    same, single = interval([1, 1]), interval([4])
    assert same is not None
    assert single is not None
    assert difference(same, same) == Interval(mean=0, low=0, high=0, n=4)
    assert difference(same, single) is None


@pytest.mark.parametrize(
    ("one", "other", "chance"),
    [(0, 0, 1.0), (1, 0, 1.0), (3, 3, 1.0), (5, 0, 2 / 32), (0, 6, 2 / 64), (8, 1, 20 / 512)],
)
def test_a_sign_test_is_that_of_a_coin(one: int, other: int, chance: float) -> None:
    assert sign_test(one, other) == sign_test(other, one) == pytest.approx(chance)


def test_six_pairs_to_one_side_are_the_fewest_that_are_beyond_chance() -> None:
    assert sign_test(5, 0) > CHANCE > sign_test(6, 0)
    assert sign_test(3_000, 2_000) < 1e-40
