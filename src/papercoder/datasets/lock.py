"""`data.lock.json` in a run folder: what the run has of its data."""

from pathlib import Path

from papercoder.artifacts.data import DataLock, LockedSource
from papercoder.runs.folder import load
from papercoder.runs.store import write_synced

LOCK = "data.lock.json"


def read_lock(folder: Path) -> DataLock:
    """The lock of a run; empty if nothing was fetched or given.

    Raises:
        ArtifactError: it was edited and is not valid.
    """
    return load(folder, LOCK, DataLock) if (folder / LOCK).exists() else DataLock()


def record(folder: Path, source: LockedSource) -> None:
    """Add a source to the lock of a run, or replace it.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    write_synced(folder / LOCK, read_lock(folder).with_source(source).model_dump_json(indent=1) + "\n")
