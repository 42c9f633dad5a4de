"""Where the entries of a bench run, and who receives their progress."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol

from papercoder.artifacts import Artifact, BenchEntryResult, BenchResults
from papercoder.bench.manifest import Entry
from papercoder.bench.shared import LocalShares, SharedReader, share_count, wants_gpu
from papercoder.bench.store import run_stored
from papercoder.models.limits import LocalBudget, LocalRateLimits
from papercoder.operations.generate import RunEnvironment
from papercoder.pipeline.reproduction import local_workers
from papercoder.runs.events import Event

OnEvent = Callable[[str, Event], None]
"""Receives an entry's id and one of its events."""

RunEntry = Callable[[Entry], Awaitable[BenchEntryResult]]
"""Runs an entry. A failure of the entry is part of its result, not an exception."""


class Listener(Protocol):
    """Receives the progress of a bench; for example the terminal."""

    def on_start(self, results: BenchResults) -> None:
        """The bench starts with these results of all entries, in the manifest's order."""

    def on_warning(self, message: str) -> None:
        """A warning about all entries."""

    def on_event(self, entry: str, event: Event) -> None:
        """An event of the entry with this id."""

    def on_entry_end(self, result: BenchEntryResult) -> None:
        """An entry ended."""


class SharedLimits(Artifact):
    """The limits that all entries of a bench share."""

    max_cost: float | None
    """Dollars."""

    spent: float
    """Dollars that earlier processes spent on any entry."""

    concurrency: int
    requests_per_minute: int | None
    tokens_per_minute: int | None
    entries_at_once: int = 1
    """Entries that run at the same time."""


class Placement(Protocol):
    """This process, or a cluster."""

    def open(
        self, limits: SharedLimits, entries: Sequence[Entry], listener: Listener
    ) -> AbstractAsyncContextManager[RunEntry]:
        """Prepare for these entries. The function in the context may be called for many of them at once.

        Raises:
            PaperCoderError: the placement cannot be used.
        """


class LocalPlacement:
    """Entries run in this process."""

    @asynccontextmanager
    async def open(
        self,
        limits: SharedLimits,
        entries: Sequence[Entry],
        listener: Listener,
    ) -> AsyncIterator[RunEntry]:
        """Share the rate limits, the budget, the papers and the machine among all entries."""
        environment = RunEnvironment(
            limits=LocalRateLimits(limits.concurrency, limits.requests_per_minute, limits.tokens_per_minute),
            budget=LocalBudget(limits.max_cost, limits.spent),
            read=SharedReader(),
        )

        gpu = wants_gpu(entries)
        capacity = local_workers(limits.entries_at_once, gpu)
        shares = LocalShares(share_count(entries, limits.entries_at_once, capacity), gpu)

        async def run_entry(entry: Entry) -> BenchEntryResult:
            return await run_stored(entry, environment, partial(listener.on_event, entry.id), shares)

        yield run_entry
