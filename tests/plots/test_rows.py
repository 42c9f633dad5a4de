"""Bars and intervals: marks lie where their values are, and inside the plot."""

from hypothesis import given, settings
from hypothesis import strategies as st

from papercoder.artifacts import Interval
from papercoder.plots.rows import Bar, Row, bars, intervals
from tests.diagrams.shapes import parsed, texts
from tests.plots.shapes import is_inside, marks


def value(mean: float, low: float, high: float, n: int = 4) -> Interval:
    return Interval(mean=mean, low=low, high=high, n=n)


def test_bars_have_their_names_and_values_as_text() -> None:
    svg = bars((Bar("planning", 2.0, "2.0 s"), Bar("coding", 4.0, "4.0 s")), "Time")
    assert texts(svg) == ["planning", "2.0 s", "coding", "4.0 s"]
    assert parsed(svg).findtext("{*}desc") == "planning: 2.0 s; coding: 4.0 s"


def test_bars_of_nothing() -> None:
    assert texts(bars((Bar("planning", 0.0, "0 s"),), "Time")) == ["planning", "0 s"]
    assert texts(bars((), "Time", alone=True)) == ["Time"]


def test_a_higher_mean_lies_further_right() -> None:
    rows = (Row("a", value(2, 1, 3), "good"), Row("b", value(4, 3, 5), "good"))
    (left, top), (right, bottom) = marks(intervals(rows, 1, 5, "Scores"), "good")
    assert left < right
    assert top < bottom


def test_marks_beyond_the_scale_stand_at_its_end() -> None:
    rows = (Row("a", value(7.5, -2.9, 99), "good", (1e9, -1e9)), Row("b", value(5, 5, 5), "bad"), Row("c", None))
    svg = intervals(rows, 1, 5, "Scores")
    assert is_inside(svg)
    assert marks(svg, "good")[0][0] == marks(svg, "bad")[0][0]


def test_a_row_is_described_and_a_single_value_has_no_interval() -> None:
    rows = (Row("a", value(3.5, -1, 5)), Row("b", value(0.5, 0.5, 0.5, n=1)), Row("c", value(0.5, 0, 1), words="50 %"))
    about = parsed(intervals(rows, 0, 5, "Scores")).findtext("{*}desc")
    assert about == "a: 3.50, 0.00 to 5.00; b: 0.50; c: 50 %, 0.00 to 1.00"


def test_a_long_name_is_cut_and_whole_in_its_tooltip() -> None:
    name = f"{'a very long name ' * 8}<script>"
    svg = intervals((Row(name, value(2, 1, 3)),), 1, 5, "Scores")
    assert any(text.endswith("…") for text in texts(svg))
    assert parsed(svg).findtext("{*}g/{*}title") == name
    assert is_inside(svg)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.text(max_size=80), st.floats(0, 1e18)), max_size=4))
def test_any_bars_are_drawn_inside(rows: list[tuple[str, float]]) -> None:
    assert is_inside(bars(tuple(Bar(label, size, f"{size:.3g}") for label, size in rows), "Any"))
