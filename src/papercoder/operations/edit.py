"""Edits of a run's artifacts: save them, list those that no run has used yet, and discard these."""

import stat
from pathlib import Path

from pydantic import Field

from papercoder.artifacts import Artifact
from papercoder.errors import RunFolderError
from papercoder.files.regular import delete, file_status, is_file, read_text, write
from papercoder.runs.folder import load, lock

PENDING_EDITS = "pending_edits.json"


class PendingEdits(Artifact):
    """Edits that were saved and that no complete run has used yet."""

    before: dict[str, str | None] = Field(default_factory=dict)
    """Artifact -> its text before the edits; None: there was no file."""


def pending_edits(folder: Path) -> PendingEdits:
    """The edits of a run that are saved and not used yet.

    Raises:
        ArtifactError: the list was edited and is not valid.
    """
    return load(folder, PENDING_EDITS, PendingEdits) if is_file(folder, PENDING_EDITS) else PendingEdits()


def save(folder: Path, artifact: str, before: str | None, text: str | None) -> None:
    """Write `text` to an artifact that had the text `before` when the user opened it; None means no file.

    The edit is pending until a run has used it.

    Raises:
        RunFolderError: it has changed since, another process is using the folder, the path leads out of the folder, or
            the file cannot be written.
    """
    with lock(folder):
        if read_text(folder, artifact) != before:
            raise RunFolderError(
                f"{artifact} has changed since you opened it. Nothing was written: copy your text, reload the page and "
                "paste it there."
            )
        put(folder, artifact, text)
        pending = pending_edits(folder).before
        first = pending.get(artifact, before)
        rest = {name: each for name, each in pending.items() if name != artifact}
        _write_pending(folder, rest if text == first else {**pending, artifact: first})


def discard(folder: Path) -> tuple[str, ...]:
    """Take back all pending edits; returns their artifacts.

    Raises:
        RunFolderError: another process is using the folder, or a file cannot be written.
    """
    with lock(folder):
        pending = pending_edits(folder).before
        for artifact, text in pending.items():
            put(folder, artifact, text)
        complete_edits(folder)
        return tuple(pending)


def complete_edits(folder: Path) -> None:
    """Note that a complete run has used the pending edits."""
    delete(folder, PENDING_EDITS)


def put(folder: Path, artifact: str, text: str | None) -> None:
    """Write or delete an artifact; the file keeps its mode. Use it inside `with lock(folder):`."""
    if text is None:
        delete(folder, artifact)
        return
    status = file_status(folder, artifact)
    write(folder, artifact, text, stat.S_IMODE(status.st_mode) if status else None)


def _write_pending(folder: Path, before: dict[str, str | None]) -> None:
    if before:
        write(folder, PENDING_EDITS, PendingEdits(before=before).model_dump_json(indent=1) + "\n")
    else:
        complete_edits(folder)
