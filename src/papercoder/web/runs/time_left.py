"""About how long what is known to come will take, by what was like it so far; nothing is said where nothing was."""

from collections import defaultdict
from statistics import fmean

from papercoder.artifacts import LogicDesign
from papercoder.errors import ArtifactError
from papercoder.repository.import_graph import import_order
from papercoder.runs.summary import stage_of
from papercoder.web.runs.files import about, artifact_of
from papercoder.web.runs.progress import Course


def seconds_left(course: Course, logic: LogicDesign, now: float) -> float | None:
    """Seconds until the last file is written and all that is open is made; None where that is not known.

    A file waits for those that it imports, so the longest way through the imports counts.
    """
    try:
        paths = import_order(logic)
    except ArtifactError:
        return None
    means, opened = _means(course, paths), course.open()
    if any(stage_of(name) not in means for name in opened):
        return None
    left = {name: max(means[stage_of(name)] - (now - making.since), 0.0) for name, making in opened.items()}
    ways = _ways(course, logic, paths, left, means)
    return None if ways is None else max([*left.values(), *ways], default=None)


def _ways(
    course: Course, logic: LogicDesign, paths: tuple[str, ...], left: dict[str, float], means: dict[str, float]
) -> list[float] | None:
    """Seconds until each file is written; None where one is still to be begun and none like it was made."""
    ends: dict[str, float] = {}
    for path in paths:
        name = artifact_of(path)
        before = [ends[item.path] for item in logic.file(path).imports]
        others = [seconds for other, seconds in left.items() if about(other, paths) == path]
        if name in left:
            ends[path] = left[name]
        elif name in course.artifacts and course.artifacts[name].is_there:
            ends[path] = 0.0
        elif stage_of(name) in means:
            ends[path] = max([*before, *others], default=0.0) + means[stage_of(name)]
        else:
            return None
    return [end for end in ends.values() if end]


def _means(course: Course, paths: tuple[str, ...]) -> dict[str, float]:
    """Stage -> mean seconds of what it made about a file; such artifacts are alike."""
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for name, making in course.artifacts.items():
        if making.seconds and about(name, paths):
            seconds[stage_of(name)].append(making.seconds)
    return {stage: fmean(values) for stage, values in seconds.items()}
