"""One trial in a sandbox: its result, its progress, and the ways in which it can end without one."""

import asyncio
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest

from papercoder.artifacts import SourceFile, Trial, TrialList, TrialResult
from papercoder.artifacts.reproduction import Setting
from papercoder.errors import ReproductionError, SandboxError
from papercoder.files.regular import write
from papercoder.sandbox.contract import MIB
from papercoder.stages.reproduction.preparation import Preparation, list_trials, prepare, trial_files
from papercoder.stages.reproduction.trial import (
    OnProgress,
    Progress,
    Slot,
    TrialCaps,
    TrialOutcome,
    TrialRequest,
    kept_array,
    run_trial,
    show_arrays,
)
from tests.reproduction.packages import OwnPackages
from tests.reproduction.runs import repository, write_run

TRIAL = Trial(id="t-0", experiment="e", method="m", dataset="d", seed=0)
SLOT = Slot(memory=512 * MIB)


@pytest.fixture(scope="module")
def preparation() -> Preparation:
    files = (SourceFile(path="requirements.txt", text=""),)
    return asyncio.run(prepare(files, "subprocess", None, OwnPackages()))


def run(
    preparation: Preparation, main: str, caps: TrialCaps | None = None, on_progress: OnProgress = lambda _: None
) -> TrialOutcome:
    """Run a `main.py` that need not follow the convention."""
    request = TrialRequest(trial=TRIAL, files=(SourceFile(path="main.py", text=main),), scale=0.5)
    return asyncio.run(run_trial(preparation, request, caps or TrialCaps(seconds=60), SLOT, on_progress))


def result_of(content: object) -> str:
    return f"import os; os.mkdir('results'); open('results/t-0.json', 'w').write({json.dumps(content)!r})"


DONE = {"trial": TRIAL.model_dump(), "status": "done", "measured": {"accuracy": 0.5}, "seconds": 1e9}


def test_a_trial_of_the_shipped_runner_is_measured(preparation: Preparation, tmp_path: Path) -> None:
    files = trial_files(repository(write_run(tmp_path)))
    listed = asyncio.run(list_trials(preparation, repository(tmp_path)))
    assert [trial.claims for trial in listed.trials] == [("C1",), ("C3",), ("C2",), ("C4",)]
    assert listed.not_measured == {"C9": "it needs a cluster"}
    request = TrialRequest(trial=listed.trials[0], files=files, settings=(Setting(key="steps", value=3),))
    outcome = asyncio.run(run_trial(preparation, request, TrialCaps(seconds=60), SLOT, lambda _: None))
    assert outcome.result
    assert (outcome.result.status, outcome.result.measured) == ("done", {"accuracy": 95.0})
    assert outcome.result.settings["steps"] == 3
    assert outcome.result.made_from


def test_what_was_observed_replaces_what_the_code_says(preparation: Preparation) -> None:
    outcome = run(preparation, result_of({**DONE, "trial": {**DONE["trial"], "id": "other"}}))  # type: ignore[dict-item]
    assert outcome.result
    assert outcome.result.trial == TRIAL
    assert outcome.result.seconds < 60
    assert outcome.result.scale == 0.5


@pytest.mark.parametrize(
    ("main", "status", "reason"),
    [
        ("raise ValueError('no data')", "failed", "exit code 1: ValueError: no data"),
        ("print('all is well')", "failed", "it wrote no valid result: all is well"),
        (result_of({"status": "done"}), "failed", "it wrote no valid result: no output"),
        (result_of({**DONE, "measured": {}}), "failed", "it measured nothing"),
        (result_of({**DONE, "measured": {"loss": float("nan")}}), "diverged", "not finite: loss"),
        (
            "import os; os.mkdir('x'); open('x/t-0.json', 'w').write('{}'); os.symlink('x', 'results')",
            "failed",
            "it wrote no valid result: no output",
        ),
    ],
)
def test_a_trial_without_a_valid_result_says_why(preparation: Preparation, main: str, status: str, reason: str) -> None:
    outcome = run(preparation, main)
    assert outcome.result
    assert (outcome.result.status, outcome.result.reason) == (status, reason)


def array(values: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(values))
    return file.getvalue()


CURVE = array([0.5, 0.25])
HUGE = CURVE.replace(b"(2,)", b"(9,)")


