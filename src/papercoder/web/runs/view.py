"""All that a page shows of a run that may be going on, as one value."""

from dataclasses import dataclass
from typing import Literal

from papercoder.artifacts import LogicDesign
from papercoder.runs.events import ExecutionStepEnded
from papercoder.runs.summary import StageSummary, Summary, stage_of
from papercoder.web.runs.files import FileView, artifact_of, files
from papercoder.web.runs.progress import Course, Making
from papercoder.web.runs.time_left import seconds_left

State = Literal["new", "running", "pausing", "paused", "stopping", "interrupted", "complete", "partial"]

GOING: frozenset[State] = frozenset({"running", "pausing", "paused", "stopping"})
"""Somebody works on the run."""


@dataclass(frozen=True)
class StageView:
    """A stage as far as it is."""

    summary: StageSummary
    artifacts: dict[str, Making]
    known: int
    """Artifacts that it has or is known to get."""

    @property
    def open(self) -> dict[str, Making]:
        """Those that are being made."""
        return {name: making for name, making in self.artifacts.items() if making.state == "open"}

    @property
    def done(self) -> int:
        """How many are there."""
        return sum(making.is_there for making in self.artifacts.values())


@dataclass(frozen=True)
class Waiting:
    """A call that is waited for."""

    about: str
    """Agent and subject."""

    seconds: float
    again: int
    """Tries before this one."""

    written: int = 0
    """Tokens of the answer so far."""


@dataclass(frozen=True)
class View:
    """A run at one moment."""

    at: float
    """Seconds since the epoch."""

    title: str
    """The paper's; empty where it was not read yet."""

    state: State
    is_here: bool
    """This server works on it, and so can pause and stop it."""

    reason: str
    """Why it ended before its end."""

    summary: Summary
    seconds: float
    """Worked on so far."""

    left: float | None
    """About how many seconds more, for what is known to come."""

    stages: tuple[StageView, ...]
    """In the order in which they were begun."""

    calls: tuple[Waiting, ...]
    steps: tuple[ExecutionStepEnded, ...]
    """Of the latest climb."""

    forecast: str
    logic: LogicDesign | None
    """None where it is not planned yet, or cannot be read."""

    files: tuple[FileView, ...]
    """Of the plan of the imports."""

    @property
    def is_going(self) -> bool:
        """Somebody works on it."""
        return self.state in GOING


@dataclass(frozen=True)
class Look:
    """What is known beside the events."""

    at: float
    title: str
    state: State
    is_here: bool
    reason: str
    logic: LogicDesign | None


def view(course: Course, look: Look) -> View:
    """The run at this moment."""
    course = course if look.state in GOING else course.left()
    summary, logic = course.summary, look.logic
    idle = look.at - course.events[-1].at if course.events and look.state in GOING else 0.0
    return View(
        at=look.at,
        title=look.title,
        state=look.state,
        is_here=look.is_here,
        reason=look.reason,
        summary=summary,
        seconds=summary.seconds + max(idle, 0.0),
        left=seconds_left(course, logic, look.at) if logic and look.state == "running" else None,
        stages=_stages(course, logic),
        calls=_waiting(course, look.at),
        steps=tuple(course.steps.values()),
        forecast=course.forecast,
        logic=logic,
        files=files(course, logic) if logic else (),
    )


def _stages(course: Course, logic: LogicDesign | None) -> tuple[StageView, ...]:
    artifacts = course.by_stage()
    planned = [artifact_of(file.path) for file in logic.files] if logic else []
    return tuple(_stage(stage, artifacts.get(stage.name, {}), planned) for stage in course.summary.stages)


def _stage(summary: StageSummary, artifacts: dict[str, Making], planned: list[str]) -> StageView:
    known = artifacts.keys() | {name for name in planned if stage_of(name) == summary.name}
    return StageView(summary, artifacts, len(known))


def _waiting(course: Course, now: float) -> tuple[Waiting, ...]:
    return tuple(
        Waiting(
            " ".join(filter(None, about)), max(now - call.at, 0.0), course.again[about], course.written.get(about, 0)
        )
        for about, call in course.calls.items()
    )
