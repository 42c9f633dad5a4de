"""The runner that is shipped into every repository, run as users run it."""

import asyncio
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from papercoder.artifacts import TrialList, TrialResult
from papercoder.stages.packaging.shipped.trials import (
    Claim,
    Progress,
    Settings,
    Trial,
    code_digest,
    mean_over_data_sets,
)
from tests.stages.packaging.small_repository import run, write_repository
from tests.waiting import until


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write_repository(tmp_path)


def results(repository: Path, folder: str = "results") -> dict[str, TrialResult]:
    paths = sorted(repository.joinpath(folder).glob("main-comparison-*.json"))
    return {path.stem: TrialResult.model_validate_json(path.read_text()) for path in paths}


def rows(repository: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((repository / "results.json").read_text())["results"]
    return found


def of(repository: Path, method: str, dataset: str, seed: int) -> TrialResult:
    return next(
        one
        for one in results(repository).values()
        if (one.trial.method, one.trial.dataset, one.trial.seed) == (method, dataset, seed)
    )


def test_help_does_not_import_the_experiments(repository: Path) -> None:
    (repository / "tiny/experiments.py").write_text("raise RuntimeError")
    assert "--retry-failed" in run(repository, "--help").stdout


def test_the_list_names_claims_and_what_has_none(repository: Path) -> None:
    listed = TrialList.model_validate_json(run(repository, "--list").stdout)
    assert len(listed.trials) == 12
    assert {trial.claims for trial in listed.trials if trial.method == "ours"} == {
        ("C1", "C3", "C4", "C5"),
        ("C2", "C4", "C5"),
    }
    assert listed.not_measured == {"C9": "needs a cluster"}
    assert listed.unclaimed == ("C5", "C8")


def test_a_run_writes_results_tables_and_figures(repository: Path) -> None:
    done = run(repository)
    assert done.returncode == 0, done.stderr
    assert len(results(repository)) == 12
    one = of(repository, "ours", "digits", 2)
    assert (one.status, one.measured, one.synthetic) == ("done", {"accuracy": 94.2}, False)
    assert one.settings == {"training.steps": 2, "model.width": 90}
    assert one.seconds > 0
    assert one.peak_memory
    assert {"python", "PyYAML"} <= set(one.versions)
    by_claim = {row["claim"]: row for row in rows(repository) if row["claim"]}
    assert by_claim.keys() == {"C1", "C2", "C3", "C4"}
    assert by_claim["C1"]["mean"] == pytest.approx(93.1 + 1)
    assert by_claim["C1"]["std"] == by_claim["C3"]["mean"] == pytest.approx(0.1)
    assert (by_claim["C4"]["dataset"], by_claim["C4"]["seeds"]) == ("Average", 3)
    assert by_claim["C4"]["mean"] == pytest.approx(94.1)
    assert [row["method"] for row in rows(repository) if not row["claim"]] == ["baseline", "baseline"]
    text = (repository / "results.md").read_text()
    assert "| ours | 94.1 ± 0.1 (94.1 ± 0.1); 0.1 (0.1) |" in text
    assert "not run (94.1 ± 0.1)" in text
    assert (repository / "figures/count.txt").read_text() == "12"


def test_a_mean_over_data_sets_takes_the_seeds_that_all_of_them_have() -> None:
    claim = Claim("C1", "Main", "Ours", "Average", "accuracy", averaged_over=("digits", "Wine"))
    digits, wine = ("main", "ours", "digits", "accuracy"), ("main", "ours", "wine", "accuracy")
    assert mean_over_data_sets(claim, {digits: {0: 1.0, 1: 2.0}, wine: {1: 4.0, 2: 9.0}}) == [3.0]
    assert mean_over_data_sets(claim, {digits: {0: 1.0}}) == []


KEEPING = """
def run_trial(trial, config, progress):
    state = progress.load()
    if state is None:
        progress.keep("curve", [0.5, 0.25])
        progress.save({"step": 1})
        if Path("do").exists():
            os.kill(os.getpid(), signal.SIGKILL)
    progress.keep("samples", range(config["training"]["steps"]))
    progress.keep("large", bytearray(20_000_001))
    return {"accuracy": 1.0}


def figures(results, folder):
    for result in results:
        numbers = [result.array(name).tolist() for name in sorted(result.arrays)]
        (folder / f"{result.trial.method}.txt").write_text(str(numbers))
"""


def test_a_trial_keeps_arrays_for_figures(repository: Path) -> None:
    with (repository / "tiny/experiments.py").open("a") as file:
        file.write(KEEPING)
    (repository / "do").touch()
    wanted = ("--set", "methods=[ours]", "--seeds", "1")
    run(repository, *wanted)
    (repository / "do").unlink()
    done = run(repository, *wanted, "--retry-failed")
    assert "large was not kept: a trial keeps at most 20,000,000 bytes" in done.stderr
    one = of(repository, "ours", "digits", 0)
    folder = repository / "results" / one.trial.id
    files = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert one.arrays == files
    assert files.keys() == {"curve", "samples"}
    assert (repository / "figures/ours.txt").read_text() == "[[0.5, 0.25], [0, 1]]"
    run(repository, *wanted, "--smoke")
    assert (repository / "results/smoke" / one.trial.id / "samples.npy").is_file()
    assert of(repository, "ours", "digits", 0).arrays == files
    text = (repository / "tiny/experiments.py").read_text()
    (repository / "tiny/experiments.py").write_text(text.replace('progress.keep("samples"', 'print("samples"'))
    run(repository, *wanted)
    assert [path.name for path in folder.iterdir()] == ["curve.npy"]


@pytest.mark.parametrize(("name", "array"), [("../up", [1.0]), ("", [1.0]), ("words", ["a"]), ("objects", [None])])
def test_only_numbers_with_a_plain_name_are_kept(tmp_path: Path, name: str, array: object) -> None:
    progress = Progress(Trial("e", "m", "d", 0), tmp_path, "")
    with pytest.raises((ValueError, TypeError), match="keep: "):
        progress.keep(name, array)
    assert progress.arrays == {}


def test_progress_is_one_json_line(repository: Path) -> None:
    name = next(iter(json.loads(run(repository, "--list").stdout)["trials"]))["id"]
    lines = [json.loads(line) for line in run(repository, "--trial", name).stdout.splitlines()]
    assert lines[0] == {"trial": name, "fraction": 0.5, "seconds_left": lines[0]["seconds_left"], "loss": 1.0}
    assert lines[-1]["fraction"] == 1.0


def test_a_second_run_does_nothing_and_a_read_setting_makes_results_old(repository: Path) -> None:
    run(repository)
    assert "12 have a result, 0 to run" in run(repository).stderr
    assert "0 to run" in run(repository, "--set", "training.unused=5", "--set", "data.root=/elsewhere").stderr
    assert "12 to run" in run(repository, "--only", "Main comparison", "--set", "model.width=91").stderr
    assert of(repository, "ours", "digits", 0).measured == {"accuracy": 95.0}


def test_only_code_that_trials_use_makes_results_old(repository: Path) -> None:
    run(repository, "--seeds", "1")
    for path in ("tiny/plots.py", "tiny/model.py"):
        (repository / path).write_text((repository / path).read_text() + "\n# R1: a comment\n")
    (repository / "tiny/plots.py").write_text((repository / "tiny/plots.py").read_text() + "\nCOLOUR = 1\n")
    assert "0 to run" in run(repository, "--seeds", "1").stderr
    (repository / "tiny/model.py").write_text((repository / "tiny/model.py").read_text() + "\nWIDTH = 1\n")
    assert "4 to run" in run(repository, "--seeds", "1").stderr


def test_failures_affect_their_own_trial_alone(repository: Path) -> None:
    (repository / "do").write_text("raise:ours:digits:0:1 exit:ours:digits:1:0 kill:ours:wine:0:0 nan:baseline")
    done = run(repository, "--workers", "2")
    assert done.returncode == 1
    assert of(repository, "ours", "digits", 0).reason == "RuntimeError: the loss is flat"
    assert "exit code 7" in of(repository, "ours", "digits", 1).reason
    assert "killed, probably because memory ran out" in of(repository, "ours", "wine", 0).reason
    assert of(repository, "baseline", "wine", 2).status == "diverged"
    assert of(repository, "baseline", "wine", 2).reason == "accuracy is nan"
    assert of(repository, "ours", "digits", 2).status == "done"
    failed = json.loads((repository / "results.json").read_text())["failed"]
    assert len(failed) == 3 + 6
    (repository / "do").unlink()
    assert "0 to run" in run(repository).stderr
    assert "9 to run" in run(repository, "--retry-failed").stderr
    assert {one.status for one in results(repository).values()} == {"done"}


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_resumes_at_the_checkpoint(repository: Path, ended_by: signal.Signals) -> None:
    os.mkfifo(repository / "go")
    (repository / "do").write_text("wait:ours:digits:1:0")
    command = [sys.executable, "main.py"]
    process = subprocess.Popen(command, cwd=repository, stderr=subprocess.DEVNULL, start_new_session=True)
    asyncio.run(until((repository / "waiting").exists))
    os.killpg(process.pid, ended_by)
    code = process.wait(timeout=60)
    assert code == (-9 if ended_by == signal.SIGKILL else 130)
    assert [(one.trial.seed, one.status) for one in results(repository).values()] == [(0, "done")]
    assert next(repository.glob("results/*.checkpoint")).name.startswith("main-comparison-ours-digits-1")
    (repository / "do").write_text("raise:ours:digits:1:0")  # a step before the checkpoint does not run again
    done = run(repository)
    assert "1 have a result, 11 to run" in done.stderr
    assert done.returncode == 0
    assert not list(repository.glob("results/*.checkpoint"))


def test_smoke_results_never_replace_real_ones(repository: Path) -> None:
    run(repository, "--seeds", "1")
    before = (repository / "results.json").read_text()
    done = run(repository, "--smoke")
    assert done.returncode == 0, done.stderr
    assert len(results(repository, "results/smoke")) == 4
    assert all(one.synthetic for one in results(repository, "results/smoke").values())
    assert json.loads((repository / "results/smoke/results.json").read_text())["results"]
    assert (repository / "results.json").read_text() == before


def test_a_crash_in_a_smoke_run_costs_one_trial(repository: Path) -> None:
    (repository / "do").write_text("exit:ours:wine:0:0")
    done = run(repository, "--smoke")
    assert done.returncode == 1
    assert sorted(one.status for one in results(repository, "results/smoke").values()) == ["done"] * 3 + ["failed"]


def test_a_failing_figure_does_not_lose_results(repository: Path) -> None:
    (repository / "tiny/plots.py").write_text("def draw(results, folder):\n    raise ValueError('no colours')\n")
    done = run(repository, "--seeds", "1")
    assert done.returncode == 1
    assert "no colours" in done.stderr
    assert len(rows(repository)) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--trial", "none"], "There is no trial none"),
        (["--only", "Ablation"], "the experiments are: Main comparison"),
        (["--set", "model.depth=3"], "config.yaml has no setting 'model.depth'"),
        (["--workers", "0"], "at least 1"),
    ],
)
def test_invalid_arguments_are_explained(repository: Path, arguments: list[str], said: str) -> None:
    done = run(repository, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_repeated_trials_are_rejected(repository: Path) -> None:
    path = repository / "tiny/experiments.py"
    path.write_text(path.read_text().replace("range(config[", "[0, 0] or (config["))
    assert "the same trial more than once" in run(repository, "--list").stderr


def test_a_setting_in_exponent_notation_is_a_number(repository: Path) -> None:
    run(repository, "--seeds", "1", "--set", "model.width=1e-1")
    assert of(repository, "ours", "digits", 0).settings["model.width"] == 0.1


def test_ids_are_file_names_that_differ() -> None:
    one, other = Trial("Tab. 1", "Ours (w/o ε)", "A/B", 0), Trial("Tab. 1", "Ours (w/o δ)", "A/B", 0)
    assert re.fullmatch(r"tab-1-ours-w-o-a-b-0-[0-9a-f]{6}", one.id)
    assert one.id != other.id
    with pytest.raises(TypeError, match="three names and an integer seed"):
        Trial("a", "b", "c", "0")  # type: ignore[arg-type]


def test_settings_record_what_is_read() -> None:
    read: set[str] = set()
    settings = Settings({"a": {"b": 1, "c": 2}, "d": [1], "e": 3}, read)
    assert settings["a"]["b"] == 1
    assert settings.get("e") == 3
    assert read == {"a.b", "e"}
    assert {**settings["a"]} == dict(settings["a"]) == {"b": 1, "c": 2}
    assert read == {"a.b", "a.c", "e"}
    assert json.dumps(settings) == '{"a": {"b": 1, "c": 2}, "d": [1], "e": 3}'
    assert read == {"a.b", "a.c", "d", "e"}


def test_relative_imports_count_as_code(tmp_path: Path) -> None:
    write_repository(tmp_path)
    experiments = tmp_path / "tiny/experiments.py"
    experiments.write_text(experiments.read_text().replace("from tiny.model", "from .model"))
    before = code_digest(experiments, tmp_path)
    (tmp_path / "tiny/model.py").write_text("def accuracy(trial, width):\n    return 0\n")
    assert code_digest(experiments, tmp_path) != before
