"""Runs as they go on, whoever works on them: one look at the files for all browsers that watch."""

import asyncio
import time
from collections.abc import Callable

from pydantic import ValidationError

from papercoder.artifacts import LogicDesign
from papercoder.runs.events import Event
from papercoder.runs.folder import is_locked
from papercoder.web.runs.active import Work, Works
from papercoder.web.runs.cached_file import Fresh
from papercoder.web.runs.event_follower import Tail
from papercoder.web.runs.folder import Shelf
from papercoder.web.runs.progress import Course
from papercoder.web.runs.view import Look, State, View, view

Listener = Callable[[View], None]

_EVERY = 0.5
"""Seconds between two looks."""

_TICK = 1.0
"""Seconds after which a run that goes on is told of again, for its clocks."""


class Watch:
    """One run, watched."""

    def __init__(self, name: str, shelf: Shelf, works: Works) -> None:
        self._name = name
        self._works = works
        self._folder = shelf.folder(name)
        self._tail = Tail(self._folder / "events.jsonl")
        self._course = Course()
        self._logic = Fresh(self._folder / "planning" / "logic.json", _logic)
        self._title = Fresh(self._folder / "paper.md", _title)
        self._listeners: list[Listener] = []
        self._poller: asyncio.Task[None] | None = None

    @property
    def events(self) -> list[Event]:
        """All that were read so far."""
        return self._course.events

    def look(self) -> View:
        """The run as it is now."""
        self._read()
        return view(self._course, self._look())

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell a listener of every change, and every second while somebody works on the run; returns how to leave."""
        self._listeners.append(listener)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(self.look()))
        return lambda: self._leave(listener)

    def _leave(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)

    async def _poll(self, told: View) -> None:
        while self._listeners:
            await asyncio.sleep(_EVERY)
            now = self.look()
            if _is_news(told, now):
                told = now
                for listener in self._listeners:
                    asyncio.get_running_loop().call_soon(listener, now)  # one that fails keeps no other from it

    def _read(self) -> None:
        if self._tail.is_another():
            self._course = Course()
        for event in self._tail.new():
            self._course.add(event)

    def _look(self) -> Look:
        work = self._works.of(self._name)
        state, summary = self._state(work), self._course.summary
        return Look(
            at=time.time(),
            title=self._title.value or "",
            state=state,
            is_here=bool(work and work.doing != "ended"),
            reason=summary.reason or (work.reason if work and summary.status == "running" else ""),
            logic=self._logic.value,
        )

    def _state(self, work: Work | None) -> State:
        if work and (doing := work.doing) != "ended":
            return doing
        if self._course.summary.status == "running":
            if is_locked(self._folder):
                return "running"
            self._read()  # it may have ended since, and told so before it let the folder go
        status = self._course.summary.status
        if status == "running":
            return "partial" if work and work.reason else "interrupted"  # a full disk has no room for its own reason
        return status


class Watches:
    """The runs that are watched, by name."""

    def __init__(self, shelf: Shelf, works: Works) -> None:
        self._shelf = shelf
        self._works = works
        self._watches: dict[str, Watch] = {}

    def of(self, name: str) -> Watch:
        """The watch of a run, there or still to be begun.

        Raises:
            RunFolderError: this is no name of a run.
        """
        if name not in self._watches:
            self._watches[name] = Watch(name, self._shelf, self._works)
        return self._watches[name]


def _is_news(told: View, now: View) -> bool:
    return (
        now.summary is not told.summary
        or (now.state, now.is_here, now.logic, now.title) != (told.state, told.is_here, told.logic, told.title)
        or (now.is_going and now.at - told.at >= _TICK)
    )


def _logic(text: bytes) -> LogicDesign | None:
    try:
        return LogicDesign.model_validate_json(text)
    except ValidationError:
        return None


def _title(text: bytes) -> str:
    first = text.partition(b"\n")[0].decode(errors="replace")
    return first.removeprefix("# ").strip()
