"""The progress of a run: its artifacts, calls and steps, updated event by event."""

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
    TrialProgress,
    TrialStarted,
)
from papercoder.runs.reproduction_progress import ReproductionProgress
from papercoder.runs.summary import AnyArtifactEvent, Summary, stage_of, summarise

ProgressState = Literal["open", "lost", "made", "kept", "edited", "before"]
"""`lost`: started by a process that is gone. `before`: made by an earlier process and not yet used by the latest."""

CallKey = tuple[str, str]
"""Agent and subject of a call."""


@dataclass(frozen=True)
class ArtifactProgress:
    """The progress of one artifact."""

    state: ProgressState
    since: float = 0.0
    """When it was last started, in seconds since the epoch."""

    seconds: float = 0.0
    """Duration when it was last made; 0 if it never was."""

    @property
    def is_there(self) -> bool:
        """Is there a result?"""
        return self.state not in {"open", "lost"}


@dataclass
class Progress:
    """The state of a run after the events so far."""

    events: list[Event] = field(default_factory=list)
    artifacts: dict[str, ArtifactProgress] = field(default_factory=dict)
    """In the order of their first start."""

    calls: dict[CallKey, CallStarted] = field(default_factory=dict)
    """Active calls."""

    written: dict[CallKey, int] = field(default_factory=dict)
    """Tokens of the active answers so far."""

    retries: Counter[CallKey] = field(default_factory=Counter)
    """How often a call was repeated or its answer rejected in this process."""

    steps: dict[str, ExecutionStepEnded] = field(default_factory=dict)
    """Of the latest execution."""

    forecast: str = ""
    """The latest forecast of a long step, until the next step ends."""

    reproduction: ReproductionProgress = field(default_factory=ReproductionProgress)

    _summary: Summary | None = None

    def add(self, event: Event) -> None:
        """Add the next event."""
        if isinstance(event, CallProgress):
            self.written[event.agent, event.subject] = event.completion
            return
        self.reproduction.add(event)
        if isinstance(event, TrialProgress):
            return
        self.events.append(event)
        self._summary = None
        match event:
            case RunStarted():
                self._start()
            case ArtifactStarted() | ArtifactMade() | ArtifactReused() | ArtifactEdited():
                self._artifact(event)
            case CallStarted() | CallMade() | CallRetried() | AnswerRejected():
                self._call(event)
            case ExecutionStepEnded():
                self._step(event)
            case Forecast() | TrialStarted():
                self.forecast = event.message if isinstance(event, Forecast) else ""

    @property
    def summary(self) -> Summary:
        """The totals of the run."""
        self._summary = self._summary or summarise(self.events)
        return self._summary

    def open(self) -> dict[str, ArtifactProgress]:
        """The artifacts that are being made."""
        return {name: artifact for name, artifact in self.artifacts.items() if artifact.state == "open"}

    def by_stage(self) -> dict[str, dict[str, ArtifactProgress]]:
        """Stage -> its artifacts."""
        found: defaultdict[str, dict[str, ArtifactProgress]] = defaultdict(dict)
        for name, artifact in self.artifacts.items():
            found[stage_of(name)][name] = artifact
        return found

    def without_open(self) -> "Progress":
        """The same with nothing open: what remains when the process is gone."""
        artifacts = {name: _closed(artifact) for name, artifact in self.artifacts.items()}
        return replace(
            self,
            artifacts=artifacts,
            calls={},
            written={},
            forecast="",
            reproduction=self.reproduction.without_running(),
        )

    def _start(self) -> None:
        """A new process continues the run: everything so far was made before."""
        left = {name: _closed(artifact) for name, artifact in self.artifacts.items()}
        self.artifacts = {
            name: replace(artifact, state="before") for name, artifact in left.items() if artifact.is_there
        }
        self.calls, self.written, self.retries, self.forecast = {}, {}, Counter(), ""

    def _artifact(self, event: AnyArtifactEvent) -> None:
        before = self.artifacts.get(event.artifact, ArtifactProgress("before"))
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
        key = event.agent, event.subject
        self.written.pop(key, None)
        match event:
            case CallStarted():
                self.calls[key] = event
            case CallMade():
                self.calls.pop(key, None)
            case _:
                self.retries[key] += 1

    def _step(self, event: ExecutionStepEnded) -> None:
        """A repeated step discards the results of the later ones."""
        names = list(self.steps)
        if event.step in self.steps:
            names = names[: names.index(event.step)]
        self.steps = {name: self.steps[name] for name in names} | {event.step: event}
        self.forecast = ""


def _closed(artifact: ArtifactProgress) -> ArtifactProgress:
    """The artifact after its process is gone; an earlier result remains."""
    return artifact if artifact.state != "open" else replace(artifact, state="before" if artifact.seconds else "lost")
