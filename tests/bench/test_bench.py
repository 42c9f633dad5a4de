"""Many papers at once: one that fails stops no other, and nothing is paid for twice, whatever happens."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from papercoder.artifacts import BenchResults, TrialResult
from papercoder.bench.bench import bench
from papercoder.bench.manifest.file import load_manifest
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.placement import Local, Perform, Shared
from papercoder.bench.watcher import Watcher
from papercoder.errors import RunFolderError, SandboxError, SettingsError
from papercoder.models.contract import Answer, Request
from papercoder.models.simulated import Simulated
from papercoder.runs.events import CallMade, Event, RunStarted, Warned
from papercoder.runs.folder import load, lock
from papercoder.runs.store import FileStore
from papercoder.stages.checking import checks
from tests.bench.benches import FULL, PUBLISHED, TINY, Silent, calls_of, run, trial_of, without_tools, write_manifest
from tests.support import of_kind

PRICED = f"{TINY},price_in=100,price_out=100"
_PROCESSES = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bench that nothing disturbed: three papers in two variants."""
    folder = tmp_path_factory.mktemp("whole")
    results = run(six(folder), folder / "out")
    assert {trial.status for trial in results.trials} == {"complete"}
    return folder / "out"


def six(folder: Path) -> Path:
    return write_manifest(folder, variants=[FULL, PUBLISHED], papers_at_once=3)


def test_a_paper_that_is_broken_stops_no_other(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, variants=[PUBLISHED, {**PUBLISHED, "name": "again"}])
    (tmp_path / "p2.md").write_bytes(b"%PDF-1.4 nothing")
    results = run(path, tmp_path / "out")
    found = [(trial.paper, trial.status) for trial in results.trials]
    assert found[::2] == found[1::2] == [("p1", "complete"), ("p2", "failed"), ("p3", "complete")]
    assert all("truncated" in trial.reason for trial in results.trials[2:4])
    assert load(tmp_path / "out", "results.json", BenchResults) == results


def test_so_many_at_once_and_no_more(tmp_path: Path) -> None:
    at_work, most = set[str](), 0

    class Counting(Silent):
        def tell(self, trial: str, event: Event) -> None:
            nonlocal most
            if isinstance(event, RunStarted):
                at_work.add(trial)
                most = max(most, len(at_work))

        def end(self, result: TrialResult) -> None:
            at_work.discard(result.trial)

    run(write_manifest(tmp_path, texts=5, papers_at_once=2), tmp_path / "out", Counting())
    assert most == 2


def test_calls_at_once_are_counted_over_all_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_same_command_again_runs_nothing_that_was_carried_through(tmp_path: Path) -> None:
    path = write_manifest(tmp_path)
    first = run(path, tmp_path / "out")
    calls, again = calls_of(tmp_path / "out"), Silent()
    assert run(path, tmp_path / "out", again) == first
    assert again.found == first
    assert (again.told, again.ended) == ([], [])
    assert calls_of(tmp_path / "out") == calls


def test_a_paper_that_was_mended_is_taken_up_and_a_new_one_too(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=2)
    good = (tmp_path / "p2.md").read_bytes()
    (tmp_path / "p2.md").write_bytes(b"%PDF-1.4 nothing")
    run(path, tmp_path / "out")
    write_manifest(tmp_path, texts=3)
    (tmp_path / "p2.md").write_bytes(good)
    again = Silent()
    assert {trial.status for trial in run(path, tmp_path / "out", again).trials} == {"complete"}
    assert {result.paper for result in again.ended} == {"p2", "p3"}
    assert set(calls_of(tmp_path / "out").values()) == {1}


def test_the_cap_holds_for_all_together_and_a_higher_one_goes_on(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=4, models=PRICED, max_cost=4.0, papers_at_once=2)
    stopped = run(path, tmp_path / "out")
    spent = sum(trial.cost_usd for trial in stopped.trials)
    assert 0 < spent <= 4.0
    assert all(trial.capped for trial in stopped.trials if trial.status != "complete")
    assert stopped.trials[-1].reason.startswith("it was not started")
    assert stopped.trials[-1].calls == 0
    calls = calls_of(tmp_path / "out")
    assert sum(trial.cost_usd for trial in run(path, tmp_path / "out").trials) <= 4.0  # what was spent counts
    done = run(path, tmp_path / "out", max_cost=None)
    assert {trial.status for trial in done.trials} == {"complete"}
    assert set(calls_of(tmp_path / "out").values()) == {1}
    assert calls_of(tmp_path / "out") >= calls


def _until_call(manifest: Path, folder: Path, at: int) -> None:
    """A process that is killed when so many calls are made."""
    os.fsync = lambda fd: None
    checks.CHECKS = without_tools()
    left = at

    class Dies(Silent):
        def tell(self, trial: str, event: Event) -> None:
            nonlocal left
            left -= isinstance(event, CallMade)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    run(manifest, folder, Dies())


@pytest.mark.parametrize("at", [2, 25, 60])
def test_killed_in_the_middle_it_pays_for_nothing_twice(tmp_path: Path, whole: Path, at: int) -> None:
    path = six(tmp_path)
    process = _PROCESSES.Process(target=_until_call, args=(path, tmp_path / "out", at))
    process.start()
    process.join(240)
    assert process.exitcode == -signal.SIGKILL
    assert at <= calls_of(tmp_path / "out").total() <= answers_of(tmp_path / "out") < answers_of(whole)
    results = run(path, tmp_path / "out")
    assert {trial.status for trial in results.trials} == {"complete"}
    assert calls_of(tmp_path / "out") == calls_of(whole)
    assert answers_of(tmp_path / "out") == answers_of(whole)


def answers_of(folder: Path) -> int:
    """All that was paid for."""
    return len(list(folder.glob("*/.store/answers/call-*")))


