"""The runner finds what it calls, and writes the results alone."""

from pathlib import Path

import pytest

from papercoder.stages.checking import check
from tests.stages.checking.conftest import only
from tests.stages.packaging.small_repository import EXPERIMENTS, write_repository


def found(folder: Path) -> list[str]:
    return [f"{one.path}: {one.message}" for one in only(folder, "trials") if one.severity == "error"]


def test_a_good_repository_has_no_errors(tmp_path: Path) -> None:
    assert check(write_repository(tmp_path)).errors == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("def trials(config)", "def all_trials(config)", "There is no function `trials`, which the runner calls."),
        ("def run_trial(trial, config, progress)", "def run_trial(trial, config)", "`run_trial` has other parameters"),
        ("def figures(results, folder)", "def figures(results)", "`figures` has other parameters"),
        ('{"C9": "needs a cluster"}', "dict(C9='x')", "NOT_MEASURED is no dictionary"),
        ('{"C9": "needs a cluster"}', '{"C9": str(1)}', "NOT_MEASURED is no dictionary"),
        ('Path("waiting")', 'Path("out/results.json")', "The code names `results.json`, which the runner writes."),
    ],
)
def test_what_the_runner_cannot_use_is_an_error(tmp_path: Path, old: str, new: str, message: str) -> None:
    write_repository(tmp_path)
    assert old in EXPERIMENTS
    (tmp_path / "tiny/experiments.py").write_text(EXPERIMENTS.replace(old, new))
    (error,) = found(tmp_path)
    assert error.startswith(f"tiny/experiments.py: {message}")


def test_there_is_one_file_of_experiments(tmp_path: Path) -> None:
    write_repository(tmp_path)
    (tmp_path / "tiny/experiments.py").rename(tmp_path / "tiny/trials_of_it.py")
    assert found(tmp_path) == ["trials.py: There are 0 files `PACKAGE/experiments.py`; the runner needs one."]


def test_a_foreign_repository_is_not_held_to_it(tmp_path: Path) -> None:
    write_repository(tmp_path)
    (tmp_path / "trials.py").unlink()
    (tmp_path / "main.py").write_text("open('results.json', 'w').close()\n")
    assert found(tmp_path) == []
