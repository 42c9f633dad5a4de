"""Runs that the page started: paused, stopped and resumed."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from papercoder.artifacts.reproduction import ReproductionPlan
from papercoder.errors import PaperError, RunFolderError, SettingsError
from papercoder.models.contract import Answer, Request
from papercoder.models.limits import LocalRateLimits
from papercoder.models.simulated import Simulated
from papercoder.models.stack import finish
from papercoder.operations.revise import Confirm, PlannedRevision
from papercoder.runs.event_log import read_events
from papercoder.runs.folder import is_locked, load, lock
from papercoder.runs.summary import summarise
from papercoder.settings import Settings
from papercoder.stages import checking
from papercoder.web.runs.active import ActiveRuns, Pause, StoppedError
from papercoder.web.runs.folder import RunsFolder
from tests.bench.benches import without_tools
from tests.reproduction.packages import own_packages
from tests.reproduction.runs import write_run
from tests.support import SIMULATED, calls_in_flight, calls_made
from tests.waiting import until

QUICK = Settings(model=SIMULATED, sandbox="none")
SLOW = Settings(model="simulated:files=6,width=3,speed=100,ttft=20", sandbox="none")
"""A call takes half a second."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The agents of all paid calls."""
    stream, agents = Simulated.stream, list[str]()

    def counted(self: Simulated, request: Request) -> AsyncGenerator[str | Answer, None]:
        agents.append(request.agent)
        return stream(self, request)

    monkeypatch.setattr(Simulated, "stream", counted)
    return agents


@pytest.fixture(autouse=True)
def _no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "CHECKS", without_tools())


@pytest.fixture
def active_runs(tmp_path: Path) -> Iterator[ActiveRuns]:
    active_runs = ActiveRuns(RunsFolder(tmp_path))
    yield active_runs
    asyncio.run(active_runs.close())


def test_a_run_is_started_and_completes(active_runs: ActiveRuns, tmp_path: Path, paper_file: Path) -> None:
    async def play() -> None:
        await active_runs.start("one", str(paper_file), QUICK)
        run = active_runs.of("one")
        assert run
        await until(lambda: run.state == "ended")
        assert run.reason == ""

    asyncio.run(play())
    assert summarise(read_events(tmp_path / "one")).status == "complete"
    assert not is_locked(tmp_path / "one")


def test_a_paused_run_finishes_its_calls_and_starts_none(
    active_runs: ActiveRuns, tmp_path: Path, paper_file: Path, asked: list[str]
) -> None:
    folder = tmp_path / "one"

    async def play() -> None:
        await active_runs.start("one", str(paper_file), SLOW)
        run = active_runs.of("one")
        assert run
        await until(lambda: bool(asked))
        run.pause()
        await until(lambda: run.state == "paused")
        before = len(asked)
        await until(lambda: calls_made(folder).total() == before)
        await asyncio.sleep(0.5)
        assert len(asked) == before
        run.resume()
        await until(lambda: len(asked) > before)
        assert run.state == "running"
        await active_runs.close()

    asyncio.run(play())


def test_a_stopped_run_keeps_its_calls_and_can_be_resumed(
    active_runs: ActiveRuns, tmp_path: Path, paper_file: Path
) -> None:
    folder = tmp_path / "one"

    async def play() -> None:
        await active_runs.start("one", str(paper_file), SLOW)
        run = active_runs.of("one")
        assert run
        await until(lambda: calls_in_flight(read_events(folder)).total() > 1)
        sent = calls_in_flight(read_events(folder))
        await run.stop()
        assert run.state == "ended"
        assert "it was stopped" in run.reason
        assert not is_locked(folder)
        assert sent <= calls_made(folder)
        summary = summarise(read_events(folder))
        assert (summary.status, "it was stopped" in summary.reason) == ("partial", True)
        await active_runs.resume("one")
        again = active_runs.of("one")
        assert again
        await until(lambda: again.state == "ended")

    asyncio.run(play())
    assert summarise(read_events(folder)).status == "complete"
    assert set(calls_made(folder).values()) == {1}


def test_a_paused_run_can_be_stopped(active_runs: ActiveRuns, tmp_path: Path, paper_file: Path) -> None:
    async def play() -> None:
        await active_runs.start("one", str(paper_file), SLOW)
        run = active_runs.of("one")
        assert run
        run.pause()
        await until(lambda: run.state == "paused")
        await asyncio.wait_for(active_runs.close(), 60)
        assert run.state == "ended"

    asyncio.run(play())


def test_errors_at_the_start_are_raised_at_once(active_runs: ActiveRuns, tmp_path: Path, paper_file: Path) -> None:
    async def play() -> None:
        with pytest.raises(SettingsError):
            await active_runs.start("one", str(paper_file), Settings(model="nobody:nothing"))
        with lock(tmp_path / "two"), pytest.raises(RunFolderError, match="Another process"):
            await active_runs.start("two", str(paper_file), QUICK)

    asyncio.run(play())


