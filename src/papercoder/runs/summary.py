"""A run in numbers, computed from its events: status, calls, tokens and cost, by agent and by artifact."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import fmean
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


class AgentUse(Artifact):
    """What one agent used in all processes of the run."""

    agent: str
    calls: int
    prompt: int
    """Prompt tokens."""

    cached: int = 0
    """Those of them that came from the provider's cache."""

    completion: int
    cost_usd: float
    unpriced: int
    """Calls with an unknown price."""


def use_by_agent(events: Iterable[Event]) -> tuple[AgentUse, ...]:
    """What each agent used, most expensive first."""
    calls: dict[str, list[CallMade]] = defaultdict(list)
    for event in events:
        if isinstance(event, CallMade):
            calls[event.agent].append(event)
    used = (_use(agent, made) for agent, made in calls.items())
    return tuple(sorted(used, key=lambda use: (-use.cost_usd, -use.prompt - use.completion, use.agent)))


def _use(agent: str, made: Sequence[CallMade]) -> AgentUse:
    return AgentUse(
        agent=agent,
        calls=len(made),
        prompt=sum(call.prompt for call in made),
        cached=sum(call.cached for call in made),
        completion=sum(call.completion for call in made),
        cost_usd=sum(call.cost_usd or 0.0 for call in made),
        unpriced=sum(call.cost_usd is None for call in made),
    )


Status = Literal["new", "running", "complete", "partial"]

AnyArtifactEvent = ArtifactStarted | ArtifactMade | ArtifactReused | ArtifactEdited

E = TypeVar("E")


class StageSummary(Artifact):
    """One stage in numbers."""

    name: str
    made: int
    """Artifacts made by all processes that worked on the run."""

    reused: int
    """Artifacts that the latest process reused."""

    edited: int
    """Artifacts that the user edited."""

    open: int
    """Artifacts that the latest process started and did not finish."""

    seconds: float
    """From the start of its first artifact to the end of its last, in the process where this was longest."""


class Calls(Artifact):
    """Calls of models by all processes that worked on the run."""

    made: int = 0
    """Sent, answered and paid for."""

    reused: int = 0
    """Answered from the run folder."""

    retried: int = 0
    """Sent again after a temporary failure."""

    rejected: int = 0
    """Answers that were invalid and were requested again."""


class Tokens(Artifact):
    """Tokens of all calls made."""

    prompt: int = 0
    cached: int = 0
    """Prompt tokens that were read from the provider's cache."""

    completion: int = 0


class Summary(Artifact):
    """A run in numbers."""

    status: Status
    """`running` also if a process was killed and none has resumed the run."""

    reason: str
    """Why it is `partial`."""

    paper: str
    profile: str
    models: dict[str, str]
    """Role -> model, of the latest process."""

    started: float | None
    """Seconds since the epoch."""

    seconds: float
    """Working time of all processes."""

    calls: Calls
    tokens: Tokens
    cost_usd: float
    unpriced: int
    """Calls with an unknown price; `cost_usd` does not include them."""

    stages: tuple[StageSummary, ...]
    edited: tuple[str, ...]
    """Artifacts that the user edited, as the latest process found them."""

    warnings: tuple[str, ...]
    """Of the latest process."""


def summarise(events: Iterable[Event]) -> Summary:
    """Compute the summary of a run's events."""
    events = tuple(events)
    processes = sessions(events)
    latest = processes[-1] if processes else ()
    starts = _of(latest, RunStarted)
    made = _of(events, CallMade)
    return Summary(
        status=_status(latest),
        reason="".join(end.reason for end in _of(latest, RunEnded)),
        paper=starts[0].paper if starts else "",
        profile=starts[0].profile if starts else "",
        models=starts[0].models if starts else {},
        started=processes[0][0].at if processes else None,
        seconds=sum(session[-1].at - session[0].at for session in processes),
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
        stages=_stages(events, latest, processes),
        edited=tuple(dict.fromkeys(event.artifact for event in _of(latest, ArtifactEdited))),
        warnings=tuple(dict.fromkeys(_warnings(latest))),
    )


def stage_of(artifact: str) -> str:
    """The stage that makes an artifact."""
    return "coding" if artifact.startswith("repo/") else artifact.split("/", maxsplit=1)[0]


def sessions(events: Iterable[Event]) -> list[tuple[Event, ...]]:
    """The events of each process that worked on the run."""
    events = tuple(events)
    starts = [index for index, event in enumerate(events) if isinstance(event, RunStarted)]
    return [tuple(events[start:end]) for start, end in pairwise([*starts, len(events)])]


