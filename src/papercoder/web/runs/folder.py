"""The runs folder: the only way from a name in a URL to a file, deleted runs, and a card for each run and bench."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock

from papercoder.artifacts import BenchResults
from papercoder.bench.results.files import JSON as RESULTS
from papercoder.bench.results.files import read_results
from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.files.regular import file_status, is_file, read_bytes, write
from papercoder.operations.edit import PENDING_EDITS
from papercoder.runs.event_log import LOG
from papercoder.runs.folder import is_locked, is_outside, require_no_links
from papercoder.runs.overview import RequirementsSummary, RunReport, report
from papercoder.text.characters import one_line

UPLOAD = 64 * 2**20
"""Largest size of an uploaded paper in bytes."""

UPLOADS = ".uploads"
"""The folder for uploaded papers, beside the runs."""

NAME = "name.txt"
"""File of a run folder with the name that the user gave the run, if it is not the folder's."""

_BIN = ".bin"
"""The folder for deleted runs, beside the runs."""

_MAX_CHARS = 120
_MAX_BYTES = 255
"""Longest name that file systems allow."""

_SEPARATOR = "~~"
"""Separates the name of a bench from that of its entry."""


@dataclass(frozen=True)
class DeletedRun:
    """A run in the bin."""

    name: str
    """Of its folder in the bin."""

    label: str
    at: float
    """When it was deleted, in seconds since the epoch."""


class RunsFolder:
    """A folder of runs and benches; gives access to nothing outside it."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))

    def runs(self) -> tuple[str, ...]:
        """The names of the runs, the latest active one first."""
        return self._folders_with(LOG)

    def benches(self) -> tuple[str, ...]:
        """The names of the benches, the newest first."""
        return self._folders_with(RESULTS)

    def folder(self, name: str) -> Path:
        """The folder of a run, a bench or an entry, whether it exists or not.

        Raises:
            RunFolderError: the name is not valid, or points outside the runs folder.
        """
        parts = name.split(_SEPARATOR, 1)
        if not all(map(_is_plain, parts)):
            raise RunFolderError(f"{name[:_MAX_CHARS]!r} is not a run name. A run is a folder in {self.root}.")
        return _inside(self.root, "/".join(parts))

    def is_run(self, name: str) -> bool:
        """Is there a run of this name?"""
        try:
            return self.run(name).is_dir()
        except RunFolderError:
            return False

    def run(self, name: str) -> Path:
        """The folder of an existing run.

        Raises:
            RunFolderError: there is no such run, or it has links where a run reads and writes.
        """
        folder = self.folder(name)
        if not os.path.lexists(folder / LOG):
            raise RunFolderError(f"No run named {name!r} in {self.root}. See the list of runs.")
        require_no_links(folder)
        return folder

    def new(self, wanted: str) -> str:
        """A free name for a run, as close to `wanted` as possible."""
        plain = re.sub(r"[^\w.-]+", "-", wanted, flags=re.ASCII).strip("-._")[: _MAX_CHARS - 8] or "paper"
        return _free(self.root, plain)

    def label(self, name: str) -> str:
        """The name of a run as it is shown: the one that the user gave it, else that of its folder."""
        return _label(self.folder(name)) or name

    def rename(self, name: str, label: str) -> None:
        """Show a run under another name; its folder and its address stay.

        Raises:
            RunFolderError: the name is too long, or cannot be written.
        """
        folder, plain = self.run(name), one_line(label)
        if len(plain) > _MAX_CHARS:
            raise RunFolderError(f"A name has at most {_MAX_CHARS} characters.")
        write(folder, NAME, f"{plain or name}\n")

    def delete(self, name: str) -> None:
        """Move a run to the bin.

        Raises:
            RunFolderError: it is running, belongs to a bench, or cannot be moved.
        """
        folder = self.run(name)
        if _SEPARATOR in name:
            raise RunFolderError(f"{name} belongs to a bench, so it cannot be deleted on its own.")
        if is_locked(folder):
            raise RunFolderError(f"{name} is running. Stop it first, then delete it.")
        bin_folder = _inside(self.root, _BIN)
        bin_folder.mkdir(exist_ok=True)
        self._move(folder, bin_folder / _free(bin_folder, name))

    def deleted(self) -> tuple[DeletedRun, ...]:
        """The runs in the bin, the latest first."""
        folders = (path for path in (self.root / _BIN).glob("*") if _is_plain(path.name) and path.is_dir())
        found = (DeletedRun(path.name, _label(path) or path.name, path.lstat().st_ctime) for path in folders)
        return tuple(sorted(found, key=lambda each: -each.at))

    def restore(self, name: str) -> str:
        """Move a run out of the bin; returns its name, which is another if the former is taken.

        Raises:
            RunFolderError: there is no such run in the bin, or it cannot be moved.
        """
        free = self.new(name)
        self._move(self._in_bin(name), self.root / free)
        return free

    def erase(self, name: str) -> None:
        """Delete a run in the bin for good.

        Raises:
            RunFolderError: there is no such run in the bin, or it cannot be deleted.
        """
        try:
            shutil.rmtree(self._in_bin(name))
        except OSError as error:
            raise RunFolderError(f"{name} could not be deleted ({error.strerror}).") from error

    def _in_bin(self, name: str) -> Path:
        if not _is_plain(name) or not (folder := _inside(self.root, f"{_BIN}/{name}")).is_dir():
            raise RunFolderError(f"{name[:_MAX_CHARS]!r} is not in the bin.")
        return folder

    def _move(self, folder: Path, target: Path) -> None:
        try:
            folder.rename(target)
        except OSError as error:
            raise RunFolderError(f"{folder.name} could not be moved ({error.strerror}).") from error

    def _folders_with(self, file: str) -> tuple[str, ...]:
        """Folders with this file, the latest changed first."""
        names = [path.name for path in self.root.glob("*") if _is_plain(path.name)]
        found = ((status.st_mtime, name) for name in names if (status := file_status(self.root, f"{name}/{file}")))
        return tuple(name for _, name in sorted(found, key=lambda each: -each[0]))


def entry_name(bench: str, entry: str) -> str:
    """The name of a bench's entry as a run of the runs folder."""
    return f"{bench}{_SEPARATOR}{entry}"


