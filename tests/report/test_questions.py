"""The letter with questions for the authors."""

from typing import Any

from papercoder.artifacts import Claims, ExperimentConfig
from papercoder.artifacts.diagnosis import Diagnosis, Hypothesis
from papercoder.claims.verdicts import compare
from papercoder.report.model import Report, TracedRequirement
from papercoder.report.questions import has_questions, questions
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


def test_questions_about_results_that_differ_come_first() -> None:
    other = requirement("R3", status="assumed", statement="Bagged Trees use 10 trees", quote="")
    claims = Claims(items=(claim("C1", method="Bagged trees", value=90.0), claim("C2", value=90.0)))
    differing = compare(claims, [*seeds(50.0, method="Bagged trees"), *seeds(90.0)]).items
    text = questions(report(ASSUMED, other, claims=differing))
    assert text.index("Bagged Trees use 10 trees") < text.index("Ties go to the first")


def test_a_diagnosis_says_which_question_matters() -> None:
    hypothesis = Hypothesis(id="H1", kind="reading", statement="Ties.", claims=("C1",), requirement="R3")
    other = requirement("R3", status="assumed", statement="Ties go to the smallest", quote="")
    text = questions(report(ASSUMED, other, diagnosis=Diagnosis(hypotheses=(hypothesis,))))
    assert text.index("Ties go to the smallest") < text.index("Ties go to the first")
