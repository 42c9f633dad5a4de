"""Watch runs of any process: the files are read once for all browsers."""

import asyncio
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from papercoder.artifacts import ArchitectureDesign, Artifact, LogicDesign, Requirements
from papercoder.errors import RunFolderError
from papercoder.files.regular import file_status, open_file, read_bytes
from papercoder.runs.event_log import LOG, parse_events
from papercoder.runs.events import Event, RunStarted
from papercoder.runs.folder import is_locked
from papercoder.runs.progress import Progress
from papercoder.runs.summary import Summary
from papercoder.web.runs.active import ActiveRun, ActiveRuns
from papercoder.web.runs.folder import RunsFolder
from papercoder.web.runs.view import RunStatus, State, View, view

_HEAD = 512
"""Bytes that tell two logs apart: the first event has a time."""


class EventFollower:
    """Reads `events.jsonl` from where it stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._position = 0
        self._incomplete = b""
        self._head = b""

    def was_replaced(self) -> bool:
        """Is this another file than before? Then it is read from its start, even if it is as long as the former one."""
        if self._begins_with(self._head) and self._size() >= self._position:
            return False
        self._position, self._incomplete, self._head = 0, b"", b""
        return True

    def read_new(self) -> list[Event]:
        """The events since the last call, without lines that a killed process left incomplete.

        Raises:
            RunFolderError: another version of PaperCoder wrote them.
        """
        *lines, incomplete = (self._incomplete + self._new_bytes()).split(b"\n")
        try:
            events = list(parse_events(lines, str(self._folder)))
        except RunFolderError:
            self._position = 0  # the next call raises it again
            raise
        self._incomplete = incomplete
        return events

    def _size(self) -> int:
        status = file_status(self._folder, LOG)
        return status.st_size if status else 0

    def _begins_with(self, head: bytes) -> bool:
        try:
            with os.fdopen(open_file(self._folder, LOG, os.O_RDONLY), "rb") as file:
                return file.read(len(head)) == head
        except (OSError, RunFolderError):
            return not head

    def _new_bytes(self) -> bytes:
        try:
            with os.fdopen(open_file(self._folder, LOG, os.O_RDONLY), "rb") as file:
                self._head = file.read(_HEAD)
                file.seek(self._position)
                new = file.read()
        except (OSError, RunFolderError):
            return b""  # missing or unreadable for now: the next call tries again
        self._position += len(new)
        return new


T = TypeVar("T")

Listener = Callable[[View], None]

_EVERY = 0.5
"""Seconds between two readings."""

_TICK = 1.0
"""Seconds after which an active run is sent again, so that its clocks advance."""


class CachedFile(Generic[T]):
    """A parsed file that is read again only after it changed."""

    def __init__(self, folder: Path, name: str, parse: Callable[[bytes], T | None]) -> None:
        self._folder, self._name = folder, name
        self._parse = parse
        self._stamp: tuple[int, int] | None = None
        self._value: T | None = None

    @property
    def value(self) -> T | None:
        """The current content; None if the file does not exist or is invalid."""
        status = file_status(self._folder, self._name)
        stamp = (status.st_mtime_ns, status.st_ino) if status else None
        if stamp != self._stamp:
            try:
                content = read_bytes(self._folder, self._name)
            except RunFolderError:
                content = None
            self._value, self._stamp = (None if content is None else self._parse(content)), stamp
        return self._value


class Watcher:
    """Watches one run."""

    def __init__(self, name: str, runs_folder: RunsFolder, active_runs: ActiveRuns) -> None:
        self._name = name
        self._active_runs = active_runs
        self._folder = runs_folder.folder(name)
        self._follower = EventFollower(self._folder)
        self._progress = Progress()
        self._logic = _artifact(self._folder, "planning/logic.json", LogicDesign)
        self._architecture = _artifact(self._folder, "planning/architecture.json", ArchitectureDesign)
        self._requirements = _artifact(self._folder, "planning/requirements.json", Requirements)
        self._title = CachedFile(self._folder, "paper.md", _title)
        self._listeners: list[Listener] = []
        self._poller: asyncio.Task[None] | None = None

    @property
    def events(self) -> list[Event]:
        """All events read so far."""
        return self._progress.events

    def look(self) -> View:
        """The current state of the run."""
        self._read()
        return view(self._progress, self._status())

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call a listener on every change, and every second while the run is active; returns a function to stop."""
        self._listeners.append(listener)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(self.look()))
        return lambda: self._leave(listener)

    def _leave(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)

    async def _poll(self, latest: View) -> None:
        while self._listeners:
            await asyncio.sleep(_EVERY)
            now = self.look()
            if _has_changed(latest, now):
                latest = now
                for listener in self._listeners:
                    asyncio.get_running_loop().call_soon(
                        listener, now
                    )  # so that one that fails does not affect the others

    def _read(self) -> None:
        if self._follower.was_replaced():
            self._progress = Progress()
        for event in self._follower.read_new():
            self._progress.add(event)
            if isinstance(event, RunStarted) and (run := self._active_runs.of(self._name)) and run.pending:
                self._progress.expect(run.pending)

    def _status(self) -> RunStatus:
        run = self._active_runs.of(self._name)
        state, summary = self._state(run), self._progress.summary
        return RunStatus(
            at=time.time(),
            title=self._title.value or "",
            state=state,
            is_here=bool(run and run.state != "ended"),
            reason=run.reason if run and run.reason and _is_unexplained(summary) else summary.reason,
            work=run.work if run and run.state != "ended" else None,
            budget=run.budget if run and run.state != "ended" else None,
            pausing=run.pausing if run else None,
            requirements=self._requirements.value,
            architecture=self._architecture.value,
            logic=self._logic.value,
        )

    def _state(self, run: ActiveRun | None) -> State:
        if run and (state := run.state) != "ended":
            return state
        if self._progress.summary.status == "running":
            if is_locked(self._folder):
                return "running"
            self._read()  # it may have ended since: its last event comes before it unlocks the folder
        status = self._progress.summary.status
        if status == "running":
            return "partial" if run and run.reason else "interrupted"  # a full disk cannot store the reason
        return status


class Watchers:
    """The watchers of runs, by name."""

    def __init__(self, runs_folder: RunsFolder, active_runs: ActiveRuns) -> None:
        self._runs_folder = runs_folder
        self._active_runs = active_runs
        self._watchers: dict[str, Watcher] = {}

    def of(self, name: str) -> Watcher:
        """The watcher of a run, whether it has started or not.

        Raises:
            RunFolderError: this is not a run name.
        """
        if name not in self._watchers:
            self._watchers[name] = Watcher(name, self._runs_folder, self._active_runs)
        return self._watchers[name]


def _has_changed(before: View, now: View) -> bool:
    return (
        now.summary is not before.summary
        or (now.state, now.is_here, now.logic, now.title) != (before.state, before.is_here, before.logic, before.title)
        or (now.is_active and now.at - before.at >= _TICK)
    )


A = TypeVar("A", bound=Artifact)


def _artifact(folder: Path, name: str, kind: type[A]) -> CachedFile[A]:
    return CachedFile(folder, name, partial(_parsed, kind))


def _parsed(kind: type[A], text: bytes) -> A | None:
    try:
        return kind.model_validate_json(text)
    except ValidationError:
        return None


def _title(text: bytes) -> str:
    first = text.partition(b"\n")[0].decode(errors="replace")
    return first.removeprefix("# ").strip()


def _is_unexplained(summary: Summary) -> bool:
    """Does the log not say why the run ended? Who stopped it knows."""
    return summary.status == "running" or summary.reason == "it was interrupted"
