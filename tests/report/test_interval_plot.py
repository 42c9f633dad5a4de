"""Means with their intervals: drawn where they lie, cut at the ends of the scale; without a value there is no dot."""

import re

from lxml import etree

from papercoder.artifacts import Interval
from papercoder.report.interval_plot import Row, intervals


def drawn(*rows: Row) -> str:
    svg = intervals(rows, 1, 5, "Scores")
    etree.fromstring(str(svg))
    return str(svg)


def value(mean: float, low: float, high: float) -> Interval:
    return Interval(mean=mean, low=low, high=high, n=4)


def test_a_higher_mean_lies_further_right() -> None:
    dots = re.findall(r'<circle cx="([\d.]+)"', drawn(Row("a", value(2, 1, 3)), Row("b", value(4, 3, 5))))
    assert float(dots[0]) < float(dots[1])


def test_what_lies_beyond_the_scale_is_cut() -> None:
    xs = [float(x) for x in re.findall(r'x[12]="([\d.-]+)"', drawn(Row("a", value(3.5, -2.9, 9.9))))]
    assert 130 < min(xs) < max(xs) < 400


def test_a_row_without_a_value_says_so() -> None:
    svg = drawn(Row("a", None))
    assert "no value" in svg
    assert "<circle" not in svg


def test_a_row_is_said_within_the_scale_and_a_single_value_without_an_interval() -> None:
    assert ">a: 3.50, 1.00 to 5.00<" in drawn(Row("a", value(3.5, -2.9, 9.9)))
    single = Interval(mean=0.5, low=0.5, high=0.5, n=1)
    assert ">a: 0.50<" in drawn(Row("a", single))
    assert ">a: 50%<" in drawn(Row("a", single, words="50%"))


def test_names_are_words_alone() -> None:
    svg = drawn(Row('<script>alert("1")</script>', value(2, 1, 3)))
    assert "<script" not in svg
