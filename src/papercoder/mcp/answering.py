"""Tools with which the agent is the model of a run: start or resume it, read its requests, and answer them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from papercoder.artifacts import Artifact
from papercoder.errors import ModelError
from papercoder.mcp.active import MODELS, ActiveRun, ActiveRuns
from papercoder.mcp.calls import ToolContext, reporting
from papercoder.mcp.reading import RunName
from papercoder.mcp.workspace import Workspace
from papercoder.models.contract import Request
from papercoder.models.relay import Exchange
from papercoder.runs.folder import digest
from papercoder.settings import Profile, Settings, parse_duration
from papercoder.text.characters import visible

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
