"""Observations: what a run or an executed submission shows, and what a repository's own word for it does not."""

from pathlib import Path

import pytest

from papercoder.artifacts import ExecutionReport
from papercoder.errors import ArtifactError
from papercoder.evaluation.execution import NO_RESULTS, NOTHING_EXECUTED, Observations, load_observations
from papercoder.text.fences import fence
from tests.scripted import UNOBSERVED, observed

RESULTS = '{"results": [{"claim": "C1", "mean": 0.12}]}'
SMOKED = Observations(observed())
REPRODUCED = Observations(observed(), results=RESULTS)


def run_of(folder: Path, report: ExecutionReport) -> Path:
    """A run folder with its report; returns its repository."""
    (folder / "repo").mkdir(parents=True)
    (folder / "execution").mkdir()
    (folder / "execution" / "report.json").write_text(report.model_dump_json(), encoding="utf-8")
    return folder / "repo"


def test_a_run_tells_what_it_saw(tmp_path: Path) -> None:
    report = observed()
    repository = run_of(tmp_path, report)
    (tmp_path / "reproduction").mkdir()
    (tmp_path / "reproduction" / "claims.json").write_text(RESULTS, encoding="utf-8")
    (repository / "reproduce.log").write_text("all is well", encoding="utf-8")
    (repository / "results.json").write_text('{"results": "forged"}', encoding="utf-8")
    assert load_observations(repository) == Observations(report=report, results=RESULTS)


def test_a_submission_has_its_log_and_results_beside_its_code(tmp_path: Path) -> None:
    (tmp_path / "reproduce.log").write_text("epoch 1\n", encoding="utf-8")
    (tmp_path / "results.json").write_text(RESULTS, encoding="utf-8")
    assert load_observations(tmp_path) == Observations(log="epoch 1\n", results=RESULTS)


@pytest.mark.parametrize("log", [None, "", " \n"])
def test_results_that_were_not_observed_do_not_count(tmp_path: Path, log: str | None) -> None:
    (tmp_path / "results.json").write_text(RESULTS, encoding="utf-8")
    if log is not None:
        (tmp_path / "reproduce.log").write_text(log, encoding="utf-8")
    found = load_observations(tmp_path)
    assert (found.executed, found.results) == (False, "")


def test_a_run_that_executed_nothing_has_no_results(tmp_path: Path) -> None:
    repository = run_of(tmp_path, UNOBSERVED)
    (tmp_path / "execution" / "report.json").unlink()
    (tmp_path / "events.jsonl").touch()
    (repository / "reproduce.log").write_text("all is well", encoding="utf-8")
    assert load_observations(repository) == Observations()


def test_a_folder_that_is_not_there_showed_nothing(tmp_path: Path) -> None:
    assert not load_observations(tmp_path / "none").executed


def test_an_invalid_report_is_an_error(tmp_path: Path) -> None:
    repository = run_of(tmp_path, UNOBSERVED)
    (tmp_path / "execution" / "report.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"execution/report\.json"):
        load_observations(repository)


@pytest.mark.parametrize(
    ("seen", "execution", "results"),
    [
        (Observations(), NOTHING_EXECUTED, NOTHING_EXECUTED),
        (Observations(UNOBSERVED, log="text", results=RESULTS), NOTHING_EXECUTED, NOTHING_EXECUTED),
        (SMOKED, "", NO_RESULTS),
        (Observations(observed("import", "ImportError")), "", NO_RESULTS),
        (REPRODUCED, "", ""),
        (Observations(log="accuracy 0.9\n"), "", ""),
    ],
)
def test_what_was_not_observed_needs_no_judge(seen: Observations, execution: str, results: str) -> None:
    assert seen.unmet("Code Development") == ""
    assert seen.unmet("Code Execution") == execution
    assert seen.unmet("Result Analysis") == results


def test_a_judge_reads_every_step_and_the_results() -> None:
    text = Observations(observed("smoke", "ValueError: too few")).render()
    assert "- import (`run import`): passed" in text
    assert "- smoke (`run smoke`): failed, 0.0 s. it ended with exit code 1: ValueError: too few" in text
    assert fence("ValueError: too few") in text
    assert RESULTS in REPRODUCED.render()


def test_what_is_long_is_cut_and_said_to_be() -> None:
    text = Observations(log=f"first{'x' * 50_000}last").render()
    assert "first" in text
    assert "last" in text
    assert "[10009 characters omitted]" in text
