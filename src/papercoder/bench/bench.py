"""Run all entries of a manifest, a few at a time, until the budget is spent. The same call again resumes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from papercoder.artifacts import BenchEntryResult, BenchResults
from papercoder.bench.manifest import Entry, Manifest, entries, reads_claims
from papercoder.bench.observation import cost_of, observe
from papercoder.bench.placement import Listener, Placement, RunEntry, SharedLimits
from papercoder.bench.results.files import write_results
from papercoder.bench.results.metrics import summarise_claims
from papercoder.bench.store import restore
from papercoder.concurrency import wait_until_done
from papercoder.errors import PaperCoderError, SettingsError
from papercoder.models.resolve import models_by_role
from papercoder.runs.folder import lock
from papercoder.settings import RUN_ROLES, Role, Settings

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
            for ended in asyncio.as_completed(tasks):
                await on_result(await ended)
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


_SECONDS_BETWEEN_RESULTS = 5.0


async def bench(
    manifest: Manifest, folder: Path, placement: Placement, listener: Listener, **flags: object
) -> BenchResults:
    """Run the entries of a manifest that are not complete, and write `results.json` and `results.csv`.

    Args:
        manifest: the papers, variants, models, repeats and judges.
        folder: the bench's folder, with a run folder for each entry.
        placement: where entries run.
        listener: receives the progress.
        flags: settings that override the manifest's.

    Raises:
        SettingsError: a model is not available, a price that the cost cap needs is not known, or the placement lacks
            the resources of a step.
        RunFolderError: another process works in the folder, or it cannot be written.
    """
    all_entries = entries(manifest, folder, **flags)
    check_models(all_entries, manifest.max_cost)
    with lock(folder):
        known = await asyncio.to_thread(_restore_and_observe, all_entries)
        schedule = Schedule(manifest, all_entries, {result.entry: result for result in known})
        listener.on_start(schedule.results)
        for message in dict.fromkeys(_warnings(manifest, all_entries)):
            listener.on_warning(message)
        incomplete = [entry for entry, result in zip(all_entries, known, strict=True) if result.status != "complete"]
        limits = await asyncio.to_thread(_shared_limits, manifest, folder)

        written = time.monotonic()

        async def record(result: BenchEntryResult) -> None:
            nonlocal written
            listener.on_entry_end(result)
            if time.monotonic() - written > _SECONDS_BETWEEN_RESULTS:  # all results are written each time
                await asyncio.to_thread(write_results, folder, schedule.results)
                written = time.monotonic()

        try:
            if incomplete:
                async with placement.open(limits, incomplete, listener) as run_entry:
                    await schedule.run(incomplete, run_entry, record)
        finally:
            write_results(folder, schedule.results)
        return schedule.results


def _warnings(manifest: Manifest, all_entries: Sequence[Entry]) -> Iterator[str]:
    for entry in all_entries:
        yield from (f"variant {entry.variant}: {unused}" for unused in entry.settings.unused)
        if manifest.reproduction and not reads_claims(entry.settings):
            profile = entry.settings.profile
            yield f"variant {entry.variant}: no trials are run, because the profile {profile} reads no claims"


def check_models(all_entries: Sequence[Entry], max_cost: float | None) -> None:
    """Open each model once before the first entry, so that a mistake is reported once and not by every entry.

    Raises:
        SettingsError: a model is not available, or there is a cap and its price is not known.
    """
    used: dict[str, tuple[Settings, tuple[Role, ...]]] = {}
    for entry in all_entries:
        used[entry.settings.model_dump_json()] = (entry.settings, RUN_ROLES)
    for entry in all_entries:
        if entry.evaluation:
            used[f"judge {entry.evaluation.settings.model_dump_json()}"] = (entry.evaluation.settings, ("judge",))
    for settings, roles in used.values():
        for model in models_by_role(settings, roles).values():
            if max_cost is not None and model.price is None:
                raise SettingsError(
                    f"max_cost needs the price of {model.name}, which is not known. Give price_prompt and "
                    "price_completion in dollars per million tokens, in its item of `models` or in `judge`."
                )


def _restore_and_observe(all_entries: Sequence[Entry]) -> list[BenchEntryResult]:
    """What earlier processes achieved, on any machine."""
    for entry in all_entries:
        restore(entry)
    return [observe(entry) for entry in all_entries]


def _shared_limits(manifest: Manifest, folder: Path) -> SharedLimits:
    return SharedLimits(
        max_cost=manifest.max_cost,
        # Entries that the manifest no longer has count too.
        spent=sum(cost_of(path) for path in folder.iterdir() if path.is_dir()),
        concurrency=manifest.concurrency,
        requests_per_minute=manifest.requests_per_minute,
        tokens_per_minute=manifest.tokens_per_minute,
        entries_at_once=manifest.papers_at_once,
    )
