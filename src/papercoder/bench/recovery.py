"""A process that was killed may have kept an answer and not told of it: what was paid for is told of afterwards."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from papercoder.models.journal import calls, made
from papercoder.operations.environment import Stores
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import CallMade


def recount(folder: Path, stores: Stores) -> None:
    """Have in a run's events every call whose answer is in its store."""
    events = tuple(read_events(folder))
    told = Counter(_facts(event) for event in events if isinstance(event, CallMade))
    missing = list(_beyond(map(made, calls(stores.answers)), told))
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    log = EventLog(folder)
    for event in missing:  # at the time of what was told last, for nobody worked since
        log(event.model_copy(update={"at": events[-1].at}) if events else event)


def _beyond(kept: Iterable[CallMade], told: Counter[str]) -> Iterator[CallMade]:
    for event in kept:
        if told[_facts(event)]:
            told[_facts(event)] -= 1
        else:
            yield event


def _facts(event: CallMade) -> str:
    """What the journal knows of a call too: neither when it was told, nor for which artifact it was asked."""
    return event.model_dump_json(exclude={"at", "artifact"})
