"""Runs a few trials at a time, until all have ended or the shared budget is spent."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from papercoder.artifacts import BenchResults, BenchTrialResult
from papercoder.bench.manifest.manifest import Manifest
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.observation import observe
from papercoder.bench.placement import RunTrial
from papercoder.concurrency import wait_until_done
from papercoder.errors import PaperCoderError

BUDGET_SPENT = "it was not started, because the bench's budget is spent; resume with a higher --max-cost"

OnResult = Callable[[BenchTrialResult], Awaitable[None]]
"""Receives the result of each trial that ended."""


@dataclass
class Schedule:
    """The trials of a bench and their results so far."""

    manifest: Manifest
    trials: Sequence[Trial]
    known: dict[str, BenchTrialResult]
    """Trial id -> its latest result."""

    capped: bool = False
    """The shared budget is spent."""

    slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.slots = asyncio.Semaphore(self.manifest.papers_at_once)

    @property
    def results(self) -> BenchResults:
        """The results so far, in the manifest's order."""
        return BenchResults(name=self.manifest.name, trials=tuple(self.known[trial.id] for trial in self.trials))

    async def run(self, trials: Iterable[Trial], run_trial: RunTrial, on_result: OnResult) -> None:
        """Run these trials and report each result. If this is cancelled, all trials are; `results` then has them."""
        tasks = [asyncio.create_task(self._run(trial, run_trial)) for trial in trials]
        try:
            for task in asyncio.as_completed(tasks):
                await on_result(await task)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, trial: Trial, run_trial: RunTrial) -> BenchTrialResult:
        try:
            async with self.slots:
                if self.capped:
                    result = self.known[trial.id].model_copy(update={"reason": BUDGET_SPENT, "capped": True})
                else:
                    result = await _result_of(trial, run_trial)
        except asyncio.CancelledError:
            self.known[trial.id] = observe(trial)
            raise
        self.capped |= result.capped
        self.known[trial.id] = result
        return result


async def _result_of(trial: Trial, run_trial: RunTrial) -> BenchTrialResult:
    """A trial's result; if its placement failed, what its folder shows, with the error as the reason."""
    task = await wait_until_done(run_trial(trial))
    error = asyncio.CancelledError("its placement cancelled it") if task.cancelled() else task.exception()
    if error is None:
        return task.result()
    reason = str(error) if isinstance(error, PaperCoderError) else f"{type(error).__name__}: {error}"
    observed = await asyncio.to_thread(observe, trial)
    status = "partial" if observed.status == "complete" else observed.status
    return observed.model_copy(update={"status": status, "reason": reason})
