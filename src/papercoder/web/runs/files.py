"""The progress of each planned file of the repository, from the design and the events."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from papercoder.artifacts import LogicDesign
from papercoder.report.formatting import duration
from papercoder.runs.summary import stage_of
from papercoder.web.runs.progress import ArtifactProgress, Progress, ProgressState

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
