"""A host without a cluster: what it tells of its trials, and how they are stopped."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from papercoder.artifacts import TrialResult
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.ray import host as ray_host
from papercoder.bench.ray.host import Host, Order, Told
from papercoder.operations.environment import RunEnvironment
from papercoder.runs.events import Emit, Warned
from tests.bench.benches import trial_of, write_manifest
from tests.bench.trials import trial as came_of


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return trial_of(write_manifest(tmp_path, texts=1, store="shared"), tmp_path / "out")


async def told(host: Host, trial: Trial) -> list[Told]:
    return [each async for each in host.run(Order(trial, None, None, {}, again=False))]


def carrying_out(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    monkeypatch.setattr(ray_host, "run_kept", work)


def test_what_is_told_until_the_very_end_is_told_before_the_result(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, event = came_of("p1"), Warned(where="reading", message="no figures")

    async def at_once(_: Trial, __: RunEnvironment, emit: Emit) -> TrialResult:
        emit(event)
        return result

    carrying_out(monkeypatch, at_once)
    assert asyncio.run(told(Host("a"), trial)) == [(), (event,), result]


def test_a_reason_names_the_folder_that_the_user_has(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(here: Trial, _: RunEnvironment, __: Emit) -> TrialResult:
        assert here.folder != trial.folder
        return came_of("p1", status="failed", reason=f"all of it is in {here.folder}/error.txt")

    carrying_out(monkeypatch, fails)
    *_, result = asyncio.run(told(Host("a"), trial))
    assert isinstance(result, TrialResult)
    assert result.reason == f"all of it is in {trial.folder}/error.txt"


@pytest.mark.parametrize("early", [True, False], ids=["before it is heard of", "while it goes on"])
def test_a_trial_that_is_stopped_ends(trial: Trial, monkeypatch: pytest.MonkeyPatch, early: bool) -> None:
    async def forever(*_: Any) -> None:
        await asyncio.Event().wait()

    async def play() -> list[Told]:
        host = Host("a")
        if early:
            await host.stop(trial.id)
        telling = asyncio.ensure_future(told(host, trial))
        if not early:
            await asyncio.sleep(0)
            await host.stop(trial.id)
        return await asyncio.wait_for(telling, 30)

    carrying_out(monkeypatch, forever)
    assert asyncio.run(play()) == [()]
