"""Runs that were begun on the page: each may be paused, stopped and gone on with."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from logging import getLogger
from pathlib import Path
from threading import Thread
from typing import Any, Literal

from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.models.stack import limits_of
from papercoder.operations.environment import RunEnvironment
from papercoder.operations.generate import generate
from papercoder.operations.revise import settings_to_resume, source_to_resume
from papercoder.runs.events import ArtifactEdited, ArtifactReused, ArtifactStarted, Event
from papercoder.settings import Settings
from papercoder.web.runs.folder import Shelf
from papercoder.web.runs.pause import Gate

Doing = Literal["running", "pausing", "paused", "stopping", "ended"]

_GRACE = 1.0
"""Seconds that a run has to unwind by itself once no call is under way."""


class Work:
    """A run in a thread and an event loop of its own: stopping it ends all that it began, and the page never waits."""

    def __init__(self, source: str | None, folder: Path, settings: Settings) -> None:
        self._gate = Gate(limits_of(settings))
        self._is_stopping = False
        self._runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
        self._loop = self._runner.get_loop()
        self._task = self._loop.create_task(
            generate(source, folder, settings, [self._take_note], RunEnvironment(limits=self._gate))
        )
        self._ending: asyncio.Task[None] | None = None
        self._begun: Future[BaseException | None] = Future()
        self._ended: Future[BaseException | None] = Future()
        Thread(target=self._run, name=f"run-{folder.name}", daemon=True).start()

    @property
    def doing(self) -> Doing:
        """What it does now; `pausing` and `stopping` while calls that were sent are waited for."""
        if self._ended.done():
            return "ended"
        if self._is_stopping:
            return "stopping"
        if self._gate.is_held:
            return "pausing" if self._gate.calls else "paused"
        return "running"

    @property
    def reason(self) -> str:
        """Why it ended before its end; empty where it did not."""
        return _reason(self._ended.result()) if self._ended.done() else ""

    def pause(self) -> None:
        """Begin no further call; those under way end and are kept."""
        self._tell(self._gate.hold)

    def resume(self) -> None:
        """Go on after a pause."""
        self._tell(self._gate.release)

    async def stop(self) -> None:
        """End it: calls that were sent are finished and kept, and what else runs is ended. Returns when it is over."""
        if not self._is_stopping:
            self._is_stopping = True
            self._tell(self._end)
        await asyncio.wait([asyncio.wrap_future(self._ended)])

    async def begun(self) -> None:
        """Wait until the run has its folder, its models and the paper.

        Raises:
            PaperCoderError: it could not begin.
        """
        ended = asyncio.wrap_future(self._ended)
        begun = asyncio.wrap_future(self._begun)
        await asyncio.wait([begun, ended], return_when=asyncio.FIRST_COMPLETED)
        if not begun.done() and (error := ended.result()):
            raise error

    def _run(self) -> None:
        """The thread; it does not outlive its process, which then leaves the run as a kill does."""
        with self._runner:
            error = self._runner.run(self._work())
        self._ended.set_result(error)

    async def _work(self) -> BaseException | None:
        await asyncio.wait([self._task])
        error = asyncio.CancelledError() if self._task.cancelled() else self._task.exception()
        if isinstance(error, Exception) and not isinstance(error, PaperCoderError):
            getLogger(__name__).error("a run ended in an unexpected error", exc_info=error)
        return error

    def _take_note(self, event: Event) -> None:
        if isinstance(event, ArtifactStarted | ArtifactReused | ArtifactEdited) and not self._begun.done():
            self._begun.set_result(None)

    def _tell(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # its loop is closed: it has ended
            self._loop.call_soon_threadsafe(what)

    def _end(self) -> None:
        self._ending = self._loop.create_task(self._unwind())

    async def _unwind(self) -> None:
        await self._gate.shut()
        await asyncio.wait([self._task], timeout=_GRACE)
        self._task.cancel()


class Works:
    """The works of this server, by the names of their runs."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._works: dict[str, Work] = {}

    def of(self, name: str) -> Work | None:
        """The work on a run, going on or ended; None where this server did none."""
        return self._works.get(name)

    async def start(self, name: str, source: str | None, settings: Settings) -> None:
        """Begin a run, or go on with one, None for the paper that it kept; returns when it has begun.

        Raises:
            PaperCoderError: it is being worked on, or cannot begin.
        """
        before = self._works.get(name)
        if before and before.doing != "ended":
            raise RunFolderError(f"{name} is already running. Wait for it, or stop it first.")
        self._works[name] = work = Work(source, self._shelf.folder(name), settings)
        await work.begun()

    async def go_on(self, name: str, given: Mapping[str, Any] | None = None) -> None:
        """Go on with a run as it was started last, but for the settings that are given.

        Raises:
            PaperCoderError: it was never started, is being worked on, or cannot begin.
        """
        folder = self._shelf.run(name)
        settings = await asyncio.to_thread(settings_to_resume, folder, given or {})
        await self.start(name, await asyncio.to_thread(source_to_resume, folder), settings)

    async def close(self) -> None:
        """Stop all works; what was sent is finished and kept."""
        await asyncio.gather(*(work.stop() for work in self._works.values()))


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
