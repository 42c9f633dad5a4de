"""The door of a bench: all trials of a manifest, a few at a time; the same call again goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from papercoder.artifacts import BenchResults, TrialResult
from papercoder.bench.ending import is_complete
from papercoder.bench.kept import bring_back
from papercoder.bench.manifest import Manifest
from papercoder.bench.observing import cost_of, observe
from papercoder.bench.placement import Perform, Placement, Shared
from papercoder.bench.results import write_results
from papercoder.bench.trials import Trial, trials
from papercoder.errors import PaperCoderError, SettingsError
from papercoder.events import Event
from papercoder.models.resolve import models_by_role
from papercoder.run import lock
from papercoder.settings import MAKERS, ROLES, Role
from papercoder.together import settled

NOT_STARTED = "it was not started, since the money of all trials together is spent; go on with a higher --max-cost"


Ended = Callable[[TrialResult], Awaitable[None]]
"""Is told of a trial that ended."""


class Watcher(Protocol):
    """Who looks on."""

    def begin(self, results: BenchResults) -> None:
        """All trials as they are found, in their order."""

    def tell(self, trial: str, event: Event) -> None:
        """Something happened in a trial."""

    def end(self, result: TrialResult) -> None:
        """A trial ended."""


async def bench(
    manifest: Manifest, folder: Path, placement: Placement, watcher: Watcher, **flags: object
) -> BenchResults:
    """Carry out what is not yet carried through of a manifest, and write `results.json` and `results.csv`.

    Args:
        manifest: what is to be done.
        folder: holds a run folder for each trial.
        placement: where it is done.
        watcher: is told of everything.
        flags: settings that win over the manifest's.

    Raises:
        SettingsError: a model cannot be had, or there is a cap but no price to hold against it.
        RunFolderError: another process works in the folder, or it cannot be written.
    """
    todo = trials(manifest, folder, **flags)
    check_models(todo, manifest.max_cost)
    with lock(folder):
        await asyncio.to_thread(_bring_all_back, todo)
        found = await asyncio.to_thread(_found, todo)
        course = _Course(manifest, folder, todo, {result.trial: result for result in found})
        watcher.begin(course.results)
        still = await asyncio.to_thread(lambda: [trial for trial in todo if not is_complete(trial)])
        shared = await asyncio.to_thread(_shared, manifest, todo)

        async def ended(result: TrialResult) -> None:
            watcher.end(result)
            await asyncio.to_thread(write_results, folder, course.results)

        try:
            async with placement.open(shared, watcher.tell) as perform:
                await course.carry_out(still, perform, ended)
        finally:
            write_results(folder, course.results)
        return course.results


def check_models(todo: Iterable[Trial], max_cost: float | None) -> None:
    """Open all models once before anything is begun, rather than let every trial fail with the same words.

    Raises:
        SettingsError: one cannot be had, or has no price though there is a cap.
    """
    ways = {trial.settings.model_dump_json(): trial for trial in todo}
    for trial in ways.values():
        roles: tuple[Role, ...] = ROLES if trial.judging else MAKERS
        for model in models_by_role(trial.settings, roles).values():
            if max_cost is not None and model.price is None:
                raise SettingsError(
                    f"max_cost cannot bind: the price of {model.name} is not known; give price_prompt and "
                    "price_completion in its entry of `models`, in dollars for a million tokens."
                )


@dataclass
class _Course:
    """How far it is."""

    manifest: Manifest
    folder: Path
    trials: Sequence[Trial]
    found: dict[str, TrialResult]
    capped: bool = False
    slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.slots = asyncio.Semaphore(self.manifest.papers_at_once)

    @property
    def results(self) -> BenchResults:
        """All that is known by now."""
        return BenchResults(name=self.manifest.name, trials=tuple(self.found[trial.id] for trial in self.trials))

    async def carry_out(self, still: Iterable[Trial], perform: Perform, ended: Ended) -> None:
        """Tell of each result as it comes; who stops waiting, stops all, and what they came to is in `results`."""
        tasks = [asyncio.create_task(self._one(trial, perform)) for trial in still]
        try:
            for task in asyncio.as_completed(tasks):
                await ended(await task)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, trial: Trial, perform: Perform) -> TrialResult:
        try:
            async with self.slots:
                result = self._not_started(trial) if self.capped else await self._performed(trial, perform)
        except asyncio.CancelledError:
            self.found[trial.id] = observe(trial)
            raise
        self.capped |= result.capped
        self.found[trial.id] = result
        return result

    async def _performed(self, trial: Trial, perform: Perform) -> TrialResult:
        """What came of it; where its placement lost it, what its folder tells, and why."""
        task = await settled(perform(trial))
        error = task.exception()
        if error is None:
            return task.result()
        told = str(error) if isinstance(error, PaperCoderError) else f"{type(error).__name__}: {error}"
        seen = await asyncio.to_thread(observe, trial)
        status = "partial" if seen.status == "complete" else seen.status
        return seen.model_copy(update={"status": status, "reason": told})

    def _not_started(self, trial: Trial) -> TrialResult:
        return self.found[trial.id].model_copy(update={"reason": NOT_STARTED, "capped": True})


def _bring_all_back(todo: Iterable[Trial]) -> None:
    for trial in todo:
        bring_back(trial)


def _found(todo: Iterable[Trial]) -> list[TrialResult]:
    return [observe(trial) for trial in todo]


def _shared(manifest: Manifest, todo: Iterable[Trial]) -> Shared:
    return Shared(
        max_cost=manifest.max_cost,
        spent=sum(map(cost_of, todo)),
        concurrency=manifest.concurrency,
        requests_per_minute=manifest.requests_per_minute,
        tokens_per_minute=manifest.tokens_per_minute,
    )
