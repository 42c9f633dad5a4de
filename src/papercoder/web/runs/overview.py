"""The overview of the runs folder: a card for each run and bench, read again only if it changed."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from papercoder.artifacts import BenchResults
from papercoder.bench.results.files import JSON as RESULTS
from papercoder.bench.results.files import read_results
from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.files.regular import file_status, is_file, read_bytes
from papercoder.operations.edit import PENDING_EDITS
from papercoder.runs.event_log import LOG
from papercoder.runs.folder import is_locked
from papercoder.runs.overview import RequirementsSummary, RunReport, report
from papercoder.web.runs.folder import NAME, RunsFolder

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