def test_a_run_has_one_process(active_runs: ActiveRuns, paper_file: Path) -> None:
    async def play() -> None:
        await active_runs.start("one", str(paper_file), SLOW)
        with pytest.raises(RunFolderError, match="already running"):
            await active_runs.start("one", str(paper_file), SLOW)
        await active_runs.close()

    asyncio.run(play())


def test_a_paper_that_cannot_be_read_is_an_error_of_the_start(active_runs: ActiveRuns, tmp_path: Path) -> None:
    async def play() -> None:
        with pytest.raises(PaperError, match=r"none\.pdf"):
            await active_runs.start("one", str(tmp_path / "none.pdf"), QUICK)
        run = active_runs.of("one")
        assert run
        assert "none.pdf" in run.reason
        assert not (tmp_path / "one").exists()

    asyncio.run(play())


def test_a_run_that_was_never_started_cannot_be_resumed(active_runs: ActiveRuns) -> None:
    with pytest.raises(RunFolderError, match="No run named"):
        asyncio.run(active_runs.resume("one"))


def test_a_run_is_reproduced_within_a_budget(active_runs: ActiveRuns, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    write_run(tmp_path / "one")

    async def measure(seeds: int | None) -> None:
        await active_runs.reproduce("one", {"budget": 120.0, "tolerance": 0.1, "seeds": seeds})
        run = active_runs.of("one")
        assert run
        await until(lambda: run.state == "ended")
        assert run.reason == ""
        plan = load(tmp_path / "one", "reproduction/plan.json", ReproductionPlan)
        assert (plan.options.tolerance, plan.options.seeds) == (0.1, seeds)

    async def play() -> None:
        with pytest.raises(SettingsError, match="seeds"):
            await active_runs.reproduce("one", {"budget": 120.0, "seeds": 0})
        await measure(1)
        await measure(None)  # what was cleared is no limit any more

    with own_packages(), pytest.MonkeyPatch.context() as patched:
        patched.setenv("PAPERCODER_SANDBOX", "subprocess")
        asyncio.run(play())
    assert (tmp_path / "one" / "reproduction" / "report.json").is_file()


def test_a_note_waits_for_the_users_decision(
    active_runs: ActiveRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one").mkdir()
    write_run(tmp_path / "one")
    planned = PlannedRevision("+ R1", ("main.py",), 100, None)

    async def apply(folder: Path, note: str, settings: Settings, listeners: object, confirm: Confirm) -> bool:
        return confirm(planned)

    monkeypatch.setattr("papercoder.web.runs.active.apply_note", apply)

    async def play() -> None:
        waiting = asyncio.create_task(active_runs.revise("one", "Use Adam.", {}))
        await until(lambda: bool((run := active_runs.of("one")) and run.revision and run.revision.is_waiting))
        run = active_runs.of("one")
        assert run
        assert run.revision
        assert (run.state, run.work, run.revision.planned) == ("running", "note", planned)
        await run.stop()  # is a no
        await waiting
        assert (run.revision.is_applied, run.revision.is_waiting) == (False, False)

    asyncio.run(play())


# Pausing


async def call(pause: Pause, done: list[str], name: str, seconds: float = 0.02) -> None:
    async def sent() -> None:
        await asyncio.sleep(seconds)
        done.append(name)

    async with pause.slot(1):
        await finish(sent())


async def soon() -> None:
    await asyncio.sleep(0.005)


def test_while_held_active_calls_end_and_none_starts() -> None:
    async def play() -> None:
        pause, done = Pause(LocalRateLimits(4)), list[str]()
        one = asyncio.create_task(call(pause, done, "one"))
        await soon()
        pause.hold()
        two = asyncio.create_task(call(pause, done, "two"))
        await one
        await asyncio.sleep(0.05)
        assert (done, pause.calls, pause.since is not None) == (["one"], 0, True)
        pause.release()
        await two
        assert done == ["one", "two"]

    asyncio.run(play())


def test_closing_waits_for_active_calls_and_rejects_the_rest() -> None:
    async def play() -> None:
        pause, done = Pause(LocalRateLimits(1)), list[str]()
        one, two = (asyncio.create_task(call(pause, done, name)) for name in ("one", "two"))
        await soon()
        await pause.close()
        assert done == ["one"]
        await asyncio.wait([one])
        with pytest.raises(StoppedError, match="it was stopped"):
            await two

    asyncio.run(play())


def test_closing_while_held_releases_waiting_calls() -> None:
    async def play() -> None:
        pause, done = Pause(LocalRateLimits(1)), list[str]()
        pause.hold()
        one = asyncio.create_task(call(pause, done, "one"))
        await soon()
        await pause.close()
        with pytest.raises(StoppedError):
            await one
        assert done == []

    asyncio.run(play())


def test_closing_does_not_wait_for_retries() -> None:
    async def again(pause: Pause) -> None:
        async with pause.slot(1):
            await asyncio.sleep(600)

    async def play() -> None:
        pause = Pause(LocalRateLimits(1))
        one = asyncio.create_task(again(pause))
        await soon()
        await asyncio.wait_for(pause.close(), 60)
        assert one.cancelled()

    asyncio.run(play())
