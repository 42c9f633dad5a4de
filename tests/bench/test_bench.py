"""Benches: failures stay in their entry, and nothing is paid for twice."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from papercoder.artifacts import BenchEntryResult, BenchResults
from papercoder.bench.bench import bench
from papercoder.bench.manifest import Entry
from papercoder.bench.manifest_file import load_manifest
from papercoder.bench.placement import Listener, LocalPlacement, RunEntry, SharedLimits
from papercoder.errors import RunFolderError, SandboxError, SettingsError
from papercoder.models.contract import Answer, Request
from papercoder.models.simulated import Simulated
from papercoder.runs.events import CallMade, Event, RunStarted, Warned
from papercoder.runs.folder import FileStore, load, lock
from papercoder.stages import checking
from tests.bench.benches import FULL, PUBLISHED, TINY, Silent, calls_of, entry_of, run, without_tools, write_manifest
from tests.support import of_kind

PRICED = f"{TINY},price_in=100,price_out=100"
_PROCESSES = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed bench: three papers in two variants."""
    folder = tmp_path_factory.mktemp("whole")
    results = run(six(folder), folder / "out")
    assert {entry.status for entry in results.entries} == {"complete"}
    return folder / "out"


def six(folder: Path) -> Path:
    return write_manifest(folder, variants=[FULL, PUBLISHED], papers_at_once=3)


def test_a_broken_paper_does_not_affect_the_others(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, variants=[PUBLISHED, {**PUBLISHED, "name": "again"}])
    (tmp_path / "p2.md").write_bytes(b"%PDF-1.4 nothing")
    results = run(path, tmp_path / "out")
    found = [(entry.paper, entry.status) for entry in results.entries]
    assert found[::2] == found[1::2] == [("p1", "complete"), ("p2", "failed"), ("p3", "complete")]
    assert all("truncated" in entry.reason for entry in results.entries[2:4])
    assert load(tmp_path / "out", "results.json", BenchResults) == results


def test_papers_at_once_limits_running_entries(tmp_path: Path) -> None:
    at_work, most = set[str](), 0

    class Counting(Silent):
        def on_event(self, entry: str, event: Event) -> None:
            nonlocal most
            if isinstance(event, RunStarted):
                at_work.add(entry)
                most = max(most, len(at_work))

        def on_entry_end(self, result: BenchEntryResult) -> None:
            at_work.discard(result.entry)

    run(write_manifest(tmp_path, texts=5, papers_at_once=2), tmp_path / "out", Counting())
    assert most == 2


def test_concurrency_limits_calls_of_all_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream, in_flight, most = Simulated.stream, 0, 0

    async def counted(self: Simulated, request: Request) -> AsyncGenerator[str | Answer, None]:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        async for piece in stream(self, request):
            in_flight -= isinstance(piece, Answer)
            yield piece

    monkeypatch.setattr(Simulated, "stream", counted)
    path = write_manifest(tmp_path, variants=[FULL], concurrency=2, papers_at_once=3)
    run(path, tmp_path / "out")
    assert most == 2


def test_complete_entries_are_not_run_again(tmp_path: Path) -> None:
    path = write_manifest(tmp_path)
    first = run(path, tmp_path / "out")
    calls, again = calls_of(tmp_path / "out"), Silent()
    assert run(path, tmp_path / "out", again) == first
    assert again.started == first
    assert (again.events, again.ended) == ([], [])
    assert calls_of(tmp_path / "out") == calls


def test_a_repaired_paper_and_a_new_one_run(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=2)
    good = (tmp_path / "p2.md").read_bytes()
    (tmp_path / "p2.md").write_bytes(b"%PDF-1.4 nothing")
    run(path, tmp_path / "out")
    write_manifest(tmp_path, texts=3)
    (tmp_path / "p2.md").write_bytes(good)
    again = Silent()
    assert {entry.status for entry in run(path, tmp_path / "out", again).entries} == {"complete"}
    assert {result.paper for result in again.ended} == {"p2", "p3"}
    assert set(calls_of(tmp_path / "out").values()) == {1}


