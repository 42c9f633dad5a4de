"""Everything that a page shows of a run, as one value."""

from dataclasses import dataclass
from typing import Literal, get_args

from papercoder.artifacts import ArchitectureDesign, LogicDesign, Requirements
from papercoder.pipeline.outline import KnownDesign, outline
from papercoder.report.stages import FileView, StageView, TimeLeft, files, stages, time_left
from papercoder.runs.events import HypothesisEnded
from papercoder.runs.progress import Progress, ReproductionProgress, StepProgress, Written
from papercoder.runs.summary import Summary
from papercoder.settings import Profile

State = Literal["new", "running", "pausing", "paused", "stopping", "interrupted", "complete", "partial"]

ACTIVE: frozenset[State] = frozenset({"running", "pausing", "paused", "stopping"})
"""A process works on the run."""

Work = Literal["pipeline", "reproduction", "diagnosis", "note"]
"""What a process does with a run."""


@dataclass(frozen=True)
class ActiveCall:
    """A call without an answer yet."""

    about: str
    """Agent and subject."""

    seconds: float
    retries: int
    """Earlier attempts."""

    written: Written


@dataclass(frozen=True)
class Pausing:
    """Since when a run is paused, and what it waits for."""

    since: float
    """Seconds since the epoch."""

    calls: int
    """Requests that are still being answered."""


@dataclass(frozen=True)
class View:
    """A run at one moment."""

    at: float
    """Seconds since the epoch."""

    title: str
    """The paper's title; empty before it was read."""

    state: State
    work: Work
    is_here: bool
    """This server runs it, so it can be paused and stopped here."""

    reason: str
    """Why it ended early."""

    pausing: Pausing | None
    summary: Summary
    seconds: float
    """Time spent so far."""

    left: TimeLeft | None
    """Until the run ends; None if it is not running."""

    stages: tuple[StageView, ...]
    """In their order, those to come included."""

    calls: tuple[ActiveCall, ...]
    steps: tuple[StepProgress, ...]
    """Of the latest execution."""

    forecast: str
    reproduction: ReproductionProgress
    hypotheses: int | None
    """How many a diagnosis of this process tries."""

    tried: tuple[HypothesisEnded, ...]
    logic: LogicDesign | None
    """None if it does not exist yet or cannot be read."""

    files: tuple[FileView, ...]
    """The planned files."""

    @property
    def is_active(self) -> bool:
        """A process works on it."""
        return self.state in ACTIVE

    @property
    def has_code(self) -> bool:
        """Was a file of the repository written?"""
        return any(file.is_there for file in self.files) or any(
            stage.name == "coding" and stage.done for stage in self.stages
        )


@dataclass(frozen=True)
class RunStatus:
    """What the page knows of a run besides its events."""

    at: float
    title: str
    state: State
    is_here: bool
    reason: str
    work: Work | None = None
    """None if this server did not start it."""

    budget: float | None = None
    """Seconds that its trials may take; None: as its settings say."""

    pausing: Pausing | None = None
    requirements: Requirements | None = None
    architecture: ArchitectureDesign | None = None
    logic: LogicDesign | None = None


def view(progress: Progress, status: RunStatus) -> View:
    """The run at this moment, from its progress and status."""
    is_active = status.state in ACTIVE
    progress = progress if is_active else progress.without_open()
    summary, design = progress.summary, KnownDesign(status.requirements, status.architecture, status.logic)
    idle = status.at - progress.events[-1].at if progress.events and is_active else 0.0
    settings = progress.start.settings if progress.start else {}
    shown = stages(
        progress,
        outline(
            next((each for each in get_args(Profile) if each == summary.profile), "full"),
            design,
            reproduce=bool(settings.get("reproduce")) or progress.was_measured,
            execute=settings.get("sandbox") != "none",
        ),
        is_read=bool(status.title),
    )
    given = status.budget or settings.get("budget")
    budget = given if isinstance(given, float | int) else 3600.0
    return View(
        at=status.at,
        title=status.title,
        state=status.state,
        work=status.work or _work(progress),
        is_here=status.is_here,
        reason=status.reason,
        pausing=status.pausing,
        summary=summary,
        seconds=summary.seconds + max(idle, 0.0),
        left=time_left(progress, shown, status.logic, status.at, budget) if status.state == "running" else None,
        stages=shown,
        calls=tuple(
            ActiveCall(
                " ".join(filter(None, about)),
                max(status.at - call.at, 0.0),
                progress.retries[about],
                progress.written.get(about, Written()),
            )
            for about, call in progress.calls.items()
        ),
        steps=tuple(progress.steps.values()),
        forecast=progress.forecast,
        reproduction=progress.reproduction,
        hypotheses=progress.hypotheses,
        tried=tuple(progress.tried.values()),
        logic=status.logic,
        files=files(progress, design.files),
    )


def _work(progress: Progress) -> Work:
    """What the latest process does, as far as its events show it."""
    if progress.hypotheses is not None:
        return "diagnosis"
    found = progress.reproduction
    return "reproduction" if found.plan or found.running else "pipeline"
