"""The headline, numbers and states of a report."""

from pathlib import Path

import pytest

from papercoder.report import load
from papercoder.report.formatting import amount, cost, duration, headline, memory, money, tone
from papercoder.runs.events import RunEnded, RunStarted
from tests.report.folders import bare_folder, full_folder, planned_folder


def test_headline_of_a_reproduction(tmp_path: Path) -> None:
    assert headline(load(full_folder(tmp_path))) == (
        "2 Python files were written; the code finishes with tiny settings. "
        "Of the paper’s 3 claims: 1 met, 1 differs, 1 not run."
    )


def test_headline_of_a_failure(tmp_path: Path) -> None:
    assert headline(load(full_folder(tmp_path, "failed"))) == (
        "2 Python files were written; the modules import. The step “smoke” failed: KeyError: 'lr'. "
        "Of the paper’s 3 claims: 1 met, 1 differs, 1 not run."
    )


def test_headline_without_execution(tmp_path: Path) -> None:
    assert headline(load(planned_folder(tmp_path))) == "2 Python files were written. The code was not run."


def test_headline_of_a_run_that_stopped(tmp_path: Path) -> None:
    events = (
        RunStarted(paper="p", models={}, profile="full"),
        RunEnded(status="partial", reason="The cap is reached."),
    )
    assert headline(load(bare_folder(tmp_path, events))) == (
        "The run stopped early: The cap is reached. No code was written."
    )


@pytest.mark.parametrize(
    ("usd", "unpriced", "calls", "expected"),
    [(0, 0, 0, "$0.00"), (0, 4, 4, "price unknown"), (1.5, 1, 4, "$1.50 or more"), (1234.5, 0, 4, "$1,234.50")],
)
def test_cost(usd: float, unpriced: int, calls: int, expected: str) -> None:
    assert cost(usd, unpriced, calls) == expected


def test_numbers() -> None:
    assert [money(0.004), money(0.00001)] == ["$0.0040", "under $0.0001"]
    assert [duration(3), duration(45), duration(150), duration(4000)] == ["3.0 s", "45 s", "2 min", "1 h 7 min"]
    assert [amount(9000), amount(12345), amount(1_200_000)] == ["9,000", "12.3 k", "1.20 M"]
    assert [memory(None), memory(512), memory(1500)] == ["not measured", "512 MB", "1.5 GB"]


def test_other_states_have_no_tone() -> None:
    assert {tone(state) for state in ("not_run", "not_reviewed", "anything")} == {"none"}
