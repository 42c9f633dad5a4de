"""Estimate the time left from the mean duration of similar artifacts so far."""

from collections import defaultdict
from statistics import fmean

from papercoder.artifacts import LogicDesign
from papercoder.errors import ArtifactError
from papercoder.repository.import_graph import import_order
from papercoder.runs.summary import stage_of
from papercoder.web.runs.files import about, artifact_of
from papercoder.web.runs.progress import Progress


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
