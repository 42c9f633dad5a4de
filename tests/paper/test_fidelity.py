""""""

import io

import pytest
from rich.console import Console

from papercoder.artifacts import Loss, Paper, Reference
from papercoder.console.outcome import show
from papercoder.errors import PaperError
from papercoder.paper.draft import Display, Draft, Element, Grid, Heading, Listing, Text, assemble
from papercoder.paper.fidelity import Estimate, corrected, editable_text, fidelity

WORDS = "word " * 1_100


def paper_of(*elements: Element, losses: tuple[Loss, ...] = ()) -> Paper:
    draft = Draft("T", "Short.", list(elements), [Reference(key="a", text="A.")], list(losses))
    return assemble(draft, "latex")


def test_a_whole_paper_has_no_warnings() -> None:
    report = fidelity(paper_of(Heading("S", 1), Heading("Sub", 2), Text(WORDS), Display("a = 3.5", "1")))
    assert report.warnings == ()
    assert (report.equations, report.references, report.numbers) == (1, 1, 2)
    assert report.words > 1_100
    assert report.tokens > report.words
    assert [(s.anchor, s.level, s.title) for s in report.sections] == [("1", 1, "S"), ("1.1", 2, "Sub")]


def test_what_seems_to_be_missing() -> None:
    report = fidelity(
        paper_of(
            Heading("Empty", 1),
            Heading("S", 1),
            Text(WORDS + "see Table 4, Algorithm 2 and Eq. (7)"),
            Display("EQUATION"),
            Grid("C", (), "1"),
            Listing("C", "", "1"),
            losses=(Loss(kind="x", message="Reported before."),),
        )
    )
    assert report.warnings == (
        "Reported before.",
        "Section 1 (Empty) has no text.",
        "The table tab:1 has a caption but no cells; it may be a picture in the source.",
        "The algorithm alg:1 has a caption but no lines.",
        "1 of 1 displayed equations are placeholders without a formula.",
        "The text points to Equation 7, but only 1 displayed equations were read.",
        "The text points to Table 4, which were not read.",
        "The text points to Algorithm 2, which were not read.",
    )


def test_an_empty_paper() -> None:
    report = fidelity(assemble(Draft(elements=[Text("x")]), "markdown"))
    assert [warning.split()[0:2] for warning in report.warnings] == [
        ["No", "title"],
        ["No", "abstract"],
        ["The", "paper"],
        ["No", "headings"],
        ["No", "references"],
    ]


def test_a_paper_without_sections() -> None:
    assert fidelity(assemble(Draft(abstract="Short."), "latex")).sections == ()


def test_in_the_terminal() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    report = fidelity(paper_of(Heading("Intro [bold]", 1), Heading("Sub", 2), Text(WORDS)))
    estimate = Estimate(model="m", calls=20, prompt_tokens=1_000, completion_tokens=200, cost_usd=0.5, note="a guess")
    show(
        report.model_copy(update={"estimate": estimate, "suspicions": (Loss(kind="x", message="Look here."),)}), console
    )
    text = console.export_text()
    assert "1 Intro [bold]" in text
    assert "! Look here." in text
    assert "20 calls, 1,000 prompt and 200 completion tokens, about $0.50 (a guess)" in text


def test_no_problems_is_said_only_when_each_check_was_made() -> None:
    whole = paper_of(Heading("S", 1), Text(WORDS), Display("a = 3.5", "1"))
    assert fidelity(whole).verdict == "No problems found."
    converted = fidelity(whole.model_copy(update={"source": "markdown"}))
    assert converted.verdict.startswith("The checks that were made found no problems. Not checked: formulas")
    scanned = fidelity(whole.model_copy(update={"source": "pdf", "checks": ()}))
    assert [check.made for check in scanned.checks].count(False) == 3
    assert fidelity(paper_of(Text("x"))).verdict == ""


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
