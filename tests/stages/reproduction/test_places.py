"""Trials on clusters: two side by side, one of whose workers is killed and costs only what was running there."""

import asyncio
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder.artifacts import SourceFile, Trial
from papercoder.sandbox.ray import connected
from papercoder.stages.reproduction.places import RayPlace, SlurmPlace, TrialPlace
from papercoder.stages.reproduction.trial import Progress, TrialCaps, TrialOutcome, TrialRequest

MAIN = """\
import json, os, signal, sys
from pathlib import Path

trial, marker = sys.argv[2], Path({marker!r})
print(json.dumps({{"trial": trial, "fraction": 0.5}}), flush=True)
if trial == "t-0" and not marker.exists():
    marker.touch()
    os.kill(os.getppid(), signal.SIGKILL)  # the worker that runs this trial
if trial == "t-2":
    import time; time.sleep(600)
os.mkdir("results")
result = {{"trial": {{"id": trial, "experiment": "e", "method": "m", "dataset": "d", "seed": int(trial[2:])}}}}
Path("results", trial + ".json").write_text(json.dumps(result | {{"status": "done", "measured": {{"x": 1.0}}}}))
"""


def request(folder: Path, seed: int) -> TrialRequest:
    files = {"main.py": MAIN.format(marker=str(folder / "killed")), "requirements.txt": "# none\n"}
    trial = Trial(id=f"t-{seed}", experiment="e", method="m", dataset="d", seed=seed)
    return TrialRequest(trial=trial, files=tuple(SourceFile(path=path, text=text) for path, text in files.items()))


async def two_trials(place: TrialPlace, folder: Path) -> tuple[list[TrialOutcome], list[Progress]]:
    seen: list[Progress] = []
    runs = (place.run(request(folder, seed), TrialCaps(seconds=120), seen.append) for seed in (0, 1))
    return list(await asyncio.gather(*runs)), seen


async def cancelled_trial(place: TrialPlace, folder: Path) -> None:
    """Cancel a trial when it reports progress."""
    started = asyncio.Event()
    work = asyncio.create_task(place.run(request(folder, 2), TrialCaps(), lambda _: started.set()))
    await started.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


def assert_measured(outcomes: list[TrialOutcome], folder: Path) -> None:
    assert (folder / "killed").exists()
    assert [outcome.result and outcome.result.measured for outcome in outcomes] == [{"x": 1.0}] * 2


def test_ray(tmp_path: Path) -> None:
    with connected("local") as ray:
        place = RayPlace(ray, "subprocess", gpu=False, workers=2, trials=2)
        assert place.workers == 2
        outcomes, seen = asyncio.run(two_trials(place, tmp_path))
        assert_measured(outcomes, tmp_path)
        assert {progress.fraction for progress in seen} == {0.5}
        asyncio.run(cancelled_trial(place, tmp_path))


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_slurm(tmp_path: Path) -> None:
    """The warnings are about processes of submitit's local executor, which it does not wait for."""
    place = SlurmPlace(tmp_path / "jobs", "subprocess", gpu=False, workers=None, trials=2, cluster="local")
    assert place.workers == 2
    outcomes, _ = asyncio.run(two_trials(place, tmp_path))
    assert_measured(outcomes, tmp_path)
    asyncio.run(cancelled_trial(place, tmp_path))
    assert list((tmp_path / "jobs").rglob("progress-*")) == []


class Planted:
    """When it is unpickled, a folder is made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_results_of_jobs_that_a_run_brings_are_not_unpickled(tmp_path: Path) -> None:
    """The numbers of jobs can be guessed: those of submitit's local executor are numbers of processes."""
    (tmp_path / "jobs").mkdir()
    content = pickle.dumps(("success", Planted(tmp_path / "owned")))
    for number in range(os.getpid(), os.getpid() + 3000):
        (tmp_path / "jobs" / f"{number}_0_result.pkl").write_bytes(content)
    place = SlurmPlace(tmp_path / "jobs", "subprocess", gpu=False, workers=None, trials=2, cluster="local")
    outcomes, _ = asyncio.run(two_trials(place, tmp_path))
    assert_measured(outcomes, tmp_path)
    assert not (tmp_path / "owned").exists()
