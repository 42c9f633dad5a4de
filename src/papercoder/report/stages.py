"""The stages and files of a run with what is made, open and still to come, and an estimate of the time left."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import Literal

from papercoder.artifacts import LogicDesign
from papercoder.errors import ArtifactError
from papercoder.pipeline.outline import StageOutline
from papercoder.report.formatting import duration
from papercoder.repository.code_graph import import_order
from papercoder.runs.progress import WAITING, ArtifactProgress, Progress, ProgressState
from papercoder.runs.summary import stage_of


@dataclass(frozen=True)
class StageView:
    """The progress of a stage, whether it has started or not."""

    name: str
    artifacts: Mapping[str, ArtifactProgress]
    """All that are known, in order; those to come are `waiting`."""

    done: int
    total: int | None
    """None while it is not known."""

    unit: str = ""
    """What is counted, as a plural: files, steps, trials; empty for artifacts."""

    is_over: bool = False
    """A later stage has started, so that nothing more is expected."""

    @property
    def open(self) -> dict[str, ArtifactProgress]:
        """Artifacts that are being made."""
        return {name: artifact for name, artifact in self.artifacts.items() if artifact.state == "open"}

    @property
    def has_started(self) -> bool:
        """Was anything of it made or started?"""
        return bool(self.done) or any(artifact.state != "waiting" for artifact in self.artifacts.values())

    @property
    def is_done(self) -> bool:
        """Is everything made that is expected?"""
        return not self.open and (self.is_over or (bool(self.total) and self.done >= (self.total or 0)))

    def count(self, *states: ProgressState) -> int:
        """Number of artifacts in these states."""
        return sum(artifact.state in states for artifact in self.artifacts.values())

    @property
    def repeated(self) -> int:
        """Artifacts that exist and are made again, now or next."""
        return sum(artifact.is_repeated for artifact in self.artifacts.values())


def stages(progress: Progress, outlines: Iterable[StageOutline], *, is_read: bool) -> tuple[StageView, ...]:
    """All stages, those to come included; artifacts that no outline names are in the stage that made them."""
    outlines = tuple(outlines)
    own = {artifact: each.name for each in outlines for artifact in each.artifacts}
    made: dict[str, dict[str, ArtifactProgress]] = {
        each.name: {name: progress.artifacts.get(name, WAITING) for name in each.artifacts} for each in outlines
    }
    for name, artifact in progress.artifacts.items():
        stage = own.get(name) or _STAGES.get(stage_of(name), stage_of(name))
        made.setdefault(stage, {})[name] = artifact
    planned = {each.name for each in outlines if each.is_planned}
    started = [name for name, found in made.items() if any(each.state != "waiting" for each in found.values())]
    last = list(made).index(started[-1]) if started else -1
    return tuple(
        _stage(progress, name, found, is_planned=name in planned, is_over=position < last, is_read=is_read)
        for position, (name, found) in enumerate(made.items())
    )


_STAGES = {"repair": "execution", "variant": "diagnosis"}
"""Folder -> the stage that its artifacts belong to, if it is another one."""


def _stage(
    progress: Progress,
    name: str,
    artifacts: dict[str, ArtifactProgress],
    *,
    is_planned: bool,
    is_over: bool,
    is_read: bool,
) -> StageView:
    done, total = sum(artifact.is_there for artifact in artifacts.values()), len(artifacts) if is_planned else None
    match name:
        case "reading":
            return StageView(name, {}, int(is_read), 1, is_over=is_read)
        case "analysis" | "coding" | "tests":
            return StageView(name, artifacts, done, total, "files", is_over)
        case "execution":
            steps = [step for step in progress.steps.values() if not step.is_repeated]
            return StageView(name, artifacts, len(steps), max(len(progress.steps), _STEPS), "steps", is_over)
        case "reproduction":
            found = progress.reproduction
            known = found.total if found.plan else None
            return StageView(name, artifacts, found.done, known, "trials", is_over or bool(found.verdicts))
        case "diagnosis" if progress.hypotheses is not None:
            return StageView(name, artifacts, len(progress.tried), progress.hypotheses, "hypotheses", is_over)
        case _:
            known = total if is_planned or not artifacts else len(artifacts)
            return StageView(name, artifacts, done, known, "", is_over)


_STEPS = 6
"""Steps of an execution."""

FileState = Literal["waiting"] | ProgressState


@dataclass(frozen=True)
class FileView:
    """A planned file and its progress."""

    path: str
    state: FileState
    note: str
    """The state in a few words."""

    is_there: bool
    """It was made at least once, so it can be read."""


def files(progress: Progress, paths: Iterable[str]) -> tuple[FileView, ...]:
    """All planned files; `open` while an artifact about the file is being made."""
    paths = tuple(paths)
    open_artifacts = {path: name for name in progress.open() if (path := about(name, paths))}
    return tuple(_file(path, open_artifacts.get(path), progress) for path in paths)


@lru_cache(10_000)
def about(artifact: str, paths: tuple[str, ...]) -> str:
    """The file that an artifact is or is about; empty if it is about none."""
    found = (path for path in paths if re.search(rf"/{re.escape(path)}(\.|$)", artifact))
    return max(found, key=len, default="")


def _file(path: str, open_artifact: str | None, progress: Progress) -> FileView:
    made = progress.artifacts.get(f"repo/{path}", ArtifactProgress("lost"))
    if open_artifact:
        retries = max((times for (_, subject), times in progress.retries.items() if subject == path), default=0)
        note = stage_of(open_artifact) + (f", try {retries + 1}" if retries else "")
        return FileView(path, "open", note, made.is_there or bool(made.seconds))
    if made.is_repeated:
        return FileView(path, "waiting", "will be made again", True)
    if not made.is_there:
        return FileView(path, "waiting", "not yet", False)
    return FileView(path, made.state, _note(made), True)


def _note(made: ArtifactProgress) -> str:
    match made.state:
        case "made":
            return f"in {duration(made.seconds)}" if made.seconds >= 0.05 else "made"
        case "kept":
            return "kept"
        case "edited":
            return "your edit"
        case _:
            return "made before"


@dataclass(frozen=True)
class TimeLeft:
    """How long a run will take."""

    seconds: float
    is_limit: bool = False
    """Whether it ends by then at the latest, since a budget ends it; else it is an estimate."""


_TYPICAL = {"planning": 45.0, "analysis": 35.0, "coding": 45.0, "review": 50.0, "tests": 45.0}
"""Seconds that an artifact of a stage takes, before anything of this run is known."""

_EXECUTION = 150.0
"""Seconds of an execution: it installs packages, and runs tests and a smoke run."""

_LEVELS = (("plan", "found"), ("requirements", "claims"), ("architecture", "data"), ("config",), ("logic",))
"""Artifacts of planning that are made side by side, in their order."""

_UNKNOWN_LEVELS = 3
"""Files that import each other one after the other, before the imports are known."""


def time_left(
    progress: Progress, shown: Iterable[StageView], logic: LogicDesign | None, now: float, budget: float
) -> TimeLeft:
    """The time until the run ends.

    What is made side by side counts once. Stages that have made nothing yet count with typical times, scaled by how
    fast this run has been so far.
    """
    found = progress.reproduction
    if found.plan or found.running or progress.hypotheses is not None:
        return _trials_left(progress, now, budget)
    means = _means(progress)
    ratios = [mean / _TYPICAL[stage] for stage, mean in means.items() if stage in _TYPICAL]
    pace = fmean(ratios) if ratios else 1.0
    shown = tuple(shown)
    seconds = {stage: means.get(stage, typical * pace) for stage, typical in _TYPICAL.items()}
    if all(stage.name != "analysis" for stage in shown):
        seconds["analysis"] = 0.0
    left = (_stage_left(progress, stage, logic, seconds, now) for stage in shown if not stage.is_done)
    has_trials = any(stage.name == "reproduction" for stage in shown)
    return TimeLeft(max(sum(left) + (budget if has_trials else 0.0), 1.0))


def _stage_left(
    progress: Progress, stage: StageView, logic: LogicDesign | None, seconds: Mapping[str, float], now: float
) -> float:
    """Seconds until a stage is done, if those before it are."""
    match stage.name:
        case "planning":
            return sum(_level_left(progress, level, seconds["planning"], now) for level in _LEVELS)
        case "analysis":
            return seconds["analysis"] if logic is None else 0.0  # else a part of the files' path
        case "coding":
            return _files_left(progress, logic, seconds, now)
        case "review" | "tests":
            return _side_by_side(stage.artifacts, seconds[stage.name], now)
        case "execution":
            measured = sum(step.event.seconds for step in progress.steps.values())
            since = min((artifact.since for artifact in stage.open.values()), default=now)
            return max(max(_EXECUTION, measured) - (now - since), 5.0)
        case _:
            return 0.0


def _trials_left(progress: Progress, now: float, budget: float) -> TimeLeft:
    """A reproduction and a diagnosis end with their budget at the latest, and a plan may take less."""
    plan = progress.reproduction.plan
    planned = plan.seconds - (now - plan.at) if plan and progress.hypotheses is None else 0.0
    if planned > 0:
        return TimeLeft(planned)
    limit = plan.budget if plan and progress.hypotheses is None else budget
    return TimeLeft(max(limit - (now - progress.started), 1.0), is_limit=True)


def _means(progress: Progress) -> dict[str, float]:
    """Stage -> mean seconds of its artifacts."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for name, artifact in progress.artifacts.items():
        if artifact.seconds:
            found["tests" if name.startswith("repo/tests/") else stage_of(name)].append(artifact.seconds)
    return {stage: fmean(values) for stage, values in found.items()}


