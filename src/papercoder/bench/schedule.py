"""Runs a few entries at a time, until all have ended or the shared budget is spent."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from papercoder.artifacts import BenchEntryResult, BenchResults
from papercoder.bench.manifest.entries import Entry
from papercoder.bench.manifest.manifest import Manifest
from papercoder.bench.observation import observe
from papercoder.bench.placement import RunEntry
from papercoder.bench.results.claims import summarise_claims
from papercoder.concurrency import wait_until_done
from papercoder.errors import PaperCoderError

BUDGET_SPENT = "it was not started, because the bench's budget is spent; resume with a higher --max-cost"

OnResult = Callable[[BenchEntryResult], Awaitable[None]]
"""Receives the result of each entry that ended."""


@dataclass
class Schedule:
    """The entries of a bench and their results so far."""

    manifest: Manifest
    entries: Sequence[Entry]
    known: dict[str, BenchEntryResult]
    """Entry id -> its latest result."""

    capped: bool = False
    """The shared budget is spent."""

    slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.slots = asyncio.Semaphore(self.manifest.papers_at_once)

    @property
    def results(self) -> BenchResults:
        """The results so far, in the manifest's order."""
        entries = tuple(self.known[entry.id] for entry in self.entries)
        return BenchResults(name=self.manifest.name, entries=entries, claims=summarise_claims(entries))

    async def run(self, entries: Iterable[Entry], run_entry: RunEntry, on_result: OnResult) -> None:
        """Run these entries and report each result. If this is cancelled, all entries are; `results` then has them."""
        tasks = [asyncio.create_task(self._run(entry, run_entry)) for entry in entries]
        try:
            for task in asyncio.as_completed(tasks):
                await on_result(await task)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, entry: Entry, run_entry: RunEntry) -> BenchEntryResult:
        try:
            async with self.slots:
                if self.capped:
                    result = self.known[entry.id].model_copy(update={"reason": BUDGET_SPENT, "capped": True})
                else:
                    result = await _result_of(entry, run_entry)
        except asyncio.CancelledError:
            self.known[entry.id] = observe(entry)
            raise
        self.capped |= result.capped
        self.known[entry.id] = result
        return result


async def _result_of(entry: Entry, run_entry: RunEntry) -> BenchEntryResult:
    """An entry's result; if its placement failed, what its folder shows, with the error as the reason."""
    task = await wait_until_done(run_entry(entry))
    error = asyncio.CancelledError("its placement cancelled it") if task.cancelled() else task.exception()
    if error is None:
        return task.result()
    reason = str(error) if isinstance(error, PaperCoderError) else f"{type(error).__name__}: {error}"
    observed = await asyncio.to_thread(observe, entry)
    status = "partial" if observed.status == "complete" else observed.status
    return observed.model_copy(update={"status": status, "reason": reason})
