"""The letter with questions for the authors: at most ten, about the paper, the most important first."""

from typing import Any

import pytest

from papercoder.artifacts import Claims, ExperimentConfig
from papercoder.artifacts.reproduction import Diagnosis, Hypothesis
from papercoder.claims.verdicts import compare
from papercoder.report.model import Report, TracedRequirement
from papercoder.report.questions import letter, questions
from papercoder.runs.summary import summarise
from tests.claims.results import claim, seeds
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


ASSUMED = requirement("R1", status="assumed", statement="Ties go to the first.", quote="", alternatives=("the last.",))
CITED = requirement("R2", status="cited", statement="The 7th neighbour sets the scale.", quote="local scaling [12]")


def test_no_letter_without_questions() -> None:
    assert letter(report(requirement("R1"))) == ""


def test_assumptions_without_a_question_of_their_own_read_as_questions() -> None:
    text = letter(report(ASSUMED, CITED))
    assert "“A Tiny Method”" in text
    assert "1. Which of these did you do: “Ties go to the first” or “the last”? (Section 1, paragraph 1)\n" in text
    assert (
        "2. In the work that you cite for this, is it right that we read: “The 7th neighbour sets the scale”? " in text
    )
    assert text.endswith("Thank you!\n")


def test_a_question_of_the_model_is_asked_as_it_is() -> None:
    asked = requirement("R1", status="assumed", quote="", question="Do ties go to the first or to the last?")
    assert questions(report(asked))[0].text == "Do ties go to the first or to the last?"


def test_what_only_our_code_decides_is_not_asked() -> None:
    config = ExperimentConfig(
        values=(
            setting("training.rate", 0.5, meaning="learning rate of the probe", alternatives=("0.1",)),
            setting("data.synthetic_points", 500),
            setting("training.seed", 0),
            setting("data.root", "data"),
            setting("momentum", 0.9, source="quote", quote="0.9"),
        )
    )
    ours = requirement("R3", status="assumed", statement="Write the rows to results.json.", quote="")
    unclear = PLAN.model_copy(update={"unclear": ("How ties end; the first wins.",)})
    asked = questions(report(ours, config=config, plan=unclear))
    assert [question.text for question in asked] == [
        "What did you use for this: learning rate of the probe (0.5, 0.1 or another value)?"
    ]


def test_questions_about_results_that_differ_come_first() -> None:
    other = requirement("R3", status="assumed", statement="Bagged Trees use 10 trees", quote="")
    claims = Claims(items=(claim("C1", method="Bagged trees", value=90.0), claim("C2", value=90.0)))
    differing = compare(claims, [*seeds(50.0, method="Bagged trees"), *seeds(90.0)]).items
    first, *_ = questions(report(ASSUMED, other, claims=differing))
    assert (first.subject, first.differing) == ("R3", 1)


@pytest.mark.parametrize("own", ["", "Are ties decided by index or by distance?"])
def test_a_diagnosis_asks_what_would_explain_a_difference(own: str) -> None:
    other = requirement("R3", status="assumed", statement="Ties go to the smallest", quote="")
    hypothesis = Hypothesis(
        id="H1",
        kind="reading",
        statement="Ties.",
        claims=("C1",),
        requirement="R3",
        reading="Ties go to the nearest",
        question=own,
    )
    first, second = questions(report(ASSUMED, other, diagnosis=Diagnosis(hypotheses=(hypothesis,))))
    assert first.text == (own or "Which of these did you do: “Ties go to the smallest” or “Ties go to the nearest”?")
    assert (first.subject, second.subject) == ("R3", "R1")


def test_ten_questions_are_asked_and_the_rest_is_counted() -> None:
    needs = [requirement(f"R{number}", status="assumed", quote="") for number in range(1, 14)]
    text = letter(report(*needs))
    assert "\n10. " in text
    assert "\n11. " not in text
    assert "We have 3 more questions on which less depends." in text
