"""Runs whose model is the connected agent: what they ask, what became of the answers, and how they end."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from papercoder.console.progress import line
from papercoder.errors import RunFolderError
from papercoder.models.contract import Request
from papercoder.models.relay import Exchange
from papercoder.models.resolve import AGENT_WINDOW
from papercoder.operations.environment import RunEnvironment
from papercoder.operations.generate import generate
from papercoder.operations.revise import settings_to_resume
from papercoder.runs.event_log import last_start
from papercoder.runs.events import AnswerAccepted, AnswerRejected, Emit, Event
from papercoder.settings import RUN_ROLES, TEXT_ROLES, Settings
from papercoder.web.runs.folder import RunsFolder

MOST_AT_ONCE = 4
"""Runs that one server keeps active."""

MODELS = {role: Exchange.name for role in RUN_ROLES if role in TEXT_ROLES}
"""The settings of a run that the agent answers: it has all roles but `vision`, since it gets text alone."""

T = TypeVar("T")
Work = Callable[[list[Emit], RunEnvironment], Coroutine[Any, Any, object]]


class ActiveRun:
    """A run in progress, in the event loop of the server."""

    def __init__(self, name: str, work: Work, context_window: int) -> None:
        self.name = name
        self.exchange = Exchange(context_window, self._notify)
        self.latest = "reading the paper"
        """What happened last, in a line."""

        self.given: set[str] = set()
        """Parts of requests that the agent has read."""

        self.handed_out: dict[str, int] = {}
        """Request -> how often it was given to the agent."""

        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._verdicts: dict[tuple[str, str], deque[asyncio.Future[str]]] = defaultdict(deque)
        self._task = asyncio.ensure_future(work([self._listen], RunEnvironment(agent=self.exchange)))
        self._task.add_done_callback(lambda _: self._notify())

    @property
    def has_ended(self) -> bool:
        """Whether nothing happens any more."""
        return self._task.done()

    @property
    def reason(self) -> str:
        """Why it ended early; empty if it did not."""
        if not self._task.done():
            return ""
        if self._task.cancelled():
            return "it was stopped; finished work is kept, resume_run continues it"
        error = self._task.exception()
        return "" if error is None else str(error) or type(error).__name__

    def next_request(self) -> tuple[str, Request] | None:
        """The open request that was handed out least, with its name; None if none is open."""
        names = sorted(self.exchange.open, key=lambda name: self.handed_out.get(name, 0))
        return (names[0], self.exchange.open[names[0]]) if names else None

    async def submit(self, name: str, text: str, *, is_complete: bool) -> str | None:
        """Answer a request and wait until the answer is checked.

        Returns:
            Why the answer was rejected; empty if it was accepted; None if it is not checked, since it is incomplete or
            the run ended.

        Raises:
            ModelError: there is no such open request.
        """
        request = self.exchange.submit(name, text, is_complete=is_complete)
        if not is_complete:
            return None
        verdict: asyncio.Future[str] = self._loop.create_future()
        self._verdicts[request.agent, request.subject].append(verdict)
        ends: list[asyncio.Future[Any]] = [verdict, self._task]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        return verdict.result() if verdict.done() else None

    async def wait_for(
        self, find: Callable[[], T | None], seconds: float | None, report: Callable[[str], None] = lambda _: None
    ) -> T | None:
        """What `find` returns once it returns something; None after so many seconds or at the end of the run.

        Args:
            find: called again whenever something happens.
            seconds: None: no limit.
            report: receives what happens meanwhile, a line each.
        """
        latest = self.latest
        try:
            async with asyncio.timeout(seconds):
                while (found := find()) is None and not self._task.done():
                    self._changed.clear()
                    await self._changed.wait()
                    if self.latest != latest:
                        latest = self.latest
                        report(latest)
                return found
        except TimeoutError:
            return None

    async def stop(self) -> None:
        """Stop it and wait for its end; finished work is kept."""
        self._task.cancel()
        await asyncio.wait([self._task])

    def raise_error(self) -> None:
        """Raise the error that ended it, if one did."""
        if self._task.done() and not self._task.cancelled() and (error := self._task.exception()):
            raise error

    def _listen(self, event: Event) -> None:
        self._loop.call_soon_threadsafe(self._note, event)

    def _note(self, event: Event) -> None:
        self.latest = line(event) or self.latest
        if isinstance(event, AnswerAccepted | AnswerRejected) and (queue := self._verdicts[event.agent, event.subject]):
            verdict = queue.popleft()
            if not verdict.done():
                verdict.set_result(event.reason if isinstance(event, AnswerRejected) else "")
        self._notify()

    def _notify(self) -> None:
        self._changed.set()


class ActiveRuns:
    """The runs that this server works on, by name."""

    def __init__(self, runs_folder: RunsFolder) -> None:
        self._runs_folder = runs_folder
        self._runs: dict[str, ActiveRun] = {}

    def find(self, name: str) -> ActiveRun | None:
        """The run, active or ended; None if this server did not start it."""
        return self._runs.get(name)

    def of(self, name: str) -> ActiveRun:
        """The run, active or ended.

        Raises:
            RunFolderError: this server has not started it.
        """
        if found := self._runs.get(name):
            return found
        raise RunFolderError(f"No run {name[:200]!r} is active here. Call start_run, or resume_run to continue one.")

    async def start(self, name: str, source: str | None, settings: Settings) -> ActiveRun:
        """Start a run, and wait until it asks something or ends; `source` is None for the paper in its folder.

        Raises:
            PaperCoderError: it is already active, too many others are, or it cannot start.
        """
        active = [other for other, run in self._runs.items() if not run.has_ended]
        if name in active:
            raise RunFolderError(f"{name} is already active. Call next_request.")
        if len(active) >= MOST_AT_ONCE:
            raise RunFolderError(f"{len(active)} runs are active, the most at once. Finish one, or call stop_run.")
        work = partial(generate, source, self._runs_folder.folder(name), settings)
        self._runs[name] = run = ActiveRun(name, work, settings.context_window or AGENT_WINDOW)
        await run.wait_for(run.next_request, None)
        run.raise_error()
        return run

    async def resume(self, name: str) -> ActiveRun:
        """Continue a run that the agent answers.

        Raises:
            PaperCoderError: it has another model, is already active, or cannot start.
        """
        folder = self._runs_folder.run(name)
        settings = await asyncio.to_thread(_settings_to_resume, folder)
        return await self.start(name, None, settings)

    async def close(self) -> None:
        """Stop all runs."""
        await asyncio.gather(*(run.stop() for run in self._runs.values()))


def _settings_to_resume(folder: Path) -> Settings:
    start = last_start(folder)
    others = {model for model in start.models.values() if model != Exchange.name} if start else set()
    if others:
        raise RunFolderError(
            f"{folder.name} is answered by {', '.join(sorted(others))}, and another model would make everything again. "
            f"Continue it with: papercoder run PAPER -o {folder}"
        )
    return settings_to_resume(folder, {"models": MODELS})
