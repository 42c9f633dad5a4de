"""The letter with questions for the authors."""

from typing import Any

from papercoder.artifacts import ExperimentConfig
from papercoder.report.model import Report, TracedRequirement
from papercoder.report.questions import has_questions, questions
from papercoder.runs.summary import summarise
from tests.support import PLAN, requirement, setting


def report(*needs: Any, **changes: Any) -> Report:
    fields: dict[str, Any] = {
        "title": "A Tiny\nMethod",
        "status": "complete",
        "summary": summarise(()),
        "requirements": tuple(TracedRequirement(requirement=need) for need in needs),
        **changes,
    }
    return Report(**fields)


ASSUMED = requirement("R1", status="assumed", statement="Ties go to the first", quote="", alternatives=("the last",))
CITED = requirement("R2", status="cited", statement="The 7th neighbour sets the scale.", quote="local scaling [12]")


def test_no_letter_without_questions() -> None:
    assert questions(report(requirement("R1"))) == ""
    assert not has_questions(report(requirement("R1")))


def test_a_question_about_an_assumption_has_place_and_alternatives() -> None:
    text = questions(report(ASSUMED))
    assert "“A Tiny Method”" in text
    assert "1. [1¶1] Ties go to the first. Is this correct? Alternatives: the last." in text


def test_a_question_about_cited_work_has_the_quote() -> None:
    text = questions(report(ASSUMED, CITED))
    assert "2. [1¶1] (“local scaling [12]”) We took this from the cited work: The 7th neighbour sets the scale." in text


def test_questions_about_values_and_unclear_points_but_not_synthetic_data() -> None:
    config = ExperimentConfig(
        values=(
            setting("seed", 0, meaning="seed of all draws", alternatives=("1",)),
            setting("data.synthetic_points", 500),
            setting("rate", 0.1, source="quote", quote="0.1"),
        )
    )
    text = questions(
        report(config=config, plan=PLAN.model_copy(update={"unclear": ("How ties end; the first wins.",)}))
    )
    assert "1. Seed of all draws (seed): we use 0. Alternatives: 1." in text
    assert "2. How ties end; the first wins." in text
    assert "synthetic" not in text
    assert "rate" not in text.partition("Values")[2].partition("Unclear")[0]
    assert text.endswith("Thank you!\n")
