"""`events.jsonl`, the run's memory of what happened: written line by line, read in order."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from papercoder.errors import RunFolderError
from papercoder.runs.current_step import being_made
from papercoder.runs.events import CallMade, CallReused, CallStarted, Emit, Event
from papercoder.runs.store import write_failure

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


class EventLog:
    """`events.jsonl`, and whoever listens."""

    def __init__(self, folder: Path, *listeners: Emit) -> None:
        self.folder = folder
        self.path = folder / "events.jsonl"
        self.listeners = listeners
        _end_line(self.path)

    def __call__(self, event: Event) -> None:
        """Append an event and tell the listeners.

        Raises:
            RunFolderError: it cannot be written.
        """
        if isinstance(event, CallStarted | CallMade | CallReused) and (now := being_made()) is not None:
            now.answers += not isinstance(event, CallStarted)
            event = event.model_copy(update={"artifact": now.artifact})
        _append(self.path, event.model_dump_json() + "\n")
        self.tell(event)

    def tell(self, event: Event) -> None:
        """Tell the listeners alone."""
        for listener in self.listeners:
            listener(event)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise RunFolderError(write_failure(path, error)) from error


def _end_line(path: Path) -> None:
    """End a line that a killed process left unfinished."""
    written = _read_log(path)
    if written and not written.endswith(b"\n"):
        _append(path, "\n")


def read_events(folder: Path) -> Iterator[Event]:
    """The run's events in order; a line that a kill cut short, even within a letter, is passed over.

    Raises:
        RunFolderError: they cannot be read.
    """
    yield from events_in(_read_log(folder / "events.jsonl"))


def events_in(log: bytes) -> Iterator[Event]:
    """The events of a log that was read or sent; a line that was cut short is passed over."""
    for line in log.split(b"\n"):
        try:
            yield _EVENT.validate_json(line)
        except ValidationError:
            continue


def _read_log(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise RunFolderError(f"{path} cannot be read ({error.strerror}).") from error
