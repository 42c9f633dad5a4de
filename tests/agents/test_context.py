"""What is left out where not all fits, and in which order."""

from hypothesis import given
from hypothesis import strategies as st

from papercoder.agents.context import (
    Part,
    anchors_in,
    artifact_part,
    cited_part,
    fit,
    paper_part,
    plan_part,
    technical_part,
    text_part,
)
from papercoder.artifacts import Equation, Paragraph, Section, Table
from papercoder.models.contract import count_tokens
from tests.support import PAPER, PLAN, setting


def part(*words: int) -> Part:
    """A part whose forms have so many tokens."""
    return Part(f"{words}", tuple(" ".join(["word"] * count) for count in words))


def test_all_stays_whole_where_it_fits() -> None:
    fitted = fit((part(10, 2), part(5)), 15)
    assert fitted.fits
    assert fitted.shortened == ()
    assert [count_tokens(text) for text in fitted.texts] == [10, 5]


def test_the_first_part_is_shortened_first_and_no_more_than_needed() -> None:
    first, second = part(10, 2), part(10, 2)
    assert fit((first, second), 19).texts == (first.forms[1], second.full)
    assert fit((first, second), 4).texts == (first.forms[1], second.forms[1])
    assert not fit((first, second), 3).fits


def test_an_empty_form_leaves_its_part_out() -> None:
    fitted = fit((text_part("A", "word " * 20, ""), part(3)), 5)
    assert fitted.fits
    assert len(fitted.texts) == 1
    assert fitted.shortened == ("A",)


def test_there_may_be_nothing_to_read() -> None:
    assert fit((), 0).fits
    assert not fit((), -1).fits


@given(st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=4), max_size=4), st.integers(0, 100))
def test_what_is_said_to_fit_fits(sizes: list[list[int]], room: int) -> None:
    parts = tuple(part(*sorted(forms, reverse=True)) for forms in sizes)
    fitted = fit(parts, room)
    assert fitted.fits == (sum(map(count_tokens, fitted.texts)) <= room)
    assert fitted.fits or sum(count_tokens(each.forms[-1]) for each in parts) > room


def test_a_paper_gets_shorter_down_to_its_headings() -> None:
    whole, *shorter, headings = paper_part(PAPER, ["2¶1", "nowhere"]).forms
    assert "mean squared error" in whole
    for form in shorter:
        assert "[1] Method" in form
        assert "mean squared error" not in form
        assert "40 epochs" in form
    assert "40 epochs" not in headings
    assert "[2] Experiments" in headings
    assert all(PAPER.abstract in form for form in (whole, *shorter, headings))


def test_what_code_needs_most_is_left_out_last() -> None:
    dull = Section(anchor="1", level=1, title="Introduction", blocks=(Paragraph(anchor="1¶1", text="In 2017 " * 20),))
    plain = Section(anchor="2", level=1, title="Setting", blocks=(Paragraph(anchor="2¶1", text="We walk on. " * 20),))
    rich = Section(anchor="3", level=1, title="Method", blocks=(Equation(anchor="eq:1", text="y = 3 x " * 20),))
    paper = PAPER.model_copy(update={"sections": (dull, plain, rich)})
    whole, most, some, headings = paper_part(paper).forms
    assert [text in whole for text in ("In 2017", "We walk", "y = 3 x")] == [True, True, True]
    assert [text in most for text in ("In 2017", "We walk", "y = 3 x")] == [False, True, True]
    assert [text in some for text in ("In 2017", "We walk", "y = 3 x")] == [False, False, True]
    assert "y = 3 x" not in headings


def test_of_a_paper_that_is_not_cited_the_whole_is_read() -> None:
    assert cited_part(PAPER, []).full == paper_part(PAPER).full
    assert "mean squared error" not in cited_part(PAPER, ["2¶1"]).full


def test_of_a_long_section_the_cited_blocks_and_the_text_beside_them_are_read() -> None:
    blocks = [Paragraph(anchor=f"1¶{number}", text=f"Sentence {number}. " + "word " * 100) for number in range(1, 8)]
    table = Table(anchor="tab:1", caption="Results", rows=(("a", "1"),))
    section = Section(anchor="1", level=1, title="Method", blocks=(*blocks[:4], table, *blocks[4:]))
    paper = PAPER.model_copy(update={"sections": (section,)})
    passages = cited_part(paper, ["1¶4", "1¶7"]).full
    assert [f"Sentence {number}." in passages for number in range(1, 8)] == [
        False,
        False,
        True,
        True,
        False,
        True,
        True,
    ]
    assert "Results" not in passages
    assert passages.count("[...]") == 3, "one is in the note"
    assert "Results" in cited_part(paper, ["tab:1"]).full
    assert all(f"Sentence {number}." in cited_part(paper, ["1"]).full for number in range(1, 8))


def test_sections_that_say_little_for_code_are_left_out_unless_they_are_cited() -> None:
    related = Section(anchor="3", level=1, title="Related work", blocks=(Paragraph(anchor="3¶1", text="Others did."),))
    paper = PAPER.model_copy(update={"sections": (*PAPER.sections, related)})
    assert "Others did." not in technical_part(paper, ["1¶2"]).full
    assert "Others did." in technical_part(paper, ["3¶1"]).full
    assert technical_part(PAPER, []).full == paper_part(PAPER).full


def test_anchors_are_read_off_brackets() -> None:
    text = "As [3.2¶4] and [eq:5, tab:1; alg:2] say, x[0] and [eq:5] too."
    assert anchors_in(text) == ("3.2¶4", "eq:5", "tab:1", "alg:2", "0")


def test_an_artifact_is_read_without_what_is_empty() -> None:
    assert "unclear" not in artifact_part("The plan", PLAN).full
    assert "\nmethod: y = w x [eq:1]\n" in artifact_part("The plan", PLAN).full
    assert "smoke" not in artifact_part("A value", setting("seed", 0)).full


def test_a_plan_is_read_in_full_or_in_part() -> None:
    assert "## method\n\ny = w x [eq:1]" in plan_part(PLAN).full
    assert "- Fit once." in plan_part(PLAN).full
    assert "y = w x" not in plan_part(PLAN, "summary").full
