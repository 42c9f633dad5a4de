"""The data of a run: `planning/data.json` lists what it needs, and `data.lock.json` what it has."""

from pathlib import Path

from papercoder.artifacts.data import DataLock, DataSources, LockedSource, RunData
from papercoder.runs.folder import load
from papercoder.runs.store import write_synced

DATA, LOCK = "planning/data.json", "data.lock.json"


def read_lock(folder: Path) -> DataLock:
    """The lock of a run; empty if nothing was fetched or given.

    Raises:
        ArtifactError: it was edited and is not valid.
    """
    return load(folder, LOCK, DataLock) if (folder / LOCK).exists() else DataLock()


def read_data(folder: Path) -> RunData:
    """What a run needs and has; empty before planning has listed it.

    Raises:
        ArtifactError: a file was edited and is not valid.
    """
    sources = load(folder, DATA, DataSources) if (folder / DATA).exists() else DataSources()
    locked = (source.model_copy(update={"files": ()}) for source in read_lock(folder).sources)
    return RunData(sources=sources, lock=DataLock(sources=tuple(locked)))


def record(folder: Path, source: LockedSource) -> None:
    """Add a source to the lock of a run, or replace it.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    write_synced(folder / LOCK, read_lock(folder).with_source(source).model_dump_json(indent=1) + "\n")
