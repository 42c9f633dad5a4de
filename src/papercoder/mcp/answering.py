"""A coding agent is the model of a run: start or resume it, read its requests, answer them, and see how it ends."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from papercoder.artifacts import Artifact
from papercoder.console.progress import line
from papercoder.errors import ModelError, RunFolderError
from papercoder.mcp.reading import RunName
from papercoder.mcp.running import ToolContext, reporting
from papercoder.mcp.workspace import Workspace
from papercoder.models.contract import Request
from papercoder.models.relay import Exchange
from papercoder.models.resolve import AGENT_WINDOW
from papercoder.operations.generate import RunEnvironment, generate
from papercoder.operations.revise import settings_to_resume
from papercoder.runs.event_log import last_start
from papercoder.runs.events import AnswerAccepted, AnswerRejected, Emit, Event
from papercoder.runs.folder import digest
from papercoder.settings import RUN_ROLES, TEXT_ROLES, Profile, Settings, parse_duration
from papercoder.text.characters import visible
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
        """Whether the run has ended."""
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
        """What `find` returns once it returns something; None after `seconds` or at the end of the run.

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


_PAGE = 40_000
"""Characters of one reply: about 10,000 tokens, which all clients let through."""

_WAIT = 50.0
"""Seconds that a call waits for the next request: less than the usual time limit of clients."""


Role = Literal["system", "user", "assistant"]
AnswerVerdict = Literal["accepted", "rejected", "incomplete", "not_checked"]


class Part(Artifact):
    """A part of a request: the system prompt, or a message of the conversation."""

    id: str
    role: Role
    characters: int
    text: str
    """Its beginning; empty if you have read it before in this session."""

    next_offset: int | None
    """Where read_part continues; None if this was all, or if you have read it before."""


class NextRequest(Artifact):
    """What a run asks next."""

    state: Literal["request", "working", "ended"]
    """`working`: nothing is asked at the moment, for example while code is executed; call next_request again."""

    message: str
    """What to do, or how the run ended."""

    request: str = ""
    """Its name, for submit_answer."""

    about: str = ""
    """The agent that asks, and about what."""

    round: int = 0
    """How many answers to it were rejected."""

    max_tokens: int = 0
    """Of the answer."""

    open: int = 0
    """Requests that are open now; several agents may answer them side by side."""

    parts: tuple[Part, ...] = ()


class Submitted(Artifact):
    """What became of an answer."""

    verdict: AnswerVerdict
    reasons: str
    """Why it was rejected. The same question is asked again, with these reasons."""

    message: str
    open: int


class RunState(Artifact):
    """A run after a call that started or stopped it."""

    run: str
    state: Literal["active", "ended"]
    message: str
    open: int


