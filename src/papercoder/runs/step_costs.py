"""What each artifact took when it was made last: a fold over a run's events."""

from collections import Counter
from collections.abc import Iterable
from statistics import fmean

from papercoder.artifacts import Artifact
from papercoder.runs.events import ArtifactMade, CallMade, Event


class Spent(Artifact):
    """What making took, in answers, tokens and dollars."""

    calls: float = 0
    tokens: float = 0
    """Of prompts and completions."""

    cost_usd: float | None = 0.0
    """None where a price is not known."""

    def __add__(self, other: "Spent") -> "Spent":
        known = self.cost_usd is not None and other.cost_usd is not None
        return Spent(
            calls=self.calls + other.calls,
            tokens=self.tokens + other.tokens,
            cost_usd=(self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
        )


NOTHING = Spent()


def spent_last(events: Iterable[Event]) -> dict[str, Spent]:
    """Artifact -> what it took when it was made last; those that were made without paying for an answer are not in."""
    open_calls: dict[str, Spent] = {}
    spent: dict[str, Spent] = {}
    for event in events:
        if isinstance(event, CallMade) and event.artifact:
            open_calls[event.artifact] = open_calls.get(event.artifact, NOTHING) + _of(event)
        elif isinstance(event, ArtifactMade) and event.artifact in open_calls:
            spent[event.artifact] = open_calls.pop(event.artifact)
    return spent


def by_agent(events: Iterable[Event]) -> dict[str, Spent]:
    """Agent -> what one artifact took of it on average."""
    made: Counter[str] = Counter()
    took: dict[str, dict[tuple[str, int], Spent]] = {}
    for event in events:
        if isinstance(event, ArtifactMade):
            made[event.artifact] += 1
        elif isinstance(event, CallMade):
            each = took.setdefault(event.agent, {})
            about = event.artifact or event.subject, made[event.artifact]
            each[about] = each.get(about, NOTHING) + _of(event)
    return {agent: _mean(list(each.values())) for agent, each in took.items()}


def _of(call: CallMade) -> Spent:
    return Spent(calls=1, tokens=call.prompt + call.completion, cost_usd=call.cost_usd)


def _mean(all_of_it: list[Spent]) -> Spent:
    costs = [spent.cost_usd for spent in all_of_it if spent.cost_usd is not None]
    return Spent(
        calls=fmean(spent.calls for spent in all_of_it),
        tokens=fmean(spent.tokens for spent in all_of_it),
        cost_usd=fmean(costs) if len(costs) == len(all_of_it) else None,
    )
