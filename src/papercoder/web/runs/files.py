"""The files of the repository to be, each with how far it is: from the plan of the imports and the events."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from papercoder.artifacts import LogicDesign
from papercoder.report.formatting import duration
from papercoder.runs.summary import stage_of
from papercoder.web.runs.progress import Course, Made, Making

FileState = Literal["waiting"] | Made


@dataclass(frozen=True)
class FileView:
    """A file of the repository to be."""

    path: str
    state: FileState
    note: str
    """The state in a few words."""

    is_there: bool
    """It was made once, so that it can be read."""


def files(course: Course, logic: LogicDesign) -> tuple[FileView, ...]:
    """All files of the plan; `open` where anything about them is being made."""
    paths = tuple(file.path for file in logic.files)
    at_work = {path: name for name in course.open() if (path := about(name, paths))}
    return tuple(_file(path, at_work.get(path), course) for path in paths)


@lru_cache(10_000)
def about(artifact: str, paths: tuple[str, ...]) -> str:
    """The file that an artifact is about, or is; empty where it is about none."""
    found = (path for path in paths if re.search(rf"/{re.escape(path)}(\.|$)", artifact))
    return max(found, key=len, default="")


def artifact_of(path: str) -> str:
    """The artifact that is this file of the repository."""
    return f"repo/{path}"


def _file(path: str, at_work: str | None, course: Course) -> FileView:
    made = course.artifacts.get(artifact_of(path), Making("lost"))
    if at_work:
        again = max((times for (_, subject), times in course.again.items() if subject == path), default=0)
        note = stage_of(at_work) + (f", try {again + 1}" if again else "")
        return FileView(path, "open", note, made.is_there or bool(made.seconds))
    if not made.is_there:
        return FileView(path, "waiting", "not yet", False)
    return FileView(path, made.state, _note(made), True)


def _note(made: Making) -> str:
    match made.state:
        case "made":
            return f"in {duration(made.seconds)}" if made.seconds >= 0.05 else "made"
        case "kept":
            return "kept"
        case "edited":
            return "your edit"
        case _:
            return "made before"