def _of(events: Iterable[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def _status(latest: Sequence[Event]) -> Status:
    if not latest:
        return "new"
    return latest[-1].status if isinstance(latest[-1], RunEnded) else "running"


def _stages(
    events: Sequence[Event], latest: Sequence[Event], processes: Iterable[Sequence[Event]]
) -> tuple[StageSummary, ...]:
    all_by_stage, latest_by_stage = _by_stage(events), _by_stage(latest)
    seconds = {name: [0.0] for name in all_by_stage}
    for session in processes:
        for name, own in _by_stage(session).items():
            seconds[name].append(_duration(own))
    return tuple(
        StageSummary(
            name=name,
            made=len(_of(own, ArtifactMade)),
            reused=len(_of(latest_by_stage.get(name, ()), ArtifactReused)),
            edited=len(_of(latest_by_stage.get(name, ()), ArtifactEdited)),
            open=len(_of(latest_by_stage.get(name, ()), ArtifactStarted))
            - len(_of(latest_by_stage.get(name, ()), ArtifactMade)),
            seconds=max(seconds[name]),
        )
        for name, own in all_by_stage.items()
    )


def _by_stage(events: Iterable[Event]) -> dict[str, list[AnyArtifactEvent]]:
    found: dict[str, list[AnyArtifactEvent]] = {}
    for event in events:
        if isinstance(event, AnyArtifactEvent):
            found.setdefault(stage_of(event.artifact), []).append(event)
    return found


def _duration(events: Iterable[AnyArtifactEvent]) -> float:
    events = tuple(events)
    first = [event.at for event in _of(events, ArtifactStarted)]
    last = [event.at for event in _of(events, ArtifactMade)]
    return max(last) - min(first) if first and last else 0.0


def _warnings(latest: Sequence[Event]) -> Iterable[str]:
    for event in latest:
        if isinstance(event, Warned):
            yield f"{event.where}: {event.message}"
        elif isinstance(event, ArtifactEdited) and event.stale:
            yield f"{event.artifact} has your edit, which is used although its inputs have changed since"


class StepCost(Artifact):
    """The cost of making artifacts: calls, tokens and dollars."""

    calls: float = 0
    tokens: float = 0
    """Prompt and completion."""

    cost_usd: float | None = 0.0
    """None if a price is unknown."""

    def __add__(self, other: "StepCost") -> "StepCost":
        known = self.cost_usd is not None and other.cost_usd is not None
        return StepCost(
            calls=self.calls + other.calls,
            tokens=self.tokens + other.tokens,
            cost_usd=(self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
        )


NO_COST = StepCost()


def last_costs(events: Iterable[Event]) -> dict[str, StepCost]:
    """Artifact -> its cost when it was made last; only artifacts that needed calls."""
    open_calls: dict[str, StepCost] = {}
    costs: dict[str, StepCost] = {}
    for event in events:
        if isinstance(event, CallMade) and event.artifact:
            open_calls[event.artifact] = open_calls.get(event.artifact, NO_COST) + _cost_of(event)
        elif isinstance(event, ArtifactMade) and event.artifact in open_calls:
            costs[event.artifact] = open_calls.pop(event.artifact)
    return costs


def mean_costs(events: Iterable[Event]) -> dict[str, StepCost]:
    """Agent -> the mean cost of its calls for one artifact."""
    made: Counter[str] = Counter()
    costs: dict[str, dict[tuple[str, int], StepCost]] = {}
    for event in events:
        if isinstance(event, ArtifactMade):
            made[event.artifact] += 1
        elif isinstance(event, CallMade):
            of_agent = costs.setdefault(event.agent, {})
            key = event.artifact or event.subject, made[event.artifact]
            of_agent[key] = of_agent.get(key, NO_COST) + _cost_of(event)
    return {agent: _mean(list(of_agent.values())) for agent, of_agent in costs.items()}


def _cost_of(call: CallMade) -> StepCost:
    return StepCost(calls=1, tokens=call.prompt + call.completion, cost_usd=call.cost_usd)


def _mean(costs: list[StepCost]) -> StepCost:
    dollars = [cost.cost_usd for cost in costs if cost.cost_usd is not None]
    return StepCost(
        calls=fmean(cost.calls for cost in costs),
        tokens=fmean(cost.tokens for cost in costs),
        cost_usd=fmean(dollars) if len(dollars) == len(costs) else None,
    )
