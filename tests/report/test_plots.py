"""Plots of claims: reported and measured values on one scale, outliers at the edge."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from papercoder.artifacts import ClaimResult, Measured
from papercoder.report.plots import claim_plot
from tests.diagrams.shapes import parsed, texts
from tests.plots.shapes import is_inside, marks
from tests.report.folders import claim


def result(value: float, mean: float | None, spread: float | None = None) -> ClaimResult:
    one = claim(1, value, spread=spread)
    measured = Measured(claim="C1", value=mean, std=spread) if mean is not None else None
    return ClaimResult(claim=one, measured=measured, tolerance=0.1, verdict="met" if measured else "not_run")


def drawn(*results: ClaimResult) -> list[str]:
    """The wide plot and the narrow one."""
    return re.findall(r"<svg.*?</svg>", claim_plot(tuple(results), "error"))


def test_a_plot_says_what_it_shows_for_wide_and_narrow_pages() -> None:
    wide, narrow = drawn(result(0.5, 0.55, 0.1), result(0.7, None))
    for svg in (wide, narrow):
        assert {"✓ met", "○ not run", "reported ± spread", "tolerance"} <= set(texts(svg))
        assert "reported 0.5, measured 0.55, met" in str(parsed(svg).findtext("{*}desc"))
        assert is_inside(svg)
    assert float(parsed(narrow).get("width", "")) < 400 < float(parsed(wide).get("width", ""))


def test_a_larger_value_lies_further_right() -> None:
    for svg in drawn(result(0.5, 0.45), result(0.5, 0.55)):
        (left, _), (right, _) = marks(svg, "good")
        assert left < right


def test_an_outlier_is_a_number_at_the_edge() -> None:
    for svg in drawn(result(0.5, 4.9e8)):
        assert "4.9e+08" in texts(svg)
        assert is_inside(svg)


_finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=30)
@given(st.lists(st.tuples(_finite, _finite | st.none(), st.floats(0, 1e300) | st.none()), min_size=1, max_size=4))
def test_any_numbers_are_drawn_inside(rows: list[tuple[float, float | None, float | None]]) -> None:
    assert all(map(is_inside, drawn(*(result(*row) for row in rows))))
