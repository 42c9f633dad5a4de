"""The data of a run: `planning/data.json` lists what it needs, and `data.lock.json` what it has.

Code reads what the lock names, so a path on this machine counts only if this user gave it to this run: the entry has
their seal. A lock that someone else made could otherwise name any folder.
"""

from pathlib import Path

from papercoder.artifacts.data import DataLock, DataSources, LockedSource, RunData
from papercoder.files.regular import is_file, write
from papercoder.runs.folder import load
from papercoder.runs.ownership import is_sealed, place_of, seal

DATA, LOCK = "planning/data.json", "data.lock.json"


def read_lock(folder: Path) -> DataLock:
    """The lock of a run without paths that this user did not give; empty if nothing was fetched or given.

    Raises:
        ArtifactError: it was edited and is not valid.
    """
    return DataLock(sources=tuple(source for source in _load_lock(folder).sources if _is_own(folder, source)))


def foreign_paths(folder: Path) -> tuple[LockedSource, ...]:
    """The entries of a lock that name paths which this user did not give."""
    return tuple(source for source in _load_lock(folder).sources if not _is_own(folder, source))


def read_data(folder: Path) -> RunData:
    """What a run needs and has; empty before planning has listed it.

    Raises:
        ArtifactError: a file was edited and is not valid.
    """
    sources = load(folder, DATA, DataSources) if is_file(folder, DATA) else DataSources()
    locked = (source.model_copy(update={"files": (), "seal": ""}) for source in read_lock(folder).sources)
    return RunData(sources=sources, lock=DataLock(sources=tuple(locked)))


def record(folder: Path, source: LockedSource) -> None:
    """Add a source that this user fetched or gave to the lock of a run, or replace it.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    if source.given:
        source = source.model_copy(update={"seal": seal(_sealed_text(folder, source))})
    write(folder, LOCK, read_lock(folder).with_source(source).model_dump_json(indent=1) + "\n")


def _load_lock(folder: Path) -> DataLock:
    return load(folder, LOCK, DataLock) if is_file(folder, LOCK) else DataLock()


def _is_own(folder: Path, source: LockedSource) -> bool:
    return not source.given or is_sealed(_sealed_text(folder, source), source.seal)


def _sealed_text(folder: Path, source: LockedSource) -> str:
    return f"{place_of(folder)}{source.name}\n{source.given}"