def keeping(*arrays: bytes, more: str = "", **named: str) -> str:
    """A `main.py` that writes arrays a, b, ... and a result that names them, and others by their SHA-256."""
    names = [chr(ord("a") + index) for index in range(len(arrays))]
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in zip(names, arrays, strict=True)}
    files = dict(zip(names, arrays, strict=True))
    return f"""{result_of({**DONE, "arrays": {**digests, **named}})}
os.mkdir('results/t-0')
for name, content in {files!r}.items():
    open(f'results/t-0/{{name}}.npy', 'wb').write(content)
{more}
"""


def test_arrays_of_a_trial_come_with_its_result(preparation: Preparation) -> None:
    outcome = run(preparation, keeping(CURVE, array([[1, 2]])))
    assert outcome.result
    assert outcome.result.arrays.keys() == {"a", "b"}
    assert outcome.arrays[outcome.result.arrays["a"]] == CURVE
    assert set(outcome.arrays) == set(outcome.result.arrays.values())


@pytest.mark.parametrize(
    "main",
    [
        keeping(np.array([None], dtype=object).dumps()),
        keeping(array(np.array([None], dtype=object))),
        keeping(array(["text"])),
        keeping(HUGE),
        keeping(b""),
        keeping(missing="0" * 64),
        keeping(array(bytearray(20_000_001))[:0], more="open('results/t-0/a.npy', 'wb').truncate(30_000_000)"),
        keeping(CURVE, more="os.rename('results/t-0/a.npy', 'o'); os.symlink('../../o', 'results/t-0/a.npy')"),
        keeping(CURVE, more="os.remove('results/t-0/a.npy'); os.mkfifo('results/t-0/a.npy')"),
        keeping(CURVE, more="os.rename('results/t-0', 'o'); os.symlink('../o', 'results/t-0')"),
        keeping(CURVE, more="open('results/t-0/a.npy', 'ab').write(b'0')"),
    ],
)
def test_what_is_no_plain_array_is_left_out(preparation: Preparation, main: str) -> None:
    outcome = run(preparation, main)
    assert outcome.result
    assert (outcome.result.status, outcome.result.arrays, outcome.arrays) == ("done", {}, {})


def test_an_array_outside_its_folder_makes_the_result_invalid(preparation: Preparation) -> None:
    outcome = run(preparation, result_of({**DONE, "arrays": {"../t-0": "0" * 64}}))
    assert outcome.result
    assert outcome.result.status == "failed"


