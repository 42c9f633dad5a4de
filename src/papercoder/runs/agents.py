"""Tokens and dollars of a run by agent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from papercoder.artifacts import Artifact
from papercoder.runs.events import CallMade, Event


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
