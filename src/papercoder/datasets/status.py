"""What is there of the data that a run needs."""

from pathlib import Path
from typing import Literal

from papercoder.artifacts import Artifact, DataLock, DataSource, DataSources
from papercoder.datasets.cache import DataCache
from papercoder.datasets.lock import DATA, foreign_paths, read_lock
from papercoder.runs.folder import load

SourceState = Literal["fetched", "given", "changed", "cached", "missing", "package", "generated"]
"""`changed`: files differ from those that were fetched or given. `cached`: another run has fetched it."""


class SourceStatus(Artifact):
    """A data source and what is there of it."""

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