def test_the_cap_applies_to_all_entries_and_a_higher_one_resumes(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=4, models=PRICED, max_cost=4.0, papers_at_once=2)
    stopped = run(path, tmp_path / "out")
    spent = sum(entry.cost_usd for entry in stopped.entries)
    assert 0 < spent <= 4.0
    assert all(entry.capped for entry in stopped.entries if entry.status != "complete")
    assert stopped.entries[-1].reason.startswith("it was not started")
    assert stopped.entries[-1].calls == 0
    calls = calls_of(tmp_path / "out")
    assert sum(entry.cost_usd for entry in run(path, tmp_path / "out").entries) <= 4.0  # earlier costs count
    done = run(path, tmp_path / "out", max_cost=None)
    assert {entry.status for entry in done.entries} == {"complete"}
    assert set(calls_of(tmp_path / "out").values()) == {1}
    assert calls_of(tmp_path / "out") >= calls


def _until_call(manifest: Path, folder: Path, at: int) -> None:
    """A process that is killed after this many calls."""
    os.fsync = lambda fd: None
    checking.CHECKS = without_tools()
    left = at

    class Dies(Silent):
        def on_event(self, entry: str, event: Event) -> None:
            nonlocal left
            left -= isinstance(event, CallMade)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    run(manifest, folder, Dies())


@pytest.mark.parametrize("at", [2, 25, 60])
def test_after_a_kill_nothing_is_paid_for_twice(tmp_path: Path, whole: Path, at: int) -> None:
    path = six(tmp_path)
    process = _PROCESSES.Process(target=_until_call, args=(path, tmp_path / "out", at))
    process.start()
    process.join(240)
    assert process.exitcode == -signal.SIGKILL
    assert at <= calls_of(tmp_path / "out").total() <= answers_of(tmp_path / "out") < answers_of(whole)
    results = run(path, tmp_path / "out")
    assert {entry.status for entry in results.entries} == {"complete"}
    assert calls_of(tmp_path / "out") == calls_of(whole)
    assert answers_of(tmp_path / "out") == answers_of(whole)


def answers_of(folder: Path) -> int:
    """The number of paid answers."""
    return len(list(folder.glob("*/.store/answers/call-*")))


def test_after_an_interruption_results_are_written_and_the_bench_resumes(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=3, papers_at_once=1)

    async def interrupted() -> None:
        class Stops(Silent):
            def on_event(self, entry: str, event: Event) -> None:
                if self.ended and isinstance(event, CallMade):
                    task.cancel()

        task = asyncio.ensure_future(bench(load_manifest(path), tmp_path / "out", LocalPlacement(), Stops()))
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted())
    kept = load(tmp_path / "out", "results.json", BenchResults)
    assert [entry.status for entry in kept.entries].count("complete") == 1
    assert [entry.reason for entry in kept.entries][1:] == ["it was interrupted", "it was not started"]
    assert {entry.status for entry in run(path, tmp_path / "out").entries} == {"complete"}
    assert set(calls_of(tmp_path / "out").values()) == {1}


