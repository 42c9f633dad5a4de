"""Plots fit into a page: its fonts and colours, no ids, no styles for other elements, the same every time."""

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import rcParams
from matplotlib.figure import Figure

from papercoder.artifacts import Interval
from papercoder.report.plots import GOOD, INK, Bar, Row, bars, draw, intervals
from tests.diagrams.shapes import parsed, texts
from tests.report.plot_shapes import SVG, is_inside, marks

HOSTILE = '<script>alert("1")</script> $x^2$ &amp; \x1b[31m \ud800 漢字'


def paint(figure: Figure) -> None:
    axes = figure.add_axes((0.2, 0.2, 0.6, 0.6))
    axes.plot([1, 2], [3, 4], "o-", color=GOOD)
    axes.text(1, 3, "long na…", gid='title:long name & "more" <b>')
    axes.text(1, 3.5, "$x^2$ <b> 漢字", color=INK)


def drawn(*, alone: bool = False) -> str:
    return draw(paint, 300, 200, HOSTILE, HOSTILE, alone=alone)


def test_text_stays_text_and_takes_the_font_of_the_page() -> None:
    svg = drawn()
    assert {"long na…", "$x^2$ <b> 漢字"} <= set(texts(svg))
    assert "font-family" not in svg
    assert [tip.text for tip in parsed(svg).iterfind(f"{SVG}g/{SVG}title")] == ['long name & "more" <b>']


def test_colours_are_variables_of_the_page() -> None:
    svg = drawn()
    assert "fill: var(--good)" in svg
    assert "stroke: var(--good)" in svg
    assert GOOD not in svg


def test_nothing_applies_to_the_rest_of_the_page() -> None:
    root = parsed(drawn())
    assert {str(item.tag).removeprefix(SVG) for item in root.iter()} == {"svg", "title", "desc", "g", "path", "text"}
    names = {str(name) for item in root.iter() for name in item.attrib}
    assert names.isdisjoint({"id", "href", "clip-path", "onload"})


def test_a_plot_has_a_name_and_a_description_without_markup_or_control_characters() -> None:
    root = parsed(drawn())
    assert root.get("role") == "img"
    said = '<script>alert("1")</script> $x^2$ &amp;   漢字'
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == root.findtext(f"{SVG}desc") == said


def test_a_file_of_its_own_has_its_own_colours_and_background() -> None:
    svg = drawn(alone=True)
    assert "prefers-color-scheme: dark" in svg
    assert parsed(svg).find(f"{SVG}rect") is not None


def test_the_same_figure_is_the_same_text_in_every_thread_and_leaves_no_settings() -> None:
    before = dict(rcParams)
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: drawn(), range(8)))) == 1
    assert dict(rcParams) == before


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
