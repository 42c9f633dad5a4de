"""Runs that the page started: each can be paused, stopped and resumed."""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from io import BytesIO
from logging import getLogger
from pathlib import Path
from threading import Thread
from typing import IO, Any, Literal

from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.models.limits import RateLimits
from papercoder.models.stack import limits_of
from papercoder.operations.data import give_once_listed
from papercoder.operations.dry_run import dry_run
from papercoder.operations.generate import RunEnvironment, generate
from papercoder.operations.reproduce import diagnose_run, options_to_resume, reproduce_run
from papercoder.operations.revise import (
    PlannedRevision,
    adopt_settings,
    apply_edits,
    apply_note,
    settings_to_resume,
    source_to_resume,
)
from papercoder.runs.events import ArtifactEdited, ArtifactReused, ArtifactStarted, Emit, Event, Forecast
from papercoder.settings import Settings, state_folder
from papercoder.web.runs.folder import RunsFolder
from papercoder.web.runs.view import Pausing, Work

ActiveState = Literal["running", "pausing", "paused", "stopping", "ended"]

MOST_AT_ONCE = max(4, os.cpu_count() or 1)
"""Runs that all servers of a user keep active on one machine: each has threads, model calls and code in a sandbox."""

Job = Callable[[list[Emit], RunEnvironment], Coroutine[Any, Any, object]]
"""Generates, reproduces, diagnoses or revises a run, for these listeners and in this environment."""

_GRACE = 1.0
"""Seconds that a run has to end by itself once no call is active."""


class StoppedError(PaperCoderError):
    """The user stopped the run."""


class Pause:
    """Rate limits that can be paused or closed: active calls finish and are kept, no new one starts.

    To be used only in the run's event loop.
    """

    def __init__(self, limits: RateLimits) -> None:
        self.since: float | None = None
        """Since when calls are held, in seconds since the epoch; None if they are not."""

        self._limits = limits
        self._is_closed = False
        self._released = asyncio.Event()
        self._released.set()
        self._callers: set[asyncio.Task[Any]] = set()

    @property
    def calls(self) -> int:
        """Number of active calls."""
        return len(self._callers)

    @asynccontextmanager
    async def slot(self, tokens: int) -> AsyncIterator[None]:
        """A slot of the rate limits, once calls are not held.

        Raises:
            StoppedError: it was closed.
        """
        async with self._limits.slot(tokens):
            await self._released.wait()
            if self._is_closed:
                raise StoppedError("it was stopped; finished work is kept, resume at any time")
            with self._counted():
                yield

    def charge(self, tokens: int) -> None:
        """Count tokens that a call used beyond those expected."""
        self._limits.charge(tokens)

    def hold(self) -> None:
        """Start no call until `release`."""
        self.since = time.time()
        self._released.clear()

    def release(self) -> None:
        """Start calls again."""
        self.since = None
        self._released.set()

    async def close(self) -> None:
        """Start no call any more, and wait for the active ones; none is sent a second time."""
        self._is_closed = True
        self.release()
        for task in self._callers:
            task.cancel()  # `FinishingModel` still completes calls that were sent
        while self._callers:
            await asyncio.wait(set(self._callers))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task
        self._callers.add(task)
        try:
            yield
        finally:
            self._callers.discard(task)


class Revision:
    """A note on the paper: what it changes is shown, and the user decides before any code is edited."""

    def __init__(self, note: str) -> None:
        self.note = note
        self.is_applied: bool | None = None
        """Whether anything was changed; None while that is open."""

        self._planned: Future[PlannedRevision | None] = Future()
        self._decision: Future[bool] = Future()

    @property
    def planned(self) -> PlannedRevision | None:
        """What the note changes; None while that is not known, or if it changes nothing."""
        return self._planned.result() if self._planned.done() else None

    @property
    def is_waiting(self) -> bool:
        """Does it wait for the user's decision?"""
        return self.planned is not None and not self._decision.done()

    def decide(self, is_accepted: bool) -> None:
        """Apply what was shown, or leave everything as it is."""
        if not self._decision.done():
            self._decision.set_result(is_accepted)

    def confirm(self, planned: PlannedRevision) -> bool:
        """Show what the note changes, and wait for the decision; the run's own thread has nothing else to do."""
        self._planned.set_result(planned)
        return self._decision.result()