def test_shown_arrays_replace_former_ones(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(CURVE).hexdigest()
    write(tmp_path, kept_array(sha256), CURVE)
    write(tmp_path, "trials/t-0/old.npy", CURVE)
    result = TrialResult(trial=TRIAL, status="done", arrays={"curve": sha256, "lost": "0" * 64})
    show_arrays(tmp_path, result, "trials/t-0")
    assert {path.name: path.read_bytes() for path in (tmp_path / "trials/t-0").iterdir()} == {"curve.npy": CURVE}
    write(tmp_path, kept_array(sha256), b"changed")
    show_arrays(tmp_path, result, "trials/t-0")
    assert list((tmp_path / "trials/t-0").iterdir()) == []


def test_a_trial_that_reaches_its_cap_says_so(preparation: Preparation) -> None:
    outcome = run(preparation, "while True: pass", TrialCaps(seconds=0.5))
    assert outcome.result
    assert outcome.result.reason == "it was ended at its cap of 0.5 seconds"


PROGRESS = """\
import json, time
for step in range(1, 1000):
    print("noise"), print("{broken"), print(json.dumps({"trial": "other", "fraction": 0.1}))
    print(json.dumps({"trial": "t-0", "fraction": step / 1000, "seconds_left": 1000 - step, "loss": 0.5, "note": "x"}))
    time.sleep(0.01)
"""


def test_a_probe_ends_with_an_estimate(preparation: Preparation) -> None:
    seen: list[Progress] = []
    outcome = run(preparation, PROGRESS, TrialCaps(probe=0.3), seen.append)
    assert outcome.result is None
    assert outcome.total is not None
    assert 900 < outcome.total < 1100
    assert seen[0].values == {"loss": 0.5}


def test_a_trial_that_ends_within_its_probe_is_a_result(preparation: Preparation) -> None:
    outcome = run(preparation, result_of(DONE), TrialCaps(probe=20))
    assert outcome.result
    assert outcome.result.status == "done"


def test_a_probe_without_progress_says_only_how_long_it_waited(preparation: Preparation) -> None:
    outcome = run(preparation, "import time; time.sleep(100)", TrialCaps(probe=0.1))
    assert (outcome.result, outcome.total) == (None, None)
    assert outcome.seconds >= 0.5


def test_a_trial_that_was_stopped_resumes_at_its_checkpoint(preparation: Preparation, tmp_path: Path) -> None:
    main = """
import json, os, time
os.makedirs("results", exist_ok=True)
if not os.path.exists("results/t-0.checkpoint"):
    open("results/t-0.checkpoint", "w").write("half")
    print(json.dumps({"trial": "t-0", "fraction": 0.001, "seconds_left": 999}), flush=True)
    time.sleep(100)
os.remove("results/t-0.checkpoint")
"""
    caps = TrialCaps(probe=0.5, checkpoint=tmp_path / "t-0")
    assert run(preparation, main, caps).result is None
    assert (tmp_path / "t-0").read_text(encoding="utf-8") == "half"
    resumed = run(preparation, f"{main}\n{result_of(DONE).replace('os.mkdir', 'os.listdir')}", caps)
    assert resumed.result
    assert resumed.result.status == "done"
    assert not (tmp_path / "t-0").exists()


@pytest.mark.parametrize("kind", ["a link", "a pipe", "a folder", "a sparse file"])
def test_a_checkpoint_that_is_no_state_is_not_kept(preparation: Preparation, tmp_path: Path, kind: str) -> None:
    made = {
        "a link": "os.symlink('/etc/passwd', path)",
        "a pipe": "os.mkfifo(path)",
        "a folder": "os.mkdir(path)",
        "a sparse file": "open(path, 'wb').truncate(1 << 35)",
    }[kind]
    main = f"import os\nos.makedirs('results')\npath = 'results/t-0.checkpoint'\n{made}\n"
    outcome = run(preparation, main, TrialCaps(checkpoint=tmp_path / "t-0"))
    assert outcome.result
    assert outcome.result.status == "failed"
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_someone_else_is_not_even_read(preparation: Preparation, tmp_path: Path) -> None:
    kept = tmp_path / "t-0"
    with kept.open("wb") as file:
        file.truncate(1 << 43)
    for seal in ("", "0" * 64, f"{'0' * 64} {'0' * 64}"):
        (tmp_path / "t-0.seal").write_text(seal, encoding="utf-8")
        outcome = run(preparation, "print(1)", TrialCaps(checkpoint=kept))
        assert outcome.result
        with kept.open("wb") as file:  # a trial that ended has none
            file.truncate(1 << 43)


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ("not json", "printed an invalid list of trials"),
        ('{"trials": [{"id": "../x", "experiment": "e", "method": "m", "dataset": "d", "seed": 0}]}', "trials.0.id"),
        ('{"trials": []}', "printed no trials"),
        (TrialList(trials=(TRIAL, TRIAL)).model_dump_json(), "two trials with the id 't-0'"),
    ],
)
def test_an_invalid_list_of_trials_is_refused(preparation: Preparation, printed: str, message: str) -> None:
    files = (SourceFile(path="main.py", text=f"print({printed!r})"),)
    with pytest.raises(ReproductionError, match=message):
        asyncio.run(list_trials(preparation, files))


def test_a_list_that_fails_says_why(preparation: Preparation) -> None:
    files = (SourceFile(path="main.py", text="raise SystemExit('no such data set')"),)
    with pytest.raises(ReproductionError, match=r"does not list its trials.*no such data set"):
        asyncio.run(list_trials(preparation, files))


def test_only_files_that_a_trial_can_read_belong_to_it(tmp_path: Path) -> None:
    write_run(tmp_path, {"README.md": "x", "tests/test_x.py": "", "tiny/table.json": "1", "results.json": "{}"})
    assert {file.path for file in trial_files(repository(tmp_path))} == {
        "main.py",
        "trials.py",
        "tiny/__init__.py",
        "tiny/experiments.py",
        "tiny/model.py",
        "tiny/table.json",
        "config.yaml",
        "requirements.txt",
    }


def test_a_repository_without_trials_is_refused() -> None:
    with pytest.raises(ReproductionError, match=r"has no PACKAGE/experiments.py"):
        trial_files((SourceFile(path="main.py", text=""), SourceFile(path="trials.py", text="")))


def test_an_unknown_sandbox_is_refused() -> None:
    with pytest.raises(SandboxError, match="Unknown sandbox"):
        asyncio.run(prepare((), "boat", None, OwnPackages()))
