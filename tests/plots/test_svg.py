"""Plots fit into a page: its fonts and colours, no ids, no styles for other elements, the same every time."""

from concurrent.futures import ThreadPoolExecutor

from matplotlib import rcParams
from matplotlib.figure import Figure

from papercoder.plots.svg import GOOD, INK, draw
from tests.diagrams.shapes import parsed, texts
from tests.plots.shapes import SVG

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
