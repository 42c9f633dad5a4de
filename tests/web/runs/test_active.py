"""Runs that are begun on the page: paused, stopped, gone on with."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from papercoder.errors import PaperError, RunFolderError, SettingsError
from papercoder.models.contract import Answer, Request
from papercoder.models.simulated import Simulated
from papercoder.runs.event_log import read_events
from papercoder.runs.folder import is_locked, lock
from papercoder.runs.summary import summarise
from papercoder.settings import Settings
from papercoder.stages.checking import checks
from papercoder.web.runs.active import Works
from papercoder.web.runs.folder import Shelf
from tests.bench.benches import without_tools
from tests.support import SIMULATED, calls_in_flight, calls_made
from tests.waiting import until

QUICK = Settings(model=SIMULATED, sandbox="none")
SLOW = Settings(model="simulated:files=6,width=3,speed=100,ttft=20", sandbox="none")
"""A call takes half a second."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who was asked something: calls that will be paid for."""
    stream, agents = Simulated.stream, list[str]()

    def counted(self: Simulated, request: Request) -> AsyncGenerator[str | Answer, None]:
        agents.append(request.agent)
        return stream(self, request)

    monkeypatch.setattr(Simulated, "stream", counted)
    return agents


@pytest.fixture(autouse=True)
def _no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", without_tools())


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    works = Works(Shelf(tmp_path))
    yield works
    asyncio.run(works.close())


def test_a_run_is_begun_and_comes_to_its_end(works: Works, tmp_path: Path, paper_file: Path) -> None:
    async def play() -> None:
        await works.start("one", str(paper_file), QUICK)
        work = works.of("one")
        assert work
        await until(lambda: work.doing == "ended")
        assert work.reason == ""

    asyncio.run(play())
    assert summarise(read_events(tmp_path / "one")).status == "complete"
    assert not is_locked(tmp_path / "one")


def test_a_paused_run_ends_its_calls_and_begins_none(
    works: Works, tmp_path: Path, paper_file: Path, asked: list[str]
) -> None:
    folder = tmp_path / "one"

    async def play() -> None:
        await works.start("one", str(paper_file), SLOW)
        work = works.of("one")
        assert work
        await until(lambda: bool(asked))
        work.pause()
        await until(lambda: work.doing == "paused")
        before = len(asked)
        await until(lambda: calls_made(folder).total() == before)
        await asyncio.sleep(0.5)
        assert len(asked) == before
        work.resume()
        await until(lambda: len(asked) > before)
        assert work.doing == "running"
        await works.close()

    asyncio.run(play())


def test_a_stopped_run_keeps_what_was_sent_and_goes_on(works: Works, tmp_path: Path, paper_file: Path) -> None:
    folder = tmp_path / "one"

    async def play() -> None:
        await works.start("one", str(paper_file), SLOW)
        work = works.of("one")
        assert work
        await until(lambda: calls_in_flight(read_events(folder)).total() > 1)
        sent = calls_in_flight(read_events(folder))
        await work.stop()
        assert work.doing == "ended"
        assert "it was stopped" in work.reason
        assert not is_locked(folder)
        assert sent <= calls_made(folder)
        summary = summarise(read_events(folder))
        assert (summary.status, "it was stopped" in summary.reason) == ("partial", True)
        await works.go_on("one")
        again = works.of("one")
        assert again
        await until(lambda: again.doing == "ended")

    asyncio.run(play())
    assert summarise(read_events(folder)).status == "complete"
    assert set(calls_made(folder).values()) == {1}


def test_a_paused_run_can_be_stopped(works: Works, tmp_path: Path, paper_file: Path) -> None:
    async def play() -> None:
        await works.start("one", str(paper_file), SLOW)
        work = works.of("one")
        assert work
        work.pause()
        await until(lambda: work.doing == "paused")
        await asyncio.wait_for(works.close(), 60)
        assert work.doing == "ended"

    asyncio.run(play())


def test_what_cannot_begin_is_told_at_once(works: Works, tmp_path: Path, paper_file: Path) -> None:
    async def play() -> None:
        with pytest.raises(SettingsError):
            await works.start("one", str(paper_file), Settings(model="nobody:nothing"))
        with lock(tmp_path / "two"), pytest.raises(RunFolderError, match="Another process"):
            await works.start("two", str(paper_file), QUICK)

    asyncio.run(play())


def test_a_run_is_worked_on_once(works: Works, paper_file: Path) -> None:
    async def play() -> None:
        await works.start("one", str(paper_file), SLOW)
        with pytest.raises(RunFolderError, match="already running"):
            await works.start("one", str(paper_file), SLOW)
        await works.close()

    asyncio.run(play())


def test_a_paper_that_cannot_be_read_is_an_error_of_the_start(works: Works, tmp_path: Path) -> None:
    async def play() -> None:
        with pytest.raises(PaperError, match=r"none\.pdf"):
            await works.start("one", str(tmp_path / "none.pdf"), QUICK)
        work = works.of("one")
        assert work
        assert "none.pdf" in work.reason
        assert not (tmp_path / "one").exists()

    asyncio.run(play())


def test_what_was_never_started_cannot_go_on(works: Works) -> None:
    with pytest.raises(RunFolderError, match="No run named"):
        asyncio.run(works.go_on("one"))
