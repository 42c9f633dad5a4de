"""Whatever a model writes, a drawing is well-formed XML in which it stays text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import FileLogic, ImportedNames, LogicDesign
from papercoder.diagrams import Undrawable, draw_classes, draw_files, draw_sequence
from papercoder.diagrams.text import one_line, printable, text_width, wrapped
from tests.diagrams.shapes import parsed, tags, texts
from tests.diagrams.sources import CLASSES, SEQUENCE

PAYLOAD = "</text><script>alert(1)</script><a href='x' onload=\"x\">"
HARMLESS = {"svg", "title", "desc", "style", "g", "rect", "path", "line", "text", "tspan", "circle"}


def test_script_in_a_class_diagram_stays_text() -> None:
    svg = draw_classes(f'classDiagram\nclass A["{PAYLOAD.replace(chr(34), "")}"]\nA --> B : {PAYLOAD}\nA : +{PAYLOAD}')
    assert tags(svg) <= HARMLESS
    assert any("<script>" in text for text in texts(svg))


def test_script_in_a_sequence_diagram_stays_text() -> None:
    svg = draw_sequence(
        f"sequenceDiagram\ntitle {PAYLOAD}\nparticipant A as {PAYLOAD}\nA->>A: {PAYLOAD}\nNote over A: {PAYLOAD}\n"
        f"loop {PAYLOAD}\nend"
    )
    assert tags(svg) <= HARMLESS


def test_files_with_odd_names() -> None:
    logic = LogicDesign(
        packages=(),
        shared_knowledge="",
        files=(
            FileLogic(path="a/b.py", implements=PAYLOAD),
            FileLogic(path="main.py", implements="x", imports=(ImportedNames(path="a/b.py", names=(PAYLOAD,)),)),
            FileLogic(path="<b>.py", implements="x", imports=(ImportedNames(path="gone.py", names=()),)),
        ),
    )
    svg = draw_files(logic, {"main.py": PAYLOAD})
    assert tags(svg) <= HARMLESS
    assert "a/b.py" in texts(svg)


@pytest.mark.parametrize("source", [CLASSES, SEQUENCE])
def test_control_signs_do_not_reach_the_drawing(source: str) -> None:
    draw = draw_classes if source == CLASSES else draw_sequence
    svg = draw(source.replace("train(", "\x1b[31mtr\x00ain\u202e\ud800("))
    assert "\x1b" not in svg
    parsed(svg)


_LINES = st.lists(st.sampled_from([*CLASSES.splitlines()[1:], *SEQUENCE.splitlines()[1:]]) | st.text(max_size=30))


@given(_LINES, st.sampled_from(["classDiagram", "sequenceDiagram"]))
def test_any_lines_are_drawn_or_refused(lines: list[str], head: str) -> None:
    draw = draw_classes if head == "classDiagram" else draw_sequence
    try:
        svg = draw("\n".join([head, *lines]))
    except Undrawable:
        return
    assert tags(svg) <= HARMLESS


@given(st.text())
def test_printable_keeps_letters_and_drops_what_is_not_seen(text: str) -> None:
    kept = printable(text)
    assert printable(kept) == kept
    assert kept.isprintable() or set(kept) - {"\n", "\t"} <= set(text)
    assert "\n" not in one_line(text)


@given(st.text(), st.floats(20, 400))
def test_wrapped_lines_fit(text: str, width: float) -> None:
    lines = wrapped(text, width, 12)
    assert 1 <= len(lines) <= 4
    assert all(text_width(line, 12) <= width * 2 + 60 for line in lines)
