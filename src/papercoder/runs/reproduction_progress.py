"""The progress of a reproduction: its plan, running trials and verdicts, updated event by event."""

import time
from collections import Counter
from dataclasses import dataclass, field, replace

from papercoder.artifacts.claims import ClaimVerdict
from papercoder.runs.events import (
    ClaimDecided,
    Event,
    ReproductionPlanned,
    RunStarted,
    TrialEnded,
    TrialProgress,
    TrialStarted,
)


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
