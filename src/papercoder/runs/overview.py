"""What `papercoder show` tells: a run in figures, with its requirements and files. Reads files alone, no model."""

import fcntl
import os
from collections import Counter
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from papercoder.artifacts import Artifact, Requirements, Traceability
from papercoder.errors import RunFolderError
from papercoder.runs.event_log import read_events
from papercoder.runs.folder import read_text
from papercoder.runs.summary import Calls, StageSummary, Status, Summary, Tokens, summarise

A = TypeVar("A", bound=Artifact)


class RequirementsSummary(Artifact):
    """How far the requirements came."""

    total: int = 0
    by_status: dict[str, int] = Field(default_factory=dict)
    unowned: tuple[str, ...] = ()
    """Without an owner file."""

    unmarked: tuple[str, ...] = ()
    """Without a mark in their owner file."""


class RunReport(Artifact):
    """All that is known of a run."""

    status: Status | Literal["interrupted"]
    reason: str
    paper: str
    profile: str
    models: dict[str, str]
    stages: tuple[StageSummary, ...]
    files: tuple[str, ...]
    """Of the generated repository."""

    calls: Calls
    tokens: Tokens
    cost_usd: float
    unpriced: int
    """Calls whose price is not known."""

    seconds: float
    requirements: RequirementsSummary
    edited: tuple[str, ...]
    warnings: tuple[str, ...]


def report(folder: Path) -> RunReport:
    """Gather what a run folder says of itself.

    Raises:
        RunFolderError: it is no run folder.
    """
    if not (folder / "events.jsonl").is_file():
        raise RunFolderError(
            f"{folder} is no run folder; it has no events.jsonl. `papercoder run PAPER -o DIR` makes one."
        )
    summary = summarise(read_events(folder))
    shared = {name: getattr(summary, name) for name in Summary.model_fields if name in RunReport.model_fields}
    return RunReport(
        **{**shared, "status": status_of(summary, folder)},
        files=_files(folder / "repo"),
        requirements=_requirements(folder),
    )


def status_of(summary: Summary, folder: Path) -> Status | Literal["interrupted"]:
    """That of the summary, but `interrupted` where nobody works any more on a run that did not tell of its end.

    Raises:
        RunFolderError: the folder cannot be read.
    """
    if summary.status != "running" or is_locked(folder):
        return summary.status
    now = summarise(read_events(folder)).status  # it may have ended meanwhile, and told so before it let the folder go
    return "interrupted" if now == "running" else now


def is_locked(folder: Path) -> bool:
    """Does a process work in this run folder now?"""
    try:
        with (folder / ".store" / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # not there, or not ours to look into
    return False


def _files(repository: Path) -> tuple[str, ...]:
    found: list[Path] = []
    for root, folders, names in os.walk(repository):
        folders[:] = set(folders) - {".git"}
        found += [Path(root, name) for name in names]
    return tuple(path.relative_to(repository).as_posix() for path in sorted(found) if path.is_file())


def _requirements(folder: Path) -> RequirementsSummary:
    known = _load(folder / "planning" / "requirements.json", Requirements)
    if known is None:
        return RequirementsSummary()
    traced = _load(folder / "repo" / "TRACEABILITY.json", Traceability)
    return RequirementsSummary(
        total=len(known.items),
        by_status=dict(Counter(item.status for item in known.items)),
        unowned=traced.unowned if traced else tuple(item.id for item in known.items),
        unmarked=traced.unmarked if traced else tuple(item.id for item in known.items),
    )


def _load(path: Path, kind: type[A]) -> A | None:
    text = read_text(path)
    try:
        return kind.model_validate_json(text) if text else None
    except ValidationError:
        return None
