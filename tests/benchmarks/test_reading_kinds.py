from pathlib import Path

import pytest
from benchmarks.reading.kinds import latex
from benchmarks.reading.kinds.case import Case, Outcome, outcome
from benchmarks.reading.kinds.section import section


def written(text: str, suffix: str = "tex") -> Case:
    def make(folder: Path) -> Path:
        path = folder / f"paper.{suffix}"
        path.write_text(text)
        return path

    return Case("LaTeX: test", "a test", make, ("## [1] One", "Some  text."), ("hidden",), ("No title",))


def test_a_case_that_meets_every_expectation() -> None:
    found = outcome(written("\\section{One}\nSome\ntext."))
    assert (found.failed, found.score) == ((), 1.0)


def test_failed_expectations_are_named() -> None:
    found = outcome(written("\\title{T}\\section{Two} Some text. hidden"))
    assert found.failed == ("not found: ## [1] One", "found: hidden", "no warning: No title")
    assert found.score == pytest.approx(1 / 4)


def test_an_unreadable_input_scores_nothing() -> None:
    assert outcome(written("", "txt")).score == 0


def test_the_section_has_a_row_for_each_kind() -> None:
    case = written("")
    text = section([Outcome(case), Outcome(case, ("not found: x", "found: hidden"))]).render()
    assert "| LaTeX: test | 2 | 1 | 75.0 |" in text
    assert "Not fully met: a test." in text


@pytest.mark.parametrize("case", list(latex.cases()), ids=lambda case: f"{case.kind}, {case.name}")
def test_every_kind_of_latex_is_read(case: Case) -> None:
    assert outcome(case).failed == ()
