"""The data of a run: fetching it, recording what the user has, and the cache of this machine."""

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from papercoder.artifacts import DataSource, DataSources, LockedSource
from papercoder.datasets.cache import DataCache, Release, by_hand
from papercoder.datasets.downloads import Downloads
from papercoder.datasets.fetch import SERVERS, fetch_release, give
from papercoder.datasets.run_data import DATA, LOCK, read_lock, record
from papercoder.errors import FetchError, SettingsError
from papercoder.files.temporary import delete_tree, is_held, sweep
from papercoder.models.catalog import closest
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import ArtifactReused, ArtifactStarted, Emit, Event, Warned
from papercoder.runs.folder import load

KINDS = {"environments": 1, "data": 3, "downloads": 1, "arxiv": 1, "papers": 1, "diagrams": 1}
"""The folders of the cache, and how deep below them their entries are. All can be made again."""

_BLOCK = 512


@dataclass(frozen=True)
class CacheEntry:
    """What is made, used and removed as a whole, such as one environment."""

    kind: str
    path: Path
    size: int
    """Bytes on the disk."""

    used: float
    """When it was last used, or made where that is not noted, in seconds since 1970."""


def cache_entries(cache: Path) -> list[CacheEntry]:
    """All entries, the one that was not used for longest first."""
    found = [_entry(kind, path) for kind, depth in KINDS.items() for path in _paths(cache / kind, depth)]
    return sorted(found, key=lambda entry: entry.used)


def prune(cache: Path, older_than: float | None = None, max_size: int | None = None) -> list[CacheEntry]:
    """Remove entries, but none that a running command uses, and what dead processes left half made.

    Args:
        cache: the cache.
        older_than: seconds; remove what was not used for longer.
        max_size: bytes; then remove the least recently used until the rest takes no more than this.

    Returns:
        What was removed.
    """
    sweep(cache / "environments", ".part-")
    entries = cache_entries(cache)
    left, now = sum(entry.size for entry in entries), time.time()
    removed = []
    for entry in entries:
        is_old = older_than is not None and now - entry.used > older_than
        if (is_old or (max_size is not None and left > max_size)) and not is_held(entry.path):
            delete_tree(entry.path)
            left -= entry.size
            removed.append(entry)
    return removed


