"""A host without a cluster: its messages, and how its entries are stopped."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from papercoder.artifacts import BenchEntryResult
from papercoder.bench.manifest import Entry
from papercoder.bench.ray import host as ray_host
from papercoder.bench.ray.host import EntryRequest, Host, HostMessage
from papercoder.bench.shared import TrialShares
from papercoder.operations.generate import RunEnvironment
from papercoder.runs.events import Emit, Warned
from tests.bench.benches import entry_of, write_manifest
from tests.bench.entries import entry as result_of


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    return entry_of(write_manifest(tmp_path, texts=1, store="shared"), tmp_path / "out")


async def messages_of(host: Host, entry: Entry) -> list[HostMessage]:
    return [message async for message in host.run(EntryRequest(entry, None, None, {}, retry=False))]


def replace_work(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    monkeypatch.setattr(ray_host, "run_stored", work)


def test_all_events_arrive_before_the_result(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    result, event = result_of("p1"), Warned(where="reading", message="no figures")

    async def at_once(_: Entry, __: RunEnvironment, emit: Emit, ___: TrialShares) -> BenchEntryResult:
        emit(event)
        return result

    replace_work(monkeypatch, at_once)
    assert asyncio.run(messages_of(Host("a"), entry)) == [(), (event,), result]


def test_reasons_name_the_users_folder(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(here: Entry, _: RunEnvironment, __: Emit, ___: TrialShares) -> BenchEntryResult:
        assert here.folder != entry.folder
        return result_of("p1", status="failed", reason=f"the traceback is in {here.folder}/error.txt")

    replace_work(monkeypatch, fails)
    *_, result = asyncio.run(messages_of(Host("a"), entry))
    assert isinstance(result, BenchEntryResult)
    assert result.reason == f"the traceback is in {entry.folder}/error.txt"


@pytest.mark.parametrize("early", [True, False], ids=["before it starts", "while it runs"])
def test_a_stopped_entry_ends(entry: Entry, monkeypatch: pytest.MonkeyPatch, early: bool) -> None:
    async def forever(*_: Any) -> None:
        await asyncio.Event().wait()

    async def play() -> list[HostMessage]:
        host = Host("a")
        if early:
            await host.stop(entry.id)
        listening = asyncio.ensure_future(messages_of(host, entry))
        if not early:
            await asyncio.sleep(0)
            await host.stop(entry.id)
        return await asyncio.wait_for(listening, 30)

    replace_work(monkeypatch, forever)
    assert asyncio.run(play()) == [()]