def _left(artifact: ArtifactProgress, mean: float, now: float) -> float:
    """Seconds until an artifact is made; one that takes longer than usual takes a little more."""
    if artifact.state == "open":
        return max(mean - (now - artifact.since), 0.1 * mean)
    return 0.0 if artifact.is_there else mean


def _level_left(progress: Progress, level: tuple[str, ...], mean: float, now: float) -> float:
    own = (progress.artifacts.get(f"planning/{name}.json", WAITING) for name in level)
    return max(_left(artifact, mean, now) for artifact in own)


def _side_by_side(artifacts: Mapping[str, ArtifactProgress], mean: float, now: float) -> float:
    return max((_left(artifact, mean, now) for artifact in artifacts.values()), default=mean)


def _files_left(progress: Progress, logic: LogicDesign | None, seconds: Mapping[str, float], now: float) -> float:
    """Seconds until the last file is analysed and written: a file waits for those that it imports."""
    if logic is None:
        return _UNKNOWN_LEVELS * seconds["coding"]
    try:
        paths = import_order(logic)
    except ArtifactError:  # someone edited the design, and the run will say so
        return _UNKNOWN_LEVELS * seconds["coding"]
    ends: dict[str, float] = {}
    for path in paths:
        code = progress.artifacts.get(f"repo/{path}", WAITING)
        if code.state == "open" or code.is_there:
            ends[path] = _left(code, seconds["coding"], now)
            continue
        analysis = progress.artifacts.get(f"analysis/{path}.md", WAITING)
        before = [_left(analysis, seconds["analysis"], now), *(ends[item.path] for item in logic.file(path).imports)]
        ends[path] = max(before) + seconds["coding"]
    return max(ends.values(), default=0.0)
