"""`events.jsonl`, the record of a run: appended line by line, read in order."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from papercoder.errors import RunFolderError
from papercoder.files.regular import append, read_bytes
from papercoder.runs.events import FORMAT, CallMade, CallReused, CallStarted, Emit, Event, RunStarted
from papercoder.runs.ownership import signed, trusted

LOG = "events.jsonl"
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


@dataclass
class CurrentStep:
    """The step that makes an artifact."""

    artifact: str
    answers: int = 0
    """Answers of models that it has used so far."""


_current_step: ContextVar[CurrentStep | None] = ContextVar("current_step", default=None)


@contextmanager
def current_step(artifact: str) -> Iterator[CurrentStep]:
    """Attribute the calls of this task, and of tasks that it starts, to an artifact."""
    step = CurrentStep(artifact)
    token = _current_step.set(step)
    try:
        yield step
    finally:
        _current_step.reset(token)


class EventLog:
    """Appends events to `events.jsonl` and passes them to listeners."""

    def __init__(self, folder: Path, *listeners: Emit) -> None:
        self.folder = folder
        self.listeners = listeners
        written = read_bytes(folder, LOG)
        if written and not written.endswith(b"\n"):
            append(folder, LOG, "\n")  # ends the line that a killed process left unfinished

    def __call__(self, event: Event) -> None:
        """Append an event and notify the listeners; events of calls get the artifact of the current step.

        Raises:
            RunFolderError: the log cannot be written.
        """
        step = _current_step.get()
        if step and isinstance(event, CallStarted | CallMade | CallReused):
            step.answers += not isinstance(event, CallStarted)
            event = event.model_copy(update={"artifact": step.artifact})
        if isinstance(event, RunStarted):
            event = signed(self.folder, event)
        append(self.folder, LOG, event.model_dump_json() + "\n")
        self.notify(event)

    def notify(self, event: Event) -> None:
        """Pass an event to the listeners without writing it."""
        for listener in self.listeners:
            listener(event)


def read_events(folder: Path) -> Iterator[Event]:
    """The run's events in order, without lines that a killed process left unfinished.

    Raises:
        RunFolderError: the log cannot be read, or another version of PaperCoder wrote it.
    """
    yield from parse_events((read_bytes(folder, LOG) or b"").split(b"\n"), str(folder))


def last_start(folder: Path) -> RunStarted | None:
    """The latest start of a run by any user; None if it was never started.

    Raises:
        RunFolderError: as for `read_events`.
    """
    return next((event for event in reversed(tuple(read_events(folder))) if isinstance(event, RunStarted)), None)


def trusted_start(folder: Path) -> RunStarted | None:
    """The latest start of a run as far as it may be used again: with harmless settings only if it is not this user's.

    Raises:
        RunFolderError: as for `read_events`.
    """
    start = last_start(folder)
    return trusted(folder, start) if start else None


def parse_events(lines: Iterable[bytes], run: str) -> Iterator[Event]:
    """The events in these lines of a log, without lines that a killed process left unfinished.

    Raises:
        RunFolderError: another version of PaperCoder wrote them; names the `run`.
    """
    for line in lines:
        try:
            event = _EVENT.validate_json(line)
        except ValidationError as error:
            if error.errors()[0]["type"] == "json_invalid":
                continue
            raise _other_version(run) from error
        if isinstance(event, RunStarted) and event.format != FORMAT:
            raise _other_version(run)
        yield event


def _other_version(run: str) -> RunFolderError:
    return RunFolderError(
        f"{run} was made by another version of PaperCoder, and this version cannot read it. Start the run again in "
        "another folder (-o), or use the version that made it."
    )
