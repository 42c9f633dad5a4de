import io

from rich.console import Console

from papercoder.artifacts import Loss, Paper, Reference
from papercoder.console.fidelity import show
from papercoder.paper.draft import Display, Draft, Element, Grid, Heading, Listing, Text, assemble
from papercoder.paper.fidelity import Estimate, fidelity

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
