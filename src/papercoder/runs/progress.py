"""The progress of a run and of its reproduction, updated event by event."""

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal

from papercoder.artifacts import ClaimVerdict
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
    ClaimDecided,
    DiagnosisStarted,
    Event,
    ExecutionStepEnded,
    Forecast,
    HypothesisEnded,
    ReproductionPlanned,
    RunStarted,
    TrialEnded,
    TrialProgress,
    TrialStarted,
)
from papercoder.runs.summary import AnyArtifactEvent, Summary, summarise


@dataclass(frozen=True)
class RunningTrial:
    """A trial that is running, and what it reported last."""

    started: TrialStarted
    progress: TrialProgress | None = None

    @property
    def fraction(self) -> float | None:
        """The share that is done: as it reported, else from its estimated time."""
        if self.progress:
            return self.progress.fraction
        if self.started.seconds and not self.started.probe:
            return min(0.99, (time.time() - self.started.at) / self.started.seconds)
        return None

    @property
    def seconds_left(self) -> float | None:
        """As it reported, else from its estimated time; None if nothing is known."""
        if self.progress and self.progress.seconds_left is not None:
            return max(0.0, self.progress.seconds_left - (time.time() - self.progress.at))
        if self.started.seconds and not self.started.probe:
            return max(0.0, self.started.seconds - (time.time() - self.started.at))
        return None


@dataclass
class ReproductionProgress:
    """The state of the latest reproduction of a run after the events so far."""

    plan: ReproductionPlanned | None = None
    """The first of this process; later ones cover only what is left then."""

    running: dict[str, RunningTrial] = field(default_factory=dict)
    """Trial id -> its progress."""

    ended: Counter[str] = field(default_factory=Counter)
    """Status -> trials that ended since the plan was made."""

    verdicts: dict[str, ClaimDecided] = field(default_factory=dict)
    """Claim id -> its latest verdict."""

    def add(self, event: Event) -> None:
        """Add the next event; those of other stages are ignored."""
        match event:
            case RunStarted():
                self.plan, self.running, self.ended = None, {}, Counter()
            case ReproductionPlanned():
                self.plan = self.plan or event
            case TrialStarted():
                self.running[event.trial] = RunningTrial(event)
            case TrialProgress() if event.trial in self.running:
                self.running[event.trial] = RunningTrial(self.running[event.trial].started, event)
            case TrialEnded():
                self.running.pop(event.trial, None)
                self.ended[event.status] += self.plan is not None
            case ClaimDecided():
                self.verdicts[event.claim] = event

    def without_running(self) -> "ReproductionProgress":
        """The same with nothing running: what remains when the process is gone."""
        return replace(self, running={})

    @property
    def done(self) -> int:
        """Trials with a result."""
        before = self.plan.finished if self.plan else 0
        return before + sum(count for status, count in self.ended.items() if status != "stopped")

    @property
    def total(self) -> int:
        """Trials with a result when the plan is carried out."""
        return max(self.done, self.plan.finished + self.plan.trials if self.plan else 0)

    @property
    def failed(self) -> int:
        """Trials that ended without a measurement since the plan was made."""
        return self.ended["failed"] + self.ended["diverged"]

    def count(self, verdict: ClaimVerdict) -> int:
        """Claims and orderings with this verdict."""
        return sum(event.verdict == verdict for event in self.verdicts.values())

    @property
    def open_claims(self) -> int:
        """Claims and orderings without a verdict."""
        decided = sum(event.verdict != "not_run" for event in self.verdicts.values())
        return max(0, (self.plan.claims_total if self.plan else len(self.verdicts)) - decided)


ProgressState = Literal["waiting", "open", "lost", "made", "kept", "edited", "before"]
"""`waiting`: not started. `lost`: started by a process that is gone. `before`: made by an earlier process and not yet
used by the latest."""

_SHOWN = 6_000
"""Characters of an answer that are shown while it is written."""

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

    is_pending: bool = False
    """The latest process will make it again."""

    @property
    def is_there(self) -> bool:
        """Is there a result that counts?"""
        return self.state not in {"waiting", "open", "lost"} and not self.is_repeated

    @property
    def is_repeated(self) -> bool:
        """Is it being made again, or about to be?"""
        return bool(self.seconds) and (self.state == "open" or (self.is_pending and self.state == "before"))


WAITING = ArtifactProgress("waiting")


@dataclass(frozen=True)
class StepProgress:
    """An execution step that has ended."""

    event: ExecutionStepEnded
    is_repeated: bool = False
    """The code has changed since, so that it is about to run again."""


@dataclass(frozen=True)
class Written:
    """What a model has written of an answer."""

    tokens: int = 0
    text: str = ""
    """The end of it, thoughts included."""


