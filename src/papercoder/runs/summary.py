"""A run in figures: folds over its events."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, TypeVar

from papercoder.artifacts import Artifact
from papercoder.runs.events import (
    AnswerRejected,
    ArtifactEdited,
    ArtifactMade,
    ArtifactReused,
    ArtifactStarted,
    CallMade,
    CallRetried,
    CallReused,
    Event,
    RunEnded,
    RunStarted,
    Warned,
)

Status = Literal["new", "running", "complete", "partial"]

AnyArtifactEvent = ArtifactStarted | ArtifactMade | ArtifactReused | ArtifactEdited
OfStage = Sequence[AnyArtifactEvent]
"""Events of the artifacts of one stage."""

E = TypeVar("E")


class StageSummary(Artifact):
    """One stage in figures."""

    name: str
    made: int
    """Artifacts made, over all processes that worked on the run."""

    reused: int
    """Artifacts that the latest process found made."""

    edited: int
    """Artifacts that are the user's own."""

    open: int
    """Artifacts begun by the latest process and not ended."""

    seconds: float
    """From its first artifact's start to its last one's end, in the process that made most of it."""


class Calls(Artifact):
    """Answers of models, over all processes that worked on the run."""

    made: int = 0
    """Sent, answered and paid for."""

    reused: int = 0
    """Taken from the run folder instead."""

    retried: int = 0
    """Sent again after a failure in passing."""

    rejected: int = 0
    """Answers sent back since they did not fit."""


class Tokens(Artifact):
    """Tokens of all calls made."""

    prompt: int = 0
    cached: int = 0
    """Those of the prompt tokens that were read from a provider's cache."""

    completion: int = 0


class Summary(Artifact):
    """A run in figures."""

    status: Status
    """`running` also where a process was killed and no other took up the run."""

    reason: str
    """Why it is `partial`."""

    paper: str
    profile: str
    models: dict[str, str]
    """Role -> model, of the latest process."""

    started: float | None
    """Seconds since the epoch."""

    seconds: float
    """Spent by all processes that worked on the run."""

    calls: Calls
    tokens: Tokens
    cost_usd: float
    unpriced: int
    """Calls whose price is not known; `cost_usd` is without them."""

    stages: tuple[StageSummary, ...]
    edited: tuple[str, ...]
    """Artifacts that are the user's own, in the latest process."""

    warnings: tuple[str, ...]
    """Of the latest process."""


def summarise(events: Iterable[Event]) -> Summary:
    """Fold a run's events."""
    events = tuple(events)
    sessions = _sessions(events)
    latest = sessions[-1] if sessions else ()
    begun = _of(latest, RunStarted)
    made = _of(events, CallMade)
    return Summary(
        status=_status(latest),
        reason="".join(ended.reason for ended in _of(latest, RunEnded)),
        paper=begun[0].paper if begun else "",
        profile=begun[0].profile if begun else "",
        models=begun[0].models if begun else {},
        started=sessions[0][0].at if sessions else None,
        seconds=sum(session[-1].at - session[0].at for session in sessions),
        calls=Calls(
            made=len(made),
            reused=len(_of(events, CallReused)) + sum(event.calls for event in _of(events, ArtifactReused)),
            retried=len(_of(events, CallRetried)),
            rejected=len(_of(events, AnswerRejected)),
        ),
        tokens=Tokens(
            prompt=sum(call.prompt for call in made),
            cached=sum(call.cached for call in made),
            completion=sum(call.completion for call in made),
        ),
        cost_usd=sum(call.cost_usd or 0.0 for call in made),
        unpriced=sum(call.cost_usd is None for call in made),
        stages=_stages(events, latest),
        edited=_unique(event.artifact for event in _of(latest, ArtifactEdited)),
        warnings=_unique(_warnings(latest)),
    )


def stage_of(artifact: str) -> str:
    """The stage that makes an artifact."""
    return "coding" if artifact.startswith("repo/") else artifact.split("/", maxsplit=1)[0]


def _sessions(events: Sequence[Event]) -> list[tuple[Event, ...]]:
    """The events of each process that worked on the run."""
    starts = [index for index, event in enumerate(events) if isinstance(event, RunStarted)]
    return [tuple(events[start:end]) for start, end in pairwise([*starts, len(events)])]


def _of(events: Iterable[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def _status(latest: Sequence[Event]) -> Status:
    if not latest:
        return "new"
    return latest[-1].status if isinstance(latest[-1], RunEnded) else "running"


def _stages(events: Sequence[Event], latest: Sequence[Event]) -> tuple[StageSummary, ...]:
    now, sessions = _by_stage(latest), [_by_stage(session) for session in _sessions(events)]
    return tuple(
        _stage(name, own, now.get(name, []), [session[name] for session in sessions if name in session])
        for name, own in _by_stage(events).items()
    )


def _by_stage(events: Iterable[Event]) -> dict[str, list[AnyArtifactEvent]]:
    found: dict[str, list[AnyArtifactEvent]] = {}
    for event in events:
        if isinstance(event, AnyArtifactEvent):
            found.setdefault(stage_of(event.artifact), []).append(event)
    return found


def _stage(name: str, events: OfStage, latest: OfStage, sessions: Iterable[OfStage]) -> StageSummary:
    return StageSummary(
        name=name,
        made=len(_of(events, ArtifactMade)),
        reused=len(_of(latest, ArtifactReused)),
        edited=len(_of(latest, ArtifactEdited)),
        open=len(_of(latest, ArtifactStarted)) - len(_of(latest, ArtifactMade)),
        seconds=max(map(_span, sessions), default=0.0),
    )


def _span(session: OfStage) -> float:
    first = [event.at for event in _of(session, ArtifactStarted)]
    last = [event.at for event in _of(session, ArtifactMade)]
    return max(last) - min(first) if first and last else 0.0


def _warnings(latest: Sequence[Event]) -> Iterable[str]:
    for event in latest:
        if isinstance(event, Warned):
            yield f"{event.where}: {event.message}"
        elif isinstance(event, ArtifactEdited) and event.stale:
            yield f"{event.artifact} is your edit and is used as it is, though what it was made from has changed since"


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