class ActiveRun:
    """A run in its own thread and event loop: stopping it ends all that it started, and the page never waits for it."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        job: Job,
        *,
        work: Work = "pipeline",
        pending: frozenset[str] = frozenset(),
        revision: Revision | None = None,
        budget: float | None = None,
        place: IO[bytes] | None = None,
    ) -> None:
        """Start it; `place` is closed when it has ended."""
        self._place = place
        self.work, self.pending, self.revision, self.budget = work, pending, revision, budget
        self._pause = Pause(limits_of(settings))
        self._is_stopping = False
        self._runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
        self._loop = self._runner.get_loop()
        self._task = self._loop.create_task(job([self._note_start], RunEnvironment(limits=self._pause)))
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
        if self._pause.since is not None:
            return "pausing" if self._pause.calls else "paused"
        return "running"

    @property
    def pausing(self) -> Pausing | None:
        """Since when it is paused; None if it is not."""
        since = self._pause.since
        return Pausing(since, self._pause.calls) if since is not None and not self._ended.done() else None

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
            if self.revision:
                self.revision.decide(False)
            self._call_soon(self._begin_stop)
        await self.wait_until_ended()

    async def wait_until_ended(self) -> None:
        """Wait until it has ended, with or without an error."""
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

    async def start(
        self,
        name: str,
        source: str | None,
        settings: Settings,
        pending: frozenset[str] = frozenset(),
        data: Mapping[str, Path] | None = None,
    ) -> None:
        """Start or resume a run, and wait until it has started.

        Args:
            name: of the run.
            source: the paper; None: the one in the run folder.
            settings: of the run.
            pending: artifacts that exist and will be made again.
            data: name -> path of data that the user has.

        Raises:
            PaperCoderError: it is already running, too many others are, or it cannot start.
        """
        folder = self._runs_folder.folder(name)

        async def job(listeners: list[Emit], environment: RunEnvironment) -> None:
            given = [give_once_listed(folder, data)] if data else []
            await generate(source, folder, settings, [*listeners, *given], environment)

        await self._start(name, settings, job, pending=pending)

    async def resume(self, name: str, changes: Mapping[str, Any] | None = None) -> None:
        """Resume a run with its latest settings and these changes to them.

        Raises:
            PaperCoderError: it was never started, is already running, or cannot start.
        """
        folder = self._runs_folder.run(name)
        self._require_ended(name)
        settings = await asyncio.to_thread(settings_to_resume, folder, changes or {})
        source = await asyncio.to_thread(source_to_resume, folder)
        pending = await asyncio.to_thread(_expected_again, folder, settings)
        await self.start(name, source, settings, pending)

    async def reproduce(self, name: str, given: Mapping[str, Any]) -> None:
        """Run the trials of a run within a budget, with the options of its last reproduction.

        Args:
            name: of the run.
            given: options that replace those, None for no limit, and `retry_failed`.

        Raises:
            PaperCoderError: an option is invalid, the run is already running, or it cannot start.
        """
        folder = self._runs_folder.run(name)
        retry_failed = bool(given.get("retry_failed"))
        chosen = {key: value for key, value in given.items() if key != "retry_failed"}
        settings = await asyncio.to_thread(settings_to_resume, folder, {"budget": chosen.get("budget")})
        chosen |= {"budget": settings.budget}
        options = await asyncio.to_thread(partial(options_to_resume, folder, settings, **chosen))
        options = options.model_copy(update={name: None for name, value in chosen.items() if value is None})

        async def job(listeners: list[Emit], _: RunEnvironment) -> None:
            await reproduce_run(folder, options, listeners, retry_failed=retry_failed)

        await self._start(name, settings, job, work="reproduction", budget=options.budget)

    async def diagnose(self, name: str, changes: Mapping[str, Any]) -> None:
        """Try what could explain the claims of a run that differ, with its latest settings and these changes to them.

        Raises:
            PaperCoderError: a value is invalid, the run is already running, or it cannot start.
        """
        folder = self._runs_folder.run(name)
        settings = await asyncio.to_thread(settings_to_resume, folder, changes)
        options = await asyncio.to_thread(partial(options_to_resume, folder, settings, budget=settings.budget))

        async def job(listeners: list[Emit], _: RunEnvironment) -> None:
            await diagnose_run(folder, options, settings, listeners)

        await self._start(name, settings, job, work="diagnosis", budget=options.budget)

    async def revise(self, name: str, note: str, changes: Mapping[str, Any]) -> ActiveRun:
        """Apply a note to a run and resume it, once the user has accepted what the note changes.

        Raises:
            PaperCoderError: the run is already running, or it cannot start.
        """
        folder, revision = self._runs_folder.run(name), Revision(note)
        settings = await asyncio.to_thread(settings_to_resume, folder, changes)
        source = await asyncio.to_thread(source_to_resume, folder)

        async def job(listeners: list[Emit], environment: RunEnvironment) -> None:
            revision.is_applied = await apply_note(folder, note, settings, listeners, revision.confirm)
            if revision.is_applied:
                await generate(source, folder, settings, listeners, environment)

        return await self._start(name, settings, job, work="note", revision=revision)

    async def _start(self, name: str, settings: Settings, job: Job, **more: Any) -> ActiveRun:
        self._require_ended(name)
        place = _reserve_place()
        if place is None or sum(run.state != "ended" for run in self._runs.values()) >= MOST_AT_ONCE:
            raise RunFolderError(
                f"{MOST_AT_ONCE} active on this machine, the most runs at once. Wait until one ends, or stop one."
            )
        self._runs[name] = run = ActiveRun(name, settings, job, place=place, **more)
        await run.wait_until_started()
        return run

    def _require_ended(self, name: str) -> None:
        if (run := self._runs.get(name)) and run.state != "ended":
            raise RunFolderError(f"{name} is already running. Wait for it, or stop it first.")

    async def edit_code(self, name: str, texts: Mapping[str, str], changes: Mapping[str, Any]) -> None:
        """Let the model edit the code of a run so that it follows edited artifacts, then resume the run.

        Raises:
            PaperCoderError: the run is already running, or cannot start.
        """
        folder = self._runs_folder.run(name)
        settings = await asyncio.to_thread(settings_to_resume, folder, changes)
        source = await asyncio.to_thread(source_to_resume, folder)

        async def job(listeners: list[Emit], environment: RunEnvironment) -> None:
            await apply_edits(folder, texts, settings, listeners, environment)
            await generate(source, folder, settings, listeners, environment)

        await self._start(name, settings, job)

    async def run_trials(self, name: str, texts: Mapping[str, str], budget: str) -> None:
        """Use edited settings on which no code depends, and run the trials that read them within a budget.

        Raises:
            PaperCoderError: the budget is invalid, the run is already running, or it cannot start.
        """
        folder = self._runs_folder.run(name)
        settings = await asyncio.to_thread(settings_to_resume, folder, {"budget": budget, "reproduce": False})
        options = await asyncio.to_thread(partial(options_to_resume, folder, settings, budget=settings.budget))
        source = await asyncio.to_thread(source_to_resume, folder)

        async def job(listeners: list[Emit], environment: RunEnvironment) -> None:
            await adopt_settings(folder, texts, listeners)
            await generate(source, folder, settings, listeners, environment)
            await reproduce_run(folder, options, listeners)

        await self._start(name, settings, job)

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


def _expected_again(folder: Path, settings: Settings) -> frozenset[str]:
    """The artifacts that the next process will make again, as far as that is certain."""
    try:
        return frozenset(asyncio.run(dry_run(folder, settings, {})).pending)
    except PaperCoderError:  # the run itself will say it
        return frozenset()


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
