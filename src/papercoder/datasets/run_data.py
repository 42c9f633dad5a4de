"""The data of a run: what it needs, what is there, and how generated code sees it, read-only in one folder.

Code reads what the lock names, so a path on this machine counts only if this user gave it to this run: the entry has
their seal. A lock that someone else made could otherwise name any folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from papercoder.artifacts import Artifact, DataLock, DataSource, DataSources, LockedSource, RunData
from papercoder.datasets.cache import DataCache
from papercoder.files.regular import is_file, write
from papercoder.runs.folder import load
from papercoder.runs.ownership import is_sealed, place_of, seal
from papercoder.sandbox.contract import Bind

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


SourceState = Literal["fetched", "given", "changed", "cached", "missing", "package", "generated"]
"""`changed`: files differ from those that were fetched or given. `cached`: another run has fetched it."""


class SourceStatus(Artifact):
    """A data source, and which part of it is present."""

    source: DataSource
    state: SourceState
    size: int | None = None
    """Bytes that are there, else an estimate of the download; None if unknown."""

    licence: str = ""
    """As the server states it, else as planning knows it."""

    revision: str = ""
    path: str = ""
    """Where the data are."""


class DataStatus(Artifact):
    """The data of a run."""

    sources: tuple[SourceStatus, ...]
    problems: tuple[str, ...] = ()
    """What could not be fetched or is not used, one sentence each."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of sources that the code cannot read as they should be."""
        return tuple(item.source.name for item in self.sources if item.state in {"missing", "changed", "cached"})


def data_status(folder: Path, cache: DataCache | None = None) -> DataStatus:
    """What a run needs, and what is there.

    Raises:
        RunFolderError: the run has not listed its data yet.
        ArtifactError: `planning/data.json` or `data.lock.json` was edited and is not valid.
    """
    cache, lock = cache or DataCache(), read_lock(folder)
    sources = load(folder, DATA, DataSources)
    return DataStatus(
        sources=tuple(source_status(source, lock, cache) for source in sources.items),
        problems=tuple(
            f"{each.name}: {each.given} was not given by you to this run in this folder, so it is not used. Give it "
            f"with --data {each.name}={each.given} if its files may be read by the code."
            for each in foreign_paths(folder)
        ),
    )


def source_status(source: DataSource, lock: DataLock, cache: DataCache, *, verify: bool = True) -> SourceStatus:
    """What is there of one source; `verify` lists its files, which takes seconds where there are millions."""
    if source.kind in {"package", "generated"}:
        state: SourceState = "package" if source.kind == "package" else "generated"
        return SourceStatus(source=source, state=state, licence=source.licence)
    locked = lock.get(source.name)
    if locked is None or not cache.has(locked):
        state, locked = ("cached", found) if (found := cache.find(source)) else ("missing", None)
    elif verify and cache.is_changed(locked):
        state = "changed"
    else:
        state = "given" if locked.given else "fetched"
    if locked is None:
        return SourceStatus(source=source, state=state, size=source.size_bytes, licence=source.licence)
    return SourceStatus(
        source=source,
        state=state,
        size=locked.size,
        licence=locked.licence or source.licence,
        revision=locked.revision,
        path=str(cache.path(locked)),
    )


DATA_ROOT = "/data"
"""The folder of the data inside the sandbox."""

OFFLINE: Mapping[str, str] = MappingProxyType(
    {
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HOME": "/tmp/huggingface",  # noqa: S108
        "TORCH_HOME": "/tmp/torch",  # noqa: S108
        "WANDB_MODE": "disabled",
    }
)
"""Environment variables with which libraries fail at once instead of trying to download."""


@dataclass(frozen=True)
class Mounts:
    """What a command needs to read the data."""

    binds: tuple[Bind, ...]
    """One for each source that is there."""

    environment: Mapping[str, str]
    present: tuple[str, ...]
    """Names of the sources that the code can read."""

    missing: tuple[str, ...]
    """Names of the sources whose files are not there."""

    @property
    def complete(self) -> bool:
        """Whether there are data in files and none are missing."""
        return bool(self.present) and not self.missing


def mounts_for(data: RunData, cache: DataCache | None = None) -> Mounts:
    """The mounts of all sources that are in files; those of packages and generators need none."""
    cache, binds, missing = cache or DataCache(), dict[str, Bind](), list[str]()
    for source in data.sources.items:
        locked = data.lock.get(source.name)
        if not source.has_files:
            continue
        if locked is None or not cache.has(locked):
            missing.append(source.name)
            continue
        path, target = cache.path(locked), f"{DATA_ROOT}/{source.name}"
        binds[source.name] = Bind(path, f"{target}/{path.name}" if path.is_file() else target)
    return Mounts(tuple(binds.values()), OFFLINE, tuple(binds), tuple(missing))