class AnsweringTools:
    """Tools for runs whose model is the agent."""

    def __init__(self, workspace: Workspace, active: ActiveRuns) -> None:
        self._workspace = workspace
        self._active = active

    @property
    def tools(self) -> tuple[Callable[..., Any], ...]:
        """All of them."""
        return (
            self.start_run,
            self.resume_run,
            self.next_request,
            self.read_part,
            self.submit_answer,
            self.stop_run,
        )

    async def start_run(
        self,
        paper: Annotated[
            str, Field(description="An arXiv id, a DOI, an address of a paper, or a file in a folder of this server.")
        ],
        run: Annotated[str, Field(description="Name for the run; from the paper by default.")] = "",
        profile: Annotated[Profile, Field(description="How much of the pipeline runs; `full` is everything.")] = "full",
        reproduce: Annotated[bool, Field(description="Then run trials and compare the claims.")] = False,
        budget: Annotated[str, Field(description="How long the trials may take: 45m, 2h.")] = "1h",
    ) -> RunState:
        """Turn a paper into a repository, with you as the model: then call next_request and submit_answer in turn."""
        source = await asyncio.to_thread(self._workspace.source, paper)
        name = self._workspace.runs.new(run or Path(source).stem)
        settings = await asyncio.to_thread(_settings, profile, reproduce, budget)
        return _state(await self._active.start(name, source, settings))

    async def resume_run(self, run: RunName) -> RunState:
        """Continue a run that you answered before; answers that were accepted are not asked for again."""
        return _state(await self._active.resume(run))

    async def next_request(
        self,
        run: RunName,
        context: ToolContext,
        everything: Annotated[
            bool, Field(description="Repeat parts that were given before: true in a new session or another agent.")
        ] = False,
        wait: Annotated[float, Field(ge=0, le=3600, description="Seconds to wait for a request.")] = _WAIT,
    ) -> NextRequest:
        """The next question of a run. Answer it exactly in the format that its last part asks for."""
        active = self._active.of(run)
        async with reporting(context) as report:
            found = await active.wait_for(active.next_request, wait, report)
        if found is None:
            return NextRequest(state="ended" if active.has_ended else "working", message=_how_it_is(active))
        name, request = found
        active.handed_out[name] = active.handed_out.get(name, 0) + 1
        return NextRequest(
            state="request",
            message="Answer with submit_answer. Read parts that have a next_offset to their end first: read_part.",
            request=name,
            about=request.about,
            round=request.round,
            max_tokens=request.max_tokens,
            open=len(active.exchange.open),
            parts=_parts(request, set() if everything else active.given, active.given),
        )

    async def read_part(
        self,
        run: RunName,
        request: Annotated[str, Field(description="Name of the request.")],
        part: Annotated[str, Field(description="Id of the part.")],
        offset: Annotated[int, Field(ge=0)] = 0,
    ) -> Part:
        """Read a part of an open request from a place on."""
        active = self._active.of(run)
        if request not in active.exchange.open:
            raise ModelError(f"There is no open request {request[:200]!r}. Call next_request to see what is open.")
        for key, role, text in _texts(active.exchange.open[request]):
            if key == part:
                found = _part(key, role, text, offset, _PAGE)
                if found.next_offset is None:
                    active.given.add(key)
                return found
        raise ModelError(f"The request {request} has no part {part[:200]!r}.")

    async def submit_answer(
        self,
        run: RunName,
        request: Annotated[str, Field(description="Name of the request.")],
        answer: Annotated[str, Field(description="The answer, and nothing else.")],
        complete: Annotated[
            bool, Field(description="False if the answer stops before its end; a request for the rest follows.")
        ] = True,
    ) -> Submitted:
        """Answer a request. The answer is checked; if it is rejected, the reasons come back and it is asked again."""
        active = self._active.of(run)
        reason = await active.submit(request, answer, is_complete=complete)
        verdict: AnswerVerdict = "rejected" if reason else "accepted"
        if reason is None:
            verdict = "not_checked" if complete else "incomplete"
        return Submitted(
            verdict=verdict, reasons=visible(reason or ""), message=_how_it_is(active), open=len(active.exchange.open)
        )

    async def stop_run(self, run: RunName) -> RunState:
        """Stop a run. What was accepted is kept; resume_run continues it."""
        active = self._active.of(run)
        await active.stop()
        return _state(active)


def _settings(profile: Profile, reproduce: bool, budget: str) -> Settings:
    try:
        seconds = parse_duration(budget)
    except ValueError as error:
        raise ModelError(f"budget: {error}.") from error
    return Settings(model=Exchange.name, models=MODELS, profile=profile, reproduce=reproduce, budget=seconds)


def _state(active: ActiveRun) -> RunState:
    return RunState(
        run=active.name,
        state="ended" if active.has_ended else "active",
        message=_how_it_is(active),
        open=len(active.exchange.open),
    )


def _how_it_is(active: ActiveRun) -> str:
    """What to do next, in a sentence."""
    if not active.has_ended:
        return f"Call next_request. Latest: {visible(active.latest)}"
    if active.reason:
        return f"The run ended: {visible(active.reason)}"
    return "The run is complete. Read its report: run_status, requirements, claims."


def _texts(request: Request) -> list[tuple[str, Role, str]]:
    """Id, role and text of each part."""
    turns: list[tuple[Role, str]] = [("system", request.system)]
    turns += [(message.role, message.text) for message in request.messages]
    return [(digest([role, text])[:8], role, text) for role, text in turns]


def _parts(request: Request, left_out: set[str], given: set[str]) -> tuple[Part, ...]:
    """The parts of a request that fit one reply; those that fit whole are added to `given`."""
    room, parts, before = _PAGE, [], set(left_out)
    for position, (key, role, text) in enumerate(reversed(_texts(request))):
        if position and key in before:  # the question itself, which is last, is always in the reply
            parts.append(Part(id=key, role=role, characters=len(text), text="", next_offset=None))
            continue
        part = _part(key, role, text, 0, room)
        room -= len(part.text)
        if part.next_offset is None:
            given.add(key)
        parts.append(part)
    return tuple(reversed(parts))


def _part(key: str, role: Role, text: str, offset: int, most: int) -> Part:
    end = offset + max(most, 0)
    return Part(
        id=key,
        role=role,
        characters=len(text),
        text=text[offset:end],
        next_offset=end if end < len(text) else None,
    )
