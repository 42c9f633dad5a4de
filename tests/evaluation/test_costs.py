"""The estimate of an evaluation, which needs no API key."""

from pathlib import Path

import pytest

from papercoder.artifacts import JudgeName
from papercoder.evaluation.costs import estimate_costs, estimate_text
from papercoder.evaluation.subject import EvaluationOptions, read_subject
from papercoder.paper.fidelity import Estimate
from papercoder.settings import Settings
from tests.evaluation.projects import write_repository
from tests.support import PAPER

PRICED = "simulated:price_in=2,price_out=8"


def estimate_of(repository: Path, model: str = PRICED, **wanted: object) -> Estimate:
    chosen = EvaluationOptions(**wanted)  # type: ignore[arg-type]
    return estimate_costs(read_subject(repository, PAPER, chosen), chosen, Settings(model=model))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "project")


def test_samples_are_counted_for_the_repository_and_each_control(repository: Path) -> None:
    assert estimate_of(repository).calls == 8
    assert estimate_of(repository, samples=3).calls == 3
    assert estimate_of(repository, samples=3, calibrate=True).calls == 3 * (1 + 4)
    assert estimate_of(repository, samples=3, calibrate=True, gold=repository).calls == 3 * (1 + 5)


def test_each_judge_is_counted_and_the_authors_files_are_read_by_one(repository: Path) -> None:
    both: tuple[JudgeName, ...] = ("reference-free", "reference-based")
    one, two = estimate_of(repository), estimate_of(repository, judges=both, gold=repository)
    assert two.calls == 2 * one.calls
    assert two.prompt_tokens > 2 * one.prompt_tokens


def test_dollars_are_by_the_price(repository: Path) -> None:
    estimate = estimate_of(repository)
    assert estimate.cost_usd == pytest.approx((2 * estimate.prompt_tokens + 8 * estimate.completion_tokens) / 1e6)
    assert "8 calls to simulated" in estimate_text(estimate)


def test_a_price_that_is_not_known_is_not_guessed(repository: Path) -> None:
    estimate = estimate_of(repository, "openai:a-model-that-nobody-knows")
    assert estimate.cost_usd is None
    assert "price unknown" in estimate_text(estimate)


def test_a_repository_beyond_the_window_costs_a_choice_of_files_and_no_more_than_the_window(repository: Path) -> None:
    (repository / "large.py").write_text("x = 1 + 2\n" * 20_000, encoding="utf-8")
    estimate = estimate_of(repository, "simulated:context=30000", samples=2)
    assert estimate.calls == 2 + 1
    assert estimate.prompt_tokens < 3 * 30_000


def test_leaves_that_need_no_judge_are_not_counted(repository: Path, tmp_path: Path) -> None:
    rubric = tmp_path / "rubric.json"
    leaf = '{"id": "%s", "requirements": "It is so.", "weight": 1, "task_category": "%s"}'
    parts = ", ".join([leaf % ("a", "Code Development"), leaf % ("b", "Code Execution")])
    rubric.write_text(f'{{"id": "r", "requirements": "All.", "weight": 1, "sub_tasks": [{parts}]}}', encoding="utf-8")
    assert estimate_of(repository, judges=(), rubric=rubric).calls == 1
    controls = estimate_of(repository, judges=(), rubric=rubric, calibrate=True)
    assert controls.calls == 1 + 3, "config-only, shuffled and mutated; nobody is asked about an empty one"