def _is_plain(name: str) -> bool:
    if not name.isprintable() or name.startswith(".") or set(name) & set("/\\"):
        return False
    return 0 < len(name) <= _MAX_CHARS and len(name.encode()) <= _MAX_BYTES


def _inside(folder: Path, path: str) -> Path:
    """A path inside a folder after links are resolved.

    Raises:
        RunFolderError: it is not inside the folder.
    """
    found = folder / path
    if "\0" in path or ".." in Path(path).parts or is_outside(found, folder):
        raise RunFolderError(f"{path[:_MAX_CHARS]!r} points outside {folder}. Nothing outside it is shown or written.")
    return found


def _label(folder: Path) -> str:
    try:
        content = read_bytes(folder, NAME, 1_000) or b""
    except RunFolderError:
        return ""
    return one_line(content.decode(errors="replace"))[:_MAX_CHARS]


def _free(folder: Path, name: str) -> str:
    """A name close to this one that nothing in the folder has."""
    return next(each for each in _numbered(name) if not os.path.lexists(folder / each))


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))


_TITLE = 200
_CACHE_SECONDS = 1.0
"""How long one reading is reused for all browsers."""


@dataclass(frozen=True)
class RunCard:
    """A run in the list."""

    name: str
    label: str
    """The name that the user gave it, else that of its folder."""

    title: str
    """The paper's title, else its source."""

    changed: float
    """Seconds since the epoch."""

    report: RunReport
    has_pending_edits: bool = False
    """Edits were saved that no complete run has used yet."""

    @property
    def traced(self) -> int:
        """Number of requirements with an owner file and a mark in the code."""
        return traced(self.report.requirements)

    def matches(self, words: str) -> bool:
        """Does the card show all of these words?"""
        models = " ".join(self.report.models.values())
        text = f"{self.name} {self.label} {self.title} {self.report.status} {self.report.profile} {models}".lower()
        return all(word in text for word in words.lower().split())


