"""Plots: scales that hold, ticks that are round, what is far off at the edge."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import ClaimResult, Measured
from papercoder.report.plots import Bar, bars, dots, ticks
from tests.diagrams.shapes import numbers, texts
from tests.report.folders import claim


def result(value: float, mean: float | None, spread: float | None = None) -> ClaimResult:
    one = claim(1, value, spread=spread)
    measured = Measured(claim="C1", mean=mean, std=spread) if mean is not None else None
    return ClaimResult(claim=one, measured=measured, tolerance=0.1, verdict="met" if measured else "not_run")


def test_a_plot_says_what_it_shows() -> None:
    svg = dots([result(0.5, 0.55, 0.1), result(0.7, None)], "error")
    assert {"✓ met", "○ not run", "reported ± spread"} <= set(texts(svg))
    assert "reported 0.5, measured 0.55, met" in svg


def test_a_value_far_off_stands_at_the_edge_in_words() -> None:
    assert "4.9e+08" in texts(dots([result(0.5, 4.9e8)], "error"))


_finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(_finite, _finite | st.none(), st.floats(0, 1e300) | st.none()), min_size=1, max_size=5))
def test_any_numbers_are_drawn_inside(rows: list[tuple[float, float | None, float | None]]) -> None:
    svg = dots([result(*row) for row in rows], "error")
    assert all(math.isfinite(x) and -1 <= x <= 861 for x in numbers(svg, "//@x | //@x1 | //@x2 | //@cx"))


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (5, 5, []), (0, math.inf, [])]
)
def test_ticks(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == expected


def test_a_drawing_of_bars_is_as_wide_as_their_words() -> None:
    words = "$0.00, 11 calls, 243.5 k tokens and what they were for"
    width = re.search(r'width="(\d+)"', bars([Bar("review", 1.0, words)], "Cost"))
    assert width
    assert int(width[1]) > 490 + 6 * len(words)


def test_bars_of_nothing() -> None:
    assert bars([Bar("planning", 0.0, "0 s")], "Time").startswith("<svg")
    assert bars([], "Time").startswith("<svg")
