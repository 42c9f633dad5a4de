"""A host without a cluster: its messages, and how its trials are stopped."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from papercoder.artifacts import BenchTrialResult
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.ray import host as ray_host
from papercoder.bench.ray.host import Host, HostMessage, TrialRequest
from papercoder.operations.environment import RunEnvironment
from papercoder.runs.events import Emit, Warned
from tests.bench.benches import trial_of, write_manifest
from tests.bench.trials import trial as result_of


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return trial_of(write_manifest(tmp_path, texts=1, store="shared"), tmp_path / "out")


async def messages_of(host: Host, trial: Trial) -> list[HostMessage]:
    return [message async for message in host.run(TrialRequest(trial, None, None, {}, retry=False))]


def replace_work(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    monkeypatch.setattr(ray_host, "run_stored", work)


def test_all_events_arrive_before_the_result(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    result, event = result_of("p1"), Warned(where="reading", message="no figures")

    async def at_once(_: Trial, __: RunEnvironment, emit: Emit) -> BenchTrialResult:
        emit(event)
        return result

    replace_work(monkeypatch, at_once)
    assert asyncio.run(messages_of(Host("a"), trial)) == [(), (event,), result]


def test_reasons_name_the_users_folder(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(here: Trial, _: RunEnvironment, __: Emit) -> BenchTrialResult:
        assert here.folder != trial.folder
        return result_of("p1", status="failed", reason=f"the traceback is in {here.folder}/error.txt")

    replace_work(monkeypatch, fails)
    *_, result = asyncio.run(messages_of(Host("a"), trial))
    assert isinstance(result, BenchTrialResult)
    assert result.reason == f"the traceback is in {trial.folder}/error.txt"


@pytest.mark.parametrize("early", [True, False], ids=["before it starts", "while it runs"])
def test_a_stopped_trial_ends(trial: Trial, monkeypatch: pytest.MonkeyPatch, early: bool) -> None:
    async def forever(*_: Any) -> None:
        await asyncio.Event().wait()

    async def play() -> list[HostMessage]:
        host = Host("a")
        if early:
            await host.stop(trial.id)
        listening = asyncio.ensure_future(messages_of(host, trial))
        if not early:
            await asyncio.sleep(0)
            await host.stop(trial.id)
        return await asyncio.wait_for(listening, 30)

    replace_work(monkeypatch, forever)
    assert asyncio.run(play()) == [()]