@dataclass(frozen=True)
class BenchCard:
    """A bench in the list."""

    name: str
    results: BenchResults


@dataclass(frozen=True)
class Cards:
    """The content of a runs folder."""

    runs: list[RunCard]
    """The latest active one first."""

    benches: list[BenchCard]
    """The newest first."""

    errors: list[str]
    """Why other run folders cannot be read, for example those of another version."""


@dataclass
class Overview:
    """The cards of a runs folder, shared by all browsers."""

    runs_folder: RunsFolder
    _cards: dict[str, tuple[object, RunCard]] = field(default_factory=dict)
    _errors: dict[str, tuple[object, str]] = field(default_factory=dict)
    _latest: Cards | None = None
    _until: float = 0.0
    _lock: Lock = field(default_factory=Lock)
    """Each browser reads in its own thread."""

    def read(self) -> Cards:
        """The current cards, or those that another browser got a moment ago."""
        with self._lock:
            if self._latest is None or time.monotonic() > self._until:
                self._latest = Cards(self._runs(), self._benches(), [error for _, error in self._errors.values()])
                self._until = time.monotonic() + _CACHE_SECONDS
            return self._latest

    def _runs(self) -> list[RunCard]:
        names = self.runs_folder.runs()
        self._cards = {name: entry for name, entry in self._cards.items() if name in names}
        self._errors = {name: entry for name, entry in self._errors.items() if name in names}
        found = (self._card(name) for name in names)
        return [card for card in found if card]

    def _benches(self) -> list[BenchCard]:
        found = []
        for name in self.runs_folder.benches():
            try:
                found.append(BenchCard(name, read_results(self.runs_folder.folder(name) / RESULTS)))
            except PaperCoderError:
                continue
        return found

    def _card(self, name: str) -> RunCard | None:
        try:
            state = _state(self.runs_folder.folder(name))
        except (PaperCoderError, OSError):
            return None
        for known in (self._cards, self._errors):
            if name in known and known[name][0] != state:
                del known[name]
        if name not in self._cards and name not in self._errors:
            try:
                folder = self.runs_folder.run(name)
                found = report(folder)
                self._cards[name] = (
                    state,
                    RunCard(
                        name,
                        self.runs_folder.label(name),
                        _title(folder) or found.paper,
                        state[0],
                        found,
                        is_file(folder, PENDING_EDITS),
                    ),
                )
            except (PaperCoderError, OSError) as error:
                self._errors[name] = state, str(error)
        return self._cards[name][1] if name in self._cards else None


def traced(requirements: RequirementsSummary) -> int:
    """Number of requirements with an owner file and a mark in the code."""
    return requirements.total - len({*requirements.unowned, *requirements.unmarked})


def _state(folder: Path) -> tuple[float, ...]:
    """Changes whenever the card has to change; its first part is when the run was last active."""
    log = file_status(folder, LOG)
    if log is None:
        raise RunFolderError(f"{folder} has no {LOG}.")
    others = (file_status(folder, name) for name in ("repo/TRACEABILITY.json", NAME, PENDING_EDITS))
    return log.st_mtime, log.st_size, is_locked(folder), *(each.st_mtime_ns if each else 0 for each in others)


def _title(folder: Path) -> str:
    """The first heading of the paper as it is kept for people."""
    content = read_bytes(folder, "paper.md") or b""
    return content.partition(b"\n")[0].decode(errors="replace").lstrip("# ").strip()[:_TITLE]