def test_a_second_process_on_a_bench_is_an_error(tmp_path: Path) -> None:
    path = write_manifest(tmp_path)
    with lock(tmp_path / "out"), pytest.raises(RunFolderError, match="Another process"):
        run(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": "nobody:x"}, "there is no provider"),
        ({"models": "simulated:flies=3"}, "flies"),
        ({"judge": {"model": "nobody:x"}}, "there is no provider"),
    ],
)
def test_an_unavailable_model_is_an_error_before_the_first_entry(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        run(write_manifest(tmp_path, **changes), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_cap_without_a_price_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    path = write_manifest(tmp_path, models="openai:of-no-known-price", max_cost=5.0)
    with pytest.raises(SettingsError, match="max_cost needs the price of openai:of-no-known-price"):
        run(path, tmp_path / "out")


class Failing:
    """A placement that fails for one paper."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @asynccontextmanager
    async def open(self, limits: SharedLimits, entries: Sequence[Entry], listener: Listener) -> AsyncIterator[RunEntry]:
        async def run_entry(entry: Entry) -> BenchEntryResult:
            if entry.paper == "p2":
                raise self.error
            return await local(entry)

        async with LocalPlacement().open(limits, entries, listener) as local:
            yield run_entry


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SandboxError("The machine is away."), "The machine is away."),
        (OSError("lost"), "OSError: lost"),
        (asyncio.CancelledError(), "CancelledError: its placement cancelled it"),
    ],
)
def test_a_failing_placement_does_not_affect_other_entries(tmp_path: Path, error: BaseException, message: str) -> None:
    path = write_manifest(tmp_path)
    results = asyncio.run(bench(load_manifest(path), tmp_path / "out", Failing(error), Silent()))
    assert [(entry.status, entry.reason) for entry in results.entries] == [
        ("complete", ""),
        ("failed", message),
        ("complete", ""),
    ]


class Unavailable:
    """A placement that cannot be used."""

    @asynccontextmanager
    async def open(self, limits: SharedLimits, entries: Sequence[Entry], listener: Listener) -> AsyncIterator[RunEntry]:
        raise SettingsError("There is no cluster.")
        yield


def test_a_placement_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    path = write_manifest(tmp_path)
    with pytest.raises(SettingsError, match="There is no cluster"):
        asyncio.run(bench(load_manifest(path), tmp_path / "out", Unavailable(), Silent()))
    kept = load(tmp_path / "out", "results.json", BenchResults)
    assert {entry.reason for entry in kept.entries} == {"it was not started"}


def test_a_complete_bench_opens_no_placement(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=1)
    first = run(path, tmp_path / "out")
    assert asyncio.run(bench(load_manifest(path), tmp_path / "out", Unavailable(), Silent())) == first


def test_repeats_are_independent_runs(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=1, repeats=2)
    results = run(path, tmp_path / "out")
    assert [entry.repeat for entry in results.entries] == [1, 2]
    first, second = (FileStore(entry_of(path, tmp_path / "out", at).folder / ".store" / "answers") for at in (0, 1))
    assert not set(first.texts()) & set(second.texts())


def test_flags_override_the_manifest(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=1, variants=[{"name": "x", "profile": "papercoder", "sandbox": "auto"}])
    results = asyncio.run(bench(load_manifest(path), tmp_path / "out", LocalPlacement(), Silent(), sandbox="none"))
    assert [(entry.status, entry.steps) for entry in results.entries] == [("complete", ())]


def test_unused_settings_are_one_warning(tmp_path: Path) -> None:
    listener = Silent()
    run(write_manifest(tmp_path, texts=2, variants=[{**PUBLISHED, "review_rounds": 1}]), tmp_path / "out", listener)
    (warned,) = listener.warned
    assert warned.startswith("variant published: review_rounds = 1 has no effect")
    events = of_kind((event for _, event in listener.events), Warned)
    assert len([event for event in events if "review_rounds = 1" in event.message]) == 2


def test_the_listener_receives_all_events(tmp_path: Path) -> None:
    listener = Silent()
    run(write_manifest(tmp_path, texts=2), tmp_path / "out", listener)
    events = of_kind((event for _, event in listener.events), CallMade)
    assert len(events) == calls_of(tmp_path / "out").total()
    assert {entry for entry, _ in listener.events} == {result.entry for result in listener.ended}


def test_costs_of_removed_papers_count(tmp_path: Path) -> None:
    spent = run(write_manifest(tmp_path, texts=1, models=PRICED), tmp_path / "out").entries[0].cost_usd
    other = {"papers": [{"id": "p2", "paper": "p2.md"}], "models": PRICED, "max_cost": spent}
    (result,) = run(write_manifest(tmp_path, texts=2, **other), tmp_path / "out").entries
    assert (result.capped, result.calls) == (True, 0)