@dataclass
class Progress:
    """The state of a run after the events so far."""

    events: list[Event] = field(default_factory=list)
    artifacts: dict[str, ArtifactProgress] = field(default_factory=dict)
    """In the order of their first start."""

    calls: dict[CallKey, CallStarted] = field(default_factory=dict)
    """Active calls."""

    written: dict[CallKey, Written] = field(default_factory=dict)
    """The active answers so far."""

    retries: Counter[CallKey] = field(default_factory=Counter)
    """How often a call was repeated or its answer rejected in this process."""

    steps: dict[str, StepProgress] = field(default_factory=dict)
    """Of the latest execution, and those of the one before that are about to be repeated."""

    forecast: str = ""
    """The latest forecast of a long step, until the step ends or something else starts."""

    reproduction: ReproductionProgress = field(default_factory=ReproductionProgress)
    hypotheses: int | None = None
    """How many a diagnosis of this process tries; None if there is none."""

    tried: dict[str, HypothesisEnded] = field(default_factory=dict)
    """Id -> a hypothesis that this process has tried."""

    start: RunStarted | None = None
    """The latest."""

    _summary: Summary | None = None

    def add(self, event: Event) -> None:
        """Add the next event."""
        if isinstance(event, CallProgress):
            self._write(event)
            return
        self.reproduction.add(event)
        if isinstance(event, TrialProgress):
            return
        self.events.append(event)
        self._summary = None
        match event:
            case RunStarted():
                self._start(event)
            case ArtifactStarted() | ArtifactMade() | ArtifactReused() | ArtifactEdited():
                self._artifact(event)
            case CallStarted() | CallMade() | CallRetried() | AnswerRejected():
                self._call(event)
            case ExecutionStepEnded():
                self._step(event)
            case _:
                self._trials(event)

    @property
    def summary(self) -> Summary:
        """The totals of the run."""
        self._summary = self._summary or summarise(self.events)
        return self._summary

    def open(self) -> dict[str, ArtifactProgress]:
        """The artifacts that are being made."""
        return {name: artifact for name, artifact in self.artifacts.items() if artifact.state == "open"}

    @property
    def started(self) -> float:
        """When the latest process started, in seconds since the epoch."""
        return self.start.at if self.start else 0.0

    @property
    def was_measured(self) -> bool:
        """Has any process of the run reproduced it?"""
        return bool(self.reproduction.plan or self.reproduction.verdicts)

    def expect(self, pending: frozenset[str]) -> None:
        """Mark artifacts that the latest process will make again."""
        self.artifacts = {
            name: replace(artifact, is_pending=name in pending) for name, artifact in self.artifacts.items()
        }

    def without_open(self) -> "Progress":
        """The same with nothing open: what remains when the process is gone."""
        artifacts = {name: _closed(artifact) for name, artifact in self.artifacts.items()}
        return replace(
            self,
            artifacts=artifacts,
            calls={},
            written={},
            forecast="",
            steps=self._latest_steps(),
            reproduction=self.reproduction.without_running(),
        )

    def _latest_steps(self) -> dict[str, StepProgress]:
        """Without those that were to be repeated and were not reached."""
        return {name: step for name, step in self.steps.items() if not step.is_repeated}

    def _write(self, event: CallProgress) -> None:
        key = event.agent, event.subject
        before = self.written.get(key, Written())
        self.written[key] = Written(event.completion, (before.text + event.text)[-_SHOWN:])

    def _start(self, event: RunStarted) -> None:
        """A new process continues the run: everything so far was made before."""
        left = {name: _closed(artifact) for name, artifact in self.artifacts.items()}
        self.artifacts = {
            name: replace(artifact, state="before", is_pending=False)
            for name, artifact in left.items()
            if artifact.state not in {"waiting", "lost"}
        }
        self.calls, self.written, self.retries, self.forecast = {}, {}, Counter(), ""
        self.start, self.hypotheses, self.tried = event, None, {}

    def _artifact(self, event: AnyArtifactEvent) -> None:
        before = self.artifacts.get(event.artifact, ArtifactProgress("before"))
        match event:
            case ArtifactStarted(at=at):
                now = replace(before, state="open", since=at)
                self.forecast = ""
                if event.artifact.startswith("execution/"):
                    self.steps = {name: replace(step, is_repeated=True) for name, step in self.steps.items()}
            case ArtifactMade(seconds=seconds):
                now = replace(before, state="made", seconds=seconds, is_pending=False)
                if event.artifact.startswith("execution/"):
                    self.steps = self._latest_steps()
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

    def _trials(self, event: Event) -> None:
        match event:
            case DiagnosisStarted(hypotheses=hypotheses):
                self.hypotheses = hypotheses
            case HypothesisEnded():
                self.tried[event.hypothesis] = event
            case Forecast(message=message):
                self.forecast = message
            case TrialStarted():
                self.forecast = ""

    def _step(self, event: ExecutionStepEnded) -> None:
        """The steps after a repeated one are about to be repeated too."""
        names = list(self.steps)
        later = names[names.index(event.step) + 1 :] if event.step in self.steps else []
        for name in later:
            self.steps[name] = replace(self.steps[name], is_repeated=True)
        self.steps[event.step] = StepProgress(event)
        self.forecast = ""


def _closed(artifact: ArtifactProgress) -> ArtifactProgress:
    """The artifact after its process is gone; an earlier result remains."""
    return artifact if artifact.state != "open" else replace(artifact, state="before" if artifact.seconds else "lost")