def test_interrupted_it_writes_what_it_has_and_goes_on(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=3, papers_at_once=1)

    async def interrupted() -> None:
        class Stops(Silent):
            def tell(self, trial: str, event: Event) -> None:
                if self.ended and isinstance(event, CallMade):
                    task.cancel()

        task = asyncio.ensure_future(bench(load_manifest(path), tmp_path / "out", Local(), Stops()))
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted())
    kept = load(tmp_path / "out", "results.json", BenchResults)
    assert [trial.status for trial in kept.trials].count("complete") == 1
    assert [trial.reason for trial in kept.trials][1:] == ["it was interrupted", "it was not started"]
    assert {trial.status for trial in run(path, tmp_path / "out").trials} == {"complete"}
    assert set(calls_of(tmp_path / "out").values()) == {1}


def test_a_second_process_on_a_bench_is_refused(tmp_path: Path) -> None:
    path = write_manifest(tmp_path)
    with lock(tmp_path / "out"), pytest.raises(RunFolderError, match="Another process"):
        run(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"models": "nobody:x"}, "there is no provider"),
        ({"models": "simulated:flies=3"}, "flies"),
        ({"judge": {"model": "nobody:x"}}, "there is no provider"),
    ],
)
def test_a_model_that_cannot_be_had_is_refused_before_anything_is_begun(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        run(write_manifest(tmp_path, **changes), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_cap_without_a_price_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    path = write_manifest(tmp_path, models="openai:of-no-known-price", max_cost=5.0)
    with pytest.raises(SettingsError, match="max_cost cannot bind: the price of openai:of-no-known-price is not known"):
        run(path, tmp_path / "out")


class Elsewhere:
    """A placement that loses what it is given."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @asynccontextmanager
    async def open(self, shared: Shared, todo: Sequence[Trial], watcher: Watcher) -> AsyncIterator[Perform]:
        async def perform(trial: Trial) -> TrialResult:
            if trial.paper == "p2":
                raise self.error
            return await local(trial)

        async with Local().open(shared, todo, watcher) as local:
            yield perform


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SandboxError("The machine is away."), "The machine is away."),
        (OSError("lost"), "OSError: lost"),
        (asyncio.CancelledError(), "CancelledError: its placement gave it up"),
    ],
)
def test_a_trial_that_its_placement_loses_stops_no_other(tmp_path: Path, error: BaseException, said: str) -> None:
    path = write_manifest(tmp_path)
    results = asyncio.run(bench(load_manifest(path), tmp_path / "out", Elsewhere(error), Silent()))
    assert [(trial.status, trial.reason) for trial in results.trials] == [
        ("complete", ""),
        ("failed", said),
        ("complete", ""),
    ]


class Away:
    """A placement that cannot be used."""

    @asynccontextmanager
    async def open(self, shared: Shared, todo: Sequence[Trial], watcher: Watcher) -> AsyncIterator[Perform]:
        raise SettingsError("There is no cluster.")
        yield


def test_a_placement_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    path = write_manifest(tmp_path)
    with pytest.raises(SettingsError, match="There is no cluster"):
        asyncio.run(bench(load_manifest(path), tmp_path / "out", Away(), Silent()))
    kept = load(tmp_path / "out", "results.json", BenchResults)
    assert {trial.reason for trial in kept.trials} == {"it was not started"}


def test_where_nothing_is_left_to_do_no_placement_is_opened(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=1)
    first = run(path, tmp_path / "out")
    assert asyncio.run(bench(load_manifest(path), tmp_path / "out", Away(), Silent())) == first


def test_repeats_are_runs_of_their_own(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=1, repeats=2)
    results = run(path, tmp_path / "out")
    assert [trial.repeat for trial in results.trials] == [1, 2]
    first, second = (FileStore(trial_of(path, tmp_path / "out", at).folder / ".store" / "answers") for at in (0, 1))
    assert not set(first.texts()) & set(second.texts())


def test_flags_win_over_the_manifest(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, texts=1, variants=[{"name": "x", "profile": "papercoder", "sandbox": "auto"}])
    results = asyncio.run(bench(load_manifest(path), tmp_path / "out", Local(), Silent(), sandbox="none"))
    assert [(trial.status, trial.steps) for trial in results.trials] == [("complete", ())]


def test_rounds_that_a_profile_has_not_are_told_once(tmp_path: Path) -> None:
    watcher = Silent()
    run(write_manifest(tmp_path, texts=2, variants=[{**PUBLISHED, "review_rounds": 1}]), tmp_path / "out", watcher)
    (warned,) = watcher.warned
    assert warned.startswith("variant published: review_rounds = 1 has no effect")
    told = of_kind((event for _, event in watcher.told), Warned)
    assert len([each for each in told if "review_rounds = 1" in each.message]) == 2


def test_all_events_of_all_trials_are_told(tmp_path: Path) -> None:
    watcher = Silent()
    run(write_manifest(tmp_path, texts=2), tmp_path / "out", watcher)
    told = of_kind((event for _, event in watcher.told), CallMade)
    assert len(told) == calls_of(tmp_path / "out").total()
    assert {trial for trial, _ in watcher.told} == {result.trial for result in watcher.ended}


def test_money_that_was_spent_on_papers_that_are_gone_counts(tmp_path: Path) -> None:
    spent = run(write_manifest(tmp_path, texts=1, models=PRICED), tmp_path / "out").trials[0].cost_usd
    other = {"papers": [{"id": "p2", "paper": "p2.md"}], "models": PRICED, "max_cost": spent}
    (result,) = run(write_manifest(tmp_path, texts=2, **other), tmp_path / "out").trials
    assert (result.capped, result.calls) == (True, 0)
