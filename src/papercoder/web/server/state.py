"""What every page needs: the runs folder, active runs, watchers, settings, and downloads of data in the background."""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

from papercoder.datasets.downloads import Downloads, web_client
from papercoder.errors import FetchError, PaperCoderError, RunFolderError
from papercoder.operations.data import Fetch
from papercoder.report.formatting import size
from papercoder.settings import Settings
from papercoder.web.runs.active import ActiveRuns
from papercoder.web.runs.folder import RunsFolder
from papercoder.web.runs.watcher import Watchers

_UNLIMITED = 2**62
_TIMEOUT = 60.0
"""Seconds without data before a download is tried again."""


@dataclass
class DataFetch:
    """A download of data for one run; the same again resumes it."""

    folder: Path
    names: tuple[str, ...]
    """Sources; empty: all that are missing."""

    is_active: bool = True
    problems: tuple[str, ...] = ()
    """What could not be fetched, one sentence each."""

    _bytes: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    """Address -> bytes so far, and in all if that is known."""

    _stopped: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    @property
    def done(self) -> int:
        """Bytes so far."""
        with self._lock:
            return sum(done for done, _ in self._bytes.values())

    @property
    def total(self) -> int | None:
        """Bytes of the files that have started; None if a size is unknown."""
        with self._lock:
            totals = [total for _, total in self._bytes.values()]
        known = [total for total in totals if total is not None]
        return sum(known) if len(known) == len(totals) and known else None

    @property
    def sentence(self) -> str:
        """How far it is."""
        if not self._bytes:
            return "Looking for the data…"
        return f"Fetching: {size(self.done)}" + (f" of {size(self.total)}" if self.total else "") + "."

    def stop(self) -> None:
        """Stop soon; what is complete is kept, and a partial file is continued later."""
        self._stopped.set()

    def run(self) -> None:
        """Fetch; in a thread of its own."""
        problems: list[str] = []
        try:
            with web_client(_TIMEOUT) as client:
                fetch = Fetch(
                    self.folder, client, Downloads(client, self._note), lambda _: True, _UNLIMITED, problems=problems
                )
                fetch.run(self.names)
        except PaperCoderError as error:
            problems.append(str(error))
        finally:
            self.problems, self.is_active = tuple(problems), False

    def _note(self, address: str, done: int, total: int | None) -> None:
        if self._stopped.is_set():
            raise FetchError("The download was stopped. Press Fetch to continue it.")
        with self._lock:
            self._bytes[address] = done, total


class DataFetches:
    """The downloads of this server, by run."""

    def __init__(self) -> None:
        self._fetches: dict[str, DataFetch] = {}

    def of(self, run: str) -> DataFetch | None:
        """The latest download for a run; None if there was none."""
        return self._fetches.get(run)

    def start(self, run: str, folder: Path, names: tuple[str, ...]) -> None:
        """Start to fetch data of a run.

        Raises:
            RunFolderError: it is being fetched already.
        """
        if (now := self._fetches.get(run)) and now.is_active:
            raise RunFolderError("Data of this run are being fetched already.")
        self._fetches[run] = fetch = DataFetch(folder, names)
        Thread(target=fetch.run, name=f"fetch-{run}", daemon=True).start()


@dataclass(frozen=True)
class Web:
    """The runs folder, the watchers of its runs, and the runs that this server started."""

    runs_folder: RunsFolder
    watchers: Watchers
    active_runs: ActiveRuns
    settings: Settings
    """From the settings file and the environment; the options of a new run override them."""

    fetches: DataFetches = field(default_factory=DataFetches)


def open_web(runs_folder: RunsFolder, settings: Settings) -> Web:
    """The state of one server."""
    active_runs = ActiveRuns(runs_folder)
    return Web(runs_folder, Watchers(runs_folder, active_runs), active_runs, settings)
