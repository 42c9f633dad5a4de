import pytest

from papercoder.artifacts import Loss, Paper
from papercoder.errors import PaperError
from papercoder.paper.corrections import corrected, editable_text
from papercoder.paper.draft import Display, Draft, Element, Grid, Heading, Text, assemble


@pytest.fixture
def paper() -> Paper:
    elements: list[Element] = [
        Heading("S", 1),
        Text("One."),
        Display("a 1", "2"),
        Grid("C", (("x", "1"), ("a|b", "2")), "1"),
    ]
    losses = (Loss(kind="fraction", message="eq:2 fell apart.", anchor="eq:2"), Loss(kind="scan", message="A scan."))
    return assemble(Draft("A ti-", "Short.", elements), "pdf").model_copy(update={"losses": losses})


def test_title_formula_and_cells(paper: Paper) -> None:
    assert corrected(paper, "title", " A\ntitle ").title == "A title"
    assert corrected(paper, "eq:2", "\\frac{a}{1}").equations[0].text == "\\frac{a}{1}"
    text = editable_text(paper, "tab:1")
    assert text == "x | 1\na¦b | 2"
    assert corrected(paper, "tab:1", text) == paper
    assert corrected(paper, "tab:1", "x | 1 | 2\n\ny").tables[0].rows == (("x", "1", "2"), ("y", "", ""))


def test_a_correction_ends_the_suspicion_about_its_place(paper: Paper) -> None:
    assert [loss.kind for loss in corrected(paper, "eq:2", "b").losses] == ["scan"]
    assert [loss.kind for loss in corrected(paper, "1¶1", "b").losses] == ["fraction", "scan"]


def test_no_such_place_and_no_text(paper: Paper) -> None:
    with pytest.raises(PaperError, match="no place 'eq:9'"):
        editable_text(paper, "eq:9")
    with pytest.raises(PaperError, match="empty"):
        corrected(paper, "title", " ")
