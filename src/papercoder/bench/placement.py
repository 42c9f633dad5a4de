"""Where the trials of a bench run, and who receives their progress."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol

from papercoder.artifacts import Artifact, BenchResults, BenchTrialResult
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.papers import SharedReader
from papercoder.bench.stored_trial import run_stored
from papercoder.models.budget import LocalBudget
from papercoder.models.rate_limits import LocalRateLimits
from papercoder.operations.environment import RunEnvironment
from papercoder.runs.events import Event

OnEvent = Callable[[str, Event], None]
"""Receives a trial's id and one of its events."""

RunTrial = Callable[[Trial], Awaitable[BenchTrialResult]]
"""Runs a trial. A failure of the trial is part of its result, not an exception."""


class Listener(Protocol):
    """Receives the progress of a bench; for example the terminal."""

    def on_start(self, results: BenchResults) -> None:
        """The bench starts with these results of all trials, in the manifest's order."""

    def on_warning(self, message: str) -> None:
        """A warning about all trials."""

    def on_event(self, trial: str, event: Event) -> None:
        """An event of the trial with this id."""

    def on_trial_end(self, result: BenchTrialResult) -> None:
        """A trial ended."""


class SharedLimits(Artifact):
    """The limits that all trials of a bench share."""

    max_cost: float | None
    """Dollars."""

    spent: float
    """Dollars that earlier processes spent on any trial."""

    concurrency: int
    requests_per_minute: int | None
    tokens_per_minute: int | None


class Placement(Protocol):
    """This process, or a cluster."""

    def open(
        self, limits: SharedLimits, trials: Sequence[Trial], listener: Listener
    ) -> AbstractAsyncContextManager[RunTrial]:
        """Prepare for these trials. The function in the context may be called for many of them at once.

        Raises:
            PaperCoderError: the placement cannot be used.
        """


class LocalPlacement:
    """Trials run in this process."""

    @asynccontextmanager
    async def open(
        self,
        limits: SharedLimits,
        trials: Sequence[Trial],  # noqa: ARG002
        listener: Listener,
    ) -> AsyncIterator[RunTrial]:
        """Share the rate limits, the budget and the papers among all trials."""
        environment = RunEnvironment(
            limits=LocalRateLimits(limits.concurrency, limits.requests_per_minute, limits.tokens_per_minute),
            budget=LocalBudget(limits.max_cost, limits.spent),
            read=SharedReader(),
        )

        async def run_trial(trial: Trial) -> BenchTrialResult:
            return await run_stored(trial, environment, partial(listener.on_event, trial.id))

        yield run_trial
