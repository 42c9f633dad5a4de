"""Runs that the page started: each can be paused, stopped and resumed."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from io import BytesIO
from logging import getLogger
from threading import Thread
from typing import IO, Any, Literal

from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.models.stack import limits_of
from papercoder.operations.environment import RunEnvironment
from papercoder.operations.generate import generate
from papercoder.operations.reproduce import options_to_resume, reproduce_run
from papercoder.operations.revise import settings_to_resume, source_to_resume
from papercoder.runs.events import ArtifactEdited, ArtifactReused, ArtifactStarted, Emit, Event, Forecast
from papercoder.settings import Settings, state_folder
from papercoder.web.runs.folder import RunsFolder
from papercoder.web.runs.pause import Pause

ActiveState = Literal["running", "pausing", "paused", "stopping", "ended"]

MOST_AT_ONCE = max(4, os.cpu_count() or 1)
"""Runs that all servers of a user keep active on one machine: each has threads, model calls and code in a sandbox."""

Work = Callable[[list[Emit], RunEnvironment], Coroutine[Any, Any, object]]
"""Generates or reproduces a run, for these listeners and in this environment."""

_GRACE = 1.0
"""Seconds that a run has to end by itself once no call is active."""


class ActiveRun:
    """A run in its own thread and event loop: stopping it ends all that it started, and the page never waits for it."""

    def __init__(self, name: str, settings: Settings, work: Work, place: IO[bytes] | None = None) -> None:
        """Start it; `place` is closed when it has ended."""
        self._place = place
        self._pause = Pause(limits_of(settings))
        self._is_stopping = False
        self._runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
        self._loop = self._runner.get_loop()
        self._task = self._loop.create_task(work([self._note_start], RunEnvironment(limits=self._pause)))
        self._stopping: asyncio.Task[None] | None = None
        self._started: Future[BaseException | None] = Future()
        self._ended: Future[BaseException | None] = Future()
        Thread(target=self._run, name=f"run-{name}", daemon=True).start()

    @property
    def state(self) -> ActiveState:
        """`pausing` and `stopping` last until the active calls have ended."""
        if self._ended.done():
            return "ended"
        if self._is_stopping:
            return "stopping"
        if self._pause.is_held:
            return "pausing" if self._pause.calls else "paused"
        return "running"

    @property
    def reason(self) -> str:
        """Why it ended early; empty if it did not."""
        return _reason(self._ended.result()) if self._ended.done() else ""

    def pause(self) -> None:
        """Start no new call; active calls finish and are kept."""
        self._call_soon(self._pause.hold)

    def resume(self) -> None:
        """Continue after a pause."""
        self._call_soon(self._pause.release)

    async def stop(self) -> None:
        """Stop it and wait until it has ended: active calls finish and are kept, everything else is cancelled."""
        if not self._is_stopping:
            self._is_stopping = True
            self._call_soon(self._begin_stop)
        await asyncio.wait([asyncio.wrap_future(self._ended)])

    async def wait_until_started(self) -> None:
        """Wait until the run has its folder, its models and the paper.

        Raises:
            PaperCoderError: it could not start.
        """
        ended = asyncio.wrap_future(self._ended)
        started = asyncio.wrap_future(self._started)
        await asyncio.wait([started, ended], return_when=asyncio.FIRST_COMPLETED)
        if not started.done() and (error := ended.result()):
            raise error

    def _run(self) -> None:
        """The thread's target. It is a daemon: if the process ends, the run is interrupted as by a kill."""
        with self._runner:
            error = self._runner.run(self._wait())
        if self._place:
            self._place.close()
        self._ended.set_result(error)

    async def _wait(self) -> BaseException | None:
        await asyncio.wait([self._task])
        error = asyncio.CancelledError() if self._task.cancelled() else self._task.exception()
        if isinstance(error, Exception) and not isinstance(error, PaperCoderError):
            getLogger(__name__).error("a run ended in an unexpected error", exc_info=error)
        return error

    def _note_start(self, event: Event) -> None:
        if isinstance(event, ArtifactStarted | ArtifactReused | ArtifactEdited | Forecast) and not self._started.done():
            self._started.set_result(None)

    def _call_soon(self, callback: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # its loop is closed, so it has ended
            self._loop.call_soon_threadsafe(callback)

    def _begin_stop(self) -> None:
        self._stopping = self._loop.create_task(self._stop())

    async def _stop(self) -> None:
        await self._pause.close()
        await asyncio.wait([self._task], timeout=_GRACE)
        self._task.cancel()


class ActiveRuns:
    """The runs that this server started, by name."""

    def __init__(self, runs_folder: RunsFolder) -> None:
        self._runs_folder = runs_folder
        self._runs: dict[str, ActiveRun] = {}

    def of(self, name: str) -> ActiveRun | None:
        """The run, active or ended; None if this server did not start it."""
        return self._runs.get(name)

    async def start(self, name: str, source: str | None, settings: Settings) -> None:
        """Start or resume a run, and wait until it has started; `source` is None to use the paper in the run folder.

        Raises:
            PaperCoderError: it is already running, too many others are, or it cannot start.
        """
        folder = self._runs_folder.folder(name)
        await self._start(name, settings, partial(generate, source, folder, settings))

    async def reproduce(self, name: str, budget: str) -> None:
        """Run the trials of a run within a budget, with the options of its last reproduction.

        Raises:
            PaperCoderError: the budget is invalid, the run is already running, or it cannot start.
        """
        folder = self._runs_folder.run(name)
        settings = await asyncio.to_thread(settings_to_resume, folder, {"budget": budget})
        options = await asyncio.to_thread(partial(options_to_resume, folder, settings, budget=settings.budget))

        async def work(listeners: list[Emit], _: RunEnvironment) -> None:
            await reproduce_run(folder, options, listeners)

        await self._start(name, settings, work)

    async def _start(self, name: str, settings: Settings, work: Work) -> None:
        active = [other for other, run in self._runs.items() if run.state != "ended"]
        if name in active:
            raise RunFolderError(f"{name} is already running. Wait for it, or stop it first.")
        place = _reserve_place()
        if place is None or len(active) >= MOST_AT_ONCE:
            raise RunFolderError(
                f"{MOST_AT_ONCE} active on this machine, the most runs at once. Wait until one ends, or stop one."
            )
        self._runs[name] = run = ActiveRun(name, settings, work, place)
        await run.wait_until_started()

    async def resume(self, name: str, changes: Mapping[str, Any] | None = None) -> None:
        """Resume a run with its latest settings and these changes to them.

        Raises:
            PaperCoderError: it was never started, is already running, or cannot start.
        """
        folder = self._runs_folder.run(name)
        settings = await asyncio.to_thread(settings_to_resume, folder, changes or {})
        await self.start(name, await asyncio.to_thread(source_to_resume, folder), settings)

    async def close(self) -> None:
        """Stop all runs; active calls finish and are kept."""
        await asyncio.gather(*(run.stop() for run in self._runs.values()))


def _reserve_place() -> IO[bytes] | None:
    """One of the places for active runs on this machine, taken while the file is open; None if all are taken."""
    folder = state_folder() / "active"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(MOST_AT_ONCE):
            place = (folder / str(number)).open("wb")
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                place.close()
            else:
                return place
    except OSError:
        return BytesIO()  # nothing can be kept there: this server counts its own runs alone
    return None


def _reason(error: BaseException | None) -> str:
    match error:
        case None:
            return ""
        case PaperCoderError():
            return str(error)
        case asyncio.CancelledError():
            return "it was stopped; finished work is kept, resume at any time"
        case _:
            return f"an unexpected error, {type(error).__name__}: {error}; finished work is kept"
