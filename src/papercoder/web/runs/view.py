"""Everything that a page shows of a run, as one value."""

from dataclasses import dataclass
from typing import Literal

from papercoder.artifacts import LogicDesign
from papercoder.report.planned_files import FileView, artifact_of, files, seconds_left
from papercoder.runs.events import ExecutionStepEnded
from papercoder.runs.progress import ArtifactProgress, Progress
from papercoder.runs.reproduction_progress import ReproductionProgress
from papercoder.runs.summary import StageSummary, Summary, stage_of

State = Literal["new", "running", "pausing", "paused", "stopping", "interrupted", "complete", "partial"]

ACTIVE: frozenset[State] = frozenset({"running", "pausing", "paused", "stopping"})
"""A process works on the run."""


@dataclass(frozen=True)
class StageView:
    """The progress of a stage."""

    summary: StageSummary
    artifacts: dict[str, ArtifactProgress]
    known: int
    """Number of its artifacts, including planned ones."""

    @property
    def open(self) -> dict[str, ArtifactProgress]:
        """Artifacts that are being made."""
        return {name: artifact for name, artifact in self.artifacts.items() if artifact.state == "open"}

    @property
    def done(self) -> int:
        """Number of artifacts that exist."""
        return sum(artifact.is_there for artifact in self.artifacts.values())


@dataclass(frozen=True)
class ActiveCall:
    """A call without an answer yet."""

    about: str
    """Agent and subject."""

    seconds: float
    retries: int
    """Earlier attempts."""

    tokens: int = 0
    """Tokens of the answer so far."""


@dataclass(frozen=True)
class View:
    """A run at one moment."""

    at: float
    """Seconds since the epoch."""

    title: str
    """The paper's title; empty before it was read."""

    state: State
    is_here: bool
    """This server runs it, so it can be paused and stopped here."""

    reason: str
    """Why it ended early."""

    summary: Summary
    seconds: float
    """Time spent so far."""

    left: float | None
    """Estimated seconds until all planned files are written; None if unknown."""

    stages: tuple[StageView, ...]
    """In the order of their start."""

    calls: tuple[ActiveCall, ...]
    steps: tuple[ExecutionStepEnded, ...]
    """Of the latest execution."""

    forecast: str
    reproduction: ReproductionProgress
    logic: LogicDesign | None
    """None if it does not exist yet or cannot be read."""

    files: tuple[FileView, ...]
    """The planned files."""

    @property
    def is_active(self) -> bool:
        """A process works on it."""
        return self.state in ACTIVE


@dataclass(frozen=True)
class RunStatus:
    """What the page knows of a run besides its events."""

    at: float
    title: str
    state: State
    is_here: bool
    reason: str
    logic: LogicDesign | None


def view(progress: Progress, status: RunStatus) -> View:
    """The run at this moment, from its progress and status."""
    progress = progress if status.state in ACTIVE else progress.without_open()
    summary, logic = progress.summary, status.logic
    idle = status.at - progress.events[-1].at if progress.events and status.state in ACTIVE else 0.0
    return View(
        at=status.at,
        title=status.title,
        state=status.state,
        is_here=status.is_here,
        reason=status.reason,
        summary=summary,
        seconds=summary.seconds + max(idle, 0.0),
        left=seconds_left(progress, logic, status.at) if logic and status.state == "running" else None,
        stages=_stages(progress, logic),
        calls=_active_calls(progress, status.at),
        steps=tuple(progress.steps.values()),
        forecast=progress.forecast,
        reproduction=progress.reproduction,
        logic=logic,
        files=files(progress, logic) if logic else (),
    )


def _stages(progress: Progress, logic: LogicDesign | None) -> tuple[StageView, ...]:
    artifacts = progress.by_stage()
    planned = [artifact_of(file.path) for file in logic.files] if logic else []
    return tuple(_stage(stage, artifacts.get(stage.name, {}), planned) for stage in progress.summary.stages)


def _stage(summary: StageSummary, artifacts: dict[str, ArtifactProgress], planned: list[str]) -> StageView:
    known = artifacts.keys() | {name for name in planned if stage_of(name) == summary.name}
    return StageView(summary, artifacts, len(known))


def _active_calls(progress: Progress, now: float) -> tuple[ActiveCall, ...]:
    return tuple(
        ActiveCall(
            " ".join(filter(None, about)),
            max(now - call.at, 0.0),
            progress.retries[about],
            progress.written.get(about, 0),
        )
        for about, call in progress.calls.items()
    )
