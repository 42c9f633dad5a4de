"""The shelf at a glance: a card for each run and bench, read again only where something changed."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from papercoder.artifacts import BenchResults
from papercoder.bench.results.files import JSON as RESULTS
from papercoder.bench.results.files import read_results
from papercoder.errors import PaperCoderError
from papercoder.runs.folder import is_locked
from papercoder.runs.overview import RequirementsSummary, RunReport, report
from papercoder.web.runs.folder import Shelf

_TITLE = 200
_LASTS = 1.0
"""Seconds for which one look is good enough for all browsers."""


@dataclass(frozen=True)
class RunCard:
    """A run in the list."""

    name: str
    title: str
    """The paper's, else where it came from."""

    changed: float
    """Seconds since the epoch."""

    report: RunReport

    @property
    def traced(self) -> int:
        """Requirements that an owner file is marked with."""
        return traced(self.report.requirements)

    def answers(self, words: str) -> bool:
        """Do all of these words occur in what the card shows?"""
        models = " ".join(self.report.models.values())
        text = f"{self.name} {self.title} {self.report.status} {self.report.profile} {models}".lower()
        return all(word in text for word in words.lower().split())


@dataclass(frozen=True)
class BenchCard:
    """A bench in the list."""

    name: str
    results: BenchResults


@dataclass(frozen=True)
class Cards:
    """What stands on a shelf."""

    runs: list[RunCard]
    """What was last worked on first."""

    benches: list[BenchCard]
    """The newest first."""

    errors: list[str]
    """Why other run folders cannot be read, such as those of another version."""


@dataclass
class Overview:
    """Cards of all that stands on a shelf, for all browsers."""

    shelf: Shelf
    _cards: dict[str, tuple[object, RunCard]] = field(default_factory=dict)
    _errors: dict[str, tuple[object, str]] = field(default_factory=dict)
    _seen: Cards | None = None
    _until: float = 0.0
    _turn: Lock = field(default_factory=Lock)
    """Browsers look from threads of their own."""

    def look(self) -> Cards:
        """All that is there now, or was a moment ago when another browser looked."""
        with self._turn:
            if self._seen is None or time.monotonic() > self._until:
                self._seen = Cards(self._runs(), self._benches(), [error for _, error in self._errors.values()])
                self._until = time.monotonic() + _LASTS
            return self._seen

    def _runs(self) -> list[RunCard]:
        names = self.shelf.runs()
        self._cards = {name: kept for name, kept in self._cards.items() if name in names}
        self._errors = {name: kept for name, kept in self._errors.items() if name in names}
        found = (self._card(name) for name in names)
        return [card for card in found if card]

    def _benches(self) -> list[BenchCard]:
        found = []
        for name in self.shelf.benches():
            try:
                found.append(BenchCard(name, read_results(self.shelf.folder(name) / RESULTS)))
            except PaperCoderError:
                continue
        return found

    def _card(self, name: str) -> RunCard | None:
        try:
            state = _state(self.shelf.folder(name))
        except (PaperCoderError, OSError):
            return None
        for known in (self._cards, self._errors):
            if name in known and known[name][0] != state:
                del known[name]
        if name not in self._cards and name not in self._errors:
            try:
                folder = self.shelf.run(name)
                found = report(folder)
                self._cards[name] = state, RunCard(name, _title(folder) or found.paper, state[0], found)
            except (PaperCoderError, OSError) as error:
                self._errors[name] = state, str(error)
        return self._cards[name][1] if name in self._cards else None


def traced(requirements: RequirementsSummary) -> int:
    """Requirements that an owner file is marked with."""
    return requirements.total - len({*requirements.unowned, *requirements.unmarked})


def _state(folder: Path) -> tuple[float, int, bool, int]:
    """What changes where the card does."""
    log = (folder / "events.jsonl").stat()
    traces = folder / "repo" / "TRACEABILITY.json"
    return log.st_mtime, log.st_size, is_locked(folder), traces.stat().st_mtime_ns if traces.is_file() else 0


def _title(folder: Path) -> str:
    """The first heading of the paper as it is kept for people."""
    try:
        with (folder / "paper.md").open(encoding="utf-8", errors="replace") as file:
            return file.readline().lstrip("# ").strip()[:_TITLE]
    except OSError:
        return ""
