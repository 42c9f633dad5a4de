"""Fetching the data of a run, and recording data that the user has."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from papercoder.artifacts import DataSource, DataSources, LockedSource
from papercoder.datasets.cache import DataCache
from papercoder.datasets.downloads import Downloads
from papercoder.datasets.fetch import SERVERS, fetch_release, give
from papercoder.datasets.release import Release, by_hand
from papercoder.datasets.run_data import DATA, LOCK, read_lock, record
from papercoder.errors import FetchError, SettingsError
from papercoder.models.catalog import closest
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import ArtifactReused, ArtifactStarted, Emit, Event, Warned
from papercoder.runs.folder import load

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
