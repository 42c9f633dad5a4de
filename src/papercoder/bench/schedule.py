"""The course of a bench: a few trials at a time, until all have ended or the money of all together is spent."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from papercoder.artifacts import BenchResults, TrialResult
from papercoder.bench.manifest.manifest import Manifest
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.observation import observe
from papercoder.bench.placement import Perform
from papercoder.concurrency import wait_until_done
from papercoder.errors import PaperCoderError

NOT_STARTED = "it was not started, since the money of all trials together is spent; go on with a higher --max-cost"

Ended = Callable[[TrialResult], Awaitable[None]]
"""Is told of a trial that ended."""


@dataclass
class Course:
    """How far it is."""

    manifest: Manifest
    trials: Sequence[Trial]
    found: dict[str, TrialResult]
    """Trial -> what is known of it by now."""

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
        task = await wait_until_done(perform(trial))
        error = asyncio.CancelledError("its placement gave it up") if task.cancelled() else task.exception()
        if error is None:
            return task.result()
        told = str(error) if isinstance(error, PaperCoderError) else f"{type(error).__name__}: {error}"
        seen = await asyncio.to_thread(observe, trial)
        status = "partial" if seen.status == "complete" else seen.status
        return seen.model_copy(update={"status": status, "reason": told})

    def _not_started(self, trial: Trial) -> TrialResult:
        return self.found[trial.id].model_copy(update={"reason": NOT_STARTED, "capped": True})