def _paths(folder: Path, depth: int) -> Iterator[Path]:
    """The entries of one kind; data that were not completed lie one level deeper, in `.partial`."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for path in folder.iterdir():
        if path.name == ".partial":
            yield from _paths(path, depth)
        elif path.name.startswith(".part-"):  # it is being made
            continue
        elif depth == 1 or not path.is_dir():
            yield path
        else:
            yield from _paths(path, depth - 1)


def _entry(kind: str, path: Path) -> CacheEntry:
    own = path.lstat()
    sizes = {(own.st_dev, own.st_ino): own.st_blocks}
    for folder, folders, files in os.walk(path) if stat.S_ISDIR(own.st_mode) else ():
        for name in (*folders, *files):
            status = Path(folder, name).lstat()
            sizes[status.st_dev, status.st_ino] = status.st_blocks  # hard links count once
    taken = max(sum(sizes.values()) * _BLOCK, own.st_size)  # short links and fresh files have no blocks yet
    return CacheEntry(kind, path, taken, own.st_mtime)


MAX_DOWNLOAD = 2 * 10**9
"""Bytes that are downloaded without asking."""

_UNLIMITED = 2**62


def give_data(folder: Path, given: Iterable[str]) -> None:
    """Record data that the user has, each as `NAME=PATH`.

    Raises:
        SettingsError: a text is not of this form, or the run has no such source.
        FetchError: there are no files at a path.
    """
    sources = {source.name: source for source in load(folder, DATA, DataSources).items}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals or name not in sources:
            raise SettingsError(
                f"--data {text}: write NAME=PATH with one of the names {', '.join(sources) or '(none)'}."
            )
        record(folder, give(sources[name], Path(path)))


def give_once_listed(folder: Path, paths: Mapping[str, Path]) -> Emit:
    """A listener that gives a run the user's data as soon as the run has listed what it needs.

    The user names data before the run does, so the most similar name counts. What has no place is a warning.
    """

    def listen(event: Event) -> None:
        if not isinstance(event, ArtifactStarted | ArtifactReused) or event.artifact != _AFTER_DATA:
            return
        names = [source.name for source in load(folder, DATA, DataSources).items]
        for given, path in paths.items():
            found = next((name for name in names if name.lower() == given.lower()), None) or closest(given, names)
            try:
                give_data(folder, (f"{found or given}={path}",))
            except (SettingsError, FetchError) as error:
                EventLog(folder)(Warned(where="data", message=str(error)))

    return listen


_AFTER_DATA = "planning/config.json"
"""The first artifact that is made once the list of data is written."""


@dataclass
class Fetch:
    """Fetches data of a run."""

    folder: Path
    client: httpx.Client
    downloads: Downloads
    confirm: Callable[[int], bool]
    """Asked with the number of bytes if they are more than `max_download`."""

    max_download: int = MAX_DOWNLOAD
    cache: DataCache = field(default_factory=DataCache)
    problems: list[str] = field(default_factory=list)
    """What could not be fetched, one sentence each."""

    def run(self, names: Iterable[str] = ()) -> None:
        """Fetch these sources, or all that can be fetched, and record them. Call it again to resume.

        Raises:
            SettingsError: the run has no such source, or the download is too large and was not confirmed.
        """
        releases = [release for source in self._wanted(tuple(names)) if (release := self._find(source))]
        sizes = [size if (size := release.size) is not None else release.source.size_bytes for release in releases]
        total = sum(filter(None, sizes))
        if total > self.max_download:
            if not self.confirm(total):
                raise SettingsError(
                    f"The download of {total:,} bytes is above --max-download ({self.max_download:,}). Use --yes, or "
                    "name single sources."
                )
            self.downloads = replace(self.downloads, largest=_UNLIMITED)
        for release in releases:
            try:
                self._record(fetch_release(release, self.cache, self.downloads))
            except FetchError as error:
                self.problems.append(str(error))

    def _wanted(self, names: tuple[str, ...]) -> list[DataSource]:
        sources = {source.name: source for source in load(self.folder, DATA, DataSources).items}
        if unknown := [name for name in names if name not in sources]:
            raise SettingsError(f"The run has no data {unknown[0]}. Its data are {', '.join(sources) or 'none'}.")
        if not names:
            return [source for source in sources.values() if source.is_fetched]
        self.problems += [
            f"{name} is {sources[name].kind} and cannot be fetched. {by_hand(sources[name])}"
            for name in names
            if sources[name].kind == "private"
        ]
        return [sources[name] for name in names if sources[name].is_fetched]

    def _find(self, source: DataSource) -> Release | None:
        """What is to be downloaded of a source; None if nothing, or if it cannot be found."""
        locked = read_lock(self.folder).get(source.name)
        if locked and self.cache.has(locked):
            return None
        exact = source
        if locked and source.kind in {"hf_dataset", "hf_model"}:
            exact = source.model_copy(update={"revision": locked.revision})
        if cached := self.cache.find(exact):
            self._record(cached)
            return None
        try:
            return replace(SERVERS[source.kind](exact, self.client), source=source)
        except FetchError as error:
            self.problems.append(str(error))
            return None

    def _record(self, found: LockedSource) -> None:
        former = read_lock(self.folder).get(found.name)
        if former and not former.given and former.digest != found.digest:
            self.problems.append(
                f"{found.name} has changed since this run fetched it. To use the new version, delete its entry in "
                f"{self.folder / LOCK} and fetch it again."
            )
        else:
            record(self.folder, found)
