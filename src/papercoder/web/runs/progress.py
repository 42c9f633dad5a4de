"""What a run's events say of its artifacts, calls and steps so far: a fold that is fed event by event."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Literal

from papercoder.runs.events import (
    AnswerRejected,
    ArtifactEdited,
    ArtifactMade,
    ArtifactReused,
    ArtifactStarted,
    CallMade,
    CallProgress,
    CallRetried,
    CallStarted,
    Event,
    ExecutionStepEnded,
    Forecast,
    RunStarted,
)
from papercoder.runs.summary import AnyArtifactEvent, Summary, stage_of, summarise

Made = Literal["open", "lost", "made", "kept", "edited", "before"]
"""`lost`: begun by a process that is gone. `before`: made by an earlier process; the latest one has not come to it."""

About = tuple[str, str]
"""Agent and subject of a call."""


@dataclass(frozen=True)
class Making:
    """How far an artifact is."""

    state: Made
    since: float = 0.0
    """Seconds since the epoch, when it was last begun."""

    seconds: float = 0.0
    """That it took when it was last made; 0 where it never was."""

    @property
    def is_there(self) -> bool:
        """Is there something to use?"""
        return self.state not in {"open", "lost"}


@dataclass
class Course:
    """The events of a run, folded as they come."""

    events: list[Event] = field(default_factory=list)
    artifacts: dict[str, Making] = field(default_factory=dict)
    """In the order in which they were first begun."""

    calls: dict[About, CallStarted] = field(default_factory=dict)
    """Those that are waited for."""

    written: dict[About, int] = field(default_factory=dict)
    """Tokens of the answers that are being written."""

    again: Counter[About] = field(default_factory=Counter)
    """How often a call was sent again, or its answer sent back, since it last went well."""

    steps: dict[str, ExecutionStepEnded] = field(default_factory=dict)
    """Of the latest climb."""

    forecast: str = ""
    """What was last told to take long, until the next step ends."""

    _summary: Summary | None = None

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if isinstance(event, CallProgress):
            self.written[event.agent, event.subject] = event.completion
            return
        self.events.append(event)
        self._summary = None
        match event:
            case RunStarted():
                self._begin()
            case ArtifactStarted() | ArtifactMade() | ArtifactReused() | ArtifactEdited():
                self._artifact(event)
            case CallStarted() | CallMade() | CallRetried() | AnswerRejected():
                self._call(event)
            case ExecutionStepEnded():
                self._step(event)
            case Forecast(message=message):
                self.forecast = message

    @property
    def summary(self) -> Summary:
        """The run in figures."""
        self._summary = self._summary or summarise(self.events)
        return self._summary

    def open(self) -> dict[str, Making]:
        """The artifacts that are being made."""
        return {name: making for name, making in self.artifacts.items() if making.state == "open"}

    def by_stage(self) -> dict[str, dict[str, Making]]:
        """Stage -> its artifacts."""
        found: defaultdict[str, dict[str, Making]] = defaultdict(dict)
        for name, making in self.artifacts.items():
            found[stage_of(name)][name] = making
        return found

    def left(self) -> "Course":
        """The same with nothing open: what a process that is gone left."""
        artifacts = {name: _left(making) for name, making in self.artifacts.items()}
        return replace(self, artifacts=artifacts, calls={}, written={}, forecast="")

    def _begin(self) -> None:
        """A process took up the run: what there is, is of before."""
        left = {name: _left(making) for name, making in self.artifacts.items()}
        self.artifacts = {name: replace(making, state="before") for name, making in left.items() if making.is_there}
        self.calls, self.written, self.again, self.forecast = {}, {}, Counter(), ""

    def _artifact(self, event: AnyArtifactEvent) -> None:
        before = self.artifacts.get(event.artifact, Making("before"))
        match event:
            case ArtifactStarted(at=at):
                now = replace(before, state="open", since=at)
            case ArtifactMade(seconds=seconds):
                now = replace(before, state="made", seconds=seconds)
            case ArtifactReused():
                now = replace(before, state="kept")
            case ArtifactEdited():
                now = replace(before, state="edited")
        self.artifacts[event.artifact] = now

    def _call(self, event: CallStarted | CallMade | CallRetried | AnswerRejected) -> None:
        about = event.agent, event.subject
        self.written.pop(about, None)
        match event:
            case CallStarted():
                self.calls[about] = event
            case CallMade():
                self.calls.pop(about, None)
            case _:
                self.again[about] += 1

    def _step(self, event: ExecutionStepEnded) -> None:
        """A step that is climbed once more makes those above it open again."""
        below = list(self.steps)
        if event.step in self.steps:
            below = below[: below.index(event.step)]
        self.steps = {name: self.steps[name] for name in below} | {event.step: event}
        self.forecast = ""


def _left(making: Making) -> Making:
    """What is left of it when its process is gone; an earlier making stays where it was being made once more."""
    return making if making.state != "open" else replace(making, state="before" if making.seconds else "lost")
