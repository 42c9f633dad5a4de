"""The progress of each planned file of the repository, and an estimate of the time left."""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import Literal

from papercoder.artifacts import LogicDesign
from papercoder.errors import ArtifactError
from papercoder.report.formatting import duration
from papercoder.repository.import_graph import import_order
from papercoder.runs.progress import ArtifactProgress, Progress, ProgressState
from papercoder.runs.summary import stage_of

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


def files(progress: Progress, logic: LogicDesign) -> tuple[FileView, ...]:
    """All planned files; `open` while an artifact about the file is being made."""
    paths = tuple(file.path for file in logic.files)
    open_artifacts = {path: name for name in progress.open() if (path := about(name, paths))}
    return tuple(_file(path, open_artifacts.get(path), progress) for path in paths)


@lru_cache(10_000)
def about(artifact: str, paths: tuple[str, ...]) -> str:
    """The file that an artifact is or is about; empty if it is about none."""
    found = (path for path in paths if re.search(rf"/{re.escape(path)}(\.|$)", artifact))
    return max(found, key=len, default="")


def artifact_of(path: str) -> str:
    """The artifact that is this file of the repository."""
    return f"repo/{path}"


def _file(path: str, open_artifact: str | None, progress: Progress) -> FileView:
    made = progress.artifacts.get(artifact_of(path), ArtifactProgress("lost"))
    if open_artifact:
        retries = max((times for (_, subject), times in progress.retries.items() if subject == path), default=0)
        note = stage_of(open_artifact) + (f", try {retries + 1}" if retries else "")
        return FileView(path, "open", note, made.is_there or bool(made.seconds))
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


def seconds_left(progress: Progress, logic: LogicDesign, now: float) -> float | None:
    """Seconds until the last file is written and all open artifacts are made; None if unknown.

    A file waits for those that it imports, so the longest path through the imports counts.
    """
    try:
        paths = import_order(logic)
    except ArtifactError:
        return None
    means, opened = _means(progress, paths), progress.open()
    if any(stage_of(name) not in means for name in opened):
        return None
    left = {name: max(means[stage_of(name)] - (now - artifact.since), 0.0) for name, artifact in opened.items()}
    ends = _file_ends(progress, logic, paths, left, means)
    return None if ends is None else max([*left.values(), *ends], default=None)


def _file_ends(
    progress: Progress, logic: LogicDesign, paths: tuple[str, ...], left: dict[str, float], means: dict[str, float]
) -> list[float] | None:
    """Seconds until each file is written; None if one has not started and no similar one was made."""
    ends: dict[str, float] = {}
    for path in paths:
        name = artifact_of(path)
        before = [ends[item.path] for item in logic.file(path).imports]
        others = [seconds for other, seconds in left.items() if about(other, paths) == path]
        if name in left:
            ends[path] = left[name]
        elif name in progress.artifacts and progress.artifacts[name].is_there:
            ends[path] = 0.0
        elif stage_of(name) in means:
            ends[path] = max([*before, *others], default=0.0) + means[stage_of(name)]
        else:
            return None
    return [end for end in ends.values() if end]


def _means(progress: Progress, paths: tuple[str, ...]) -> dict[str, float]:
    """Stage -> mean seconds of its artifacts about one file."""
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for name, artifact in progress.artifacts.items():
        if artifact.seconds and about(name, paths):
            seconds[stage_of(name)].append(artifact.seconds)
    return {stage: fmean(values) for stage, values in seconds.items()}
