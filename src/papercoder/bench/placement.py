"""Where the trials of a bench are carried out."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol

from papercoder.artifacts import Artifact, TrialResult
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.papers import Reader
from papercoder.bench.stored_trial import run_kept
from papercoder.bench.watcher import Watcher
from papercoder.models.budget import LocalBudget
from papercoder.models.rate_limits import LocalRateLimits
from papercoder.operations.environment import RunEnvironment
from papercoder.runs.events import Event

Tell = Callable[[str, Event], None]
"""Is told the id of a trial, and what happened in it."""

Perform = Callable[[Trial], Awaitable[TrialResult]]
"""Carries a trial out. It raises nothing that a trial brings about: what went wrong stands in the result."""


class Shared(Artifact):
    """What all trials of a bench have together."""

    max_cost: float | None
    """Dollars."""

    spent: float
    """Dollars that all trials have cost before, by all processes."""

    concurrency: int
    requests_per_minute: int | None
    tokens_per_minute: int | None


class Placement(Protocol):
    """This process, or a cluster."""

    def open(self, shared: Shared, trials: Sequence[Trial], watcher: Watcher) -> AbstractAsyncContextManager[Perform]:
        """Get ready for these trials; what it gives is called for many at once, and closed after the last has ended.

        Raises:
            PaperCoderError: it cannot be used.
        """


class Local:
    """This process."""

    @asynccontextmanager
    async def open(self, shared: Shared, trials: Sequence[Trial], watcher: Watcher) -> AsyncIterator[Perform]:  # noqa: ARG002
        """One limit, one budget and one reader of papers for all."""
        environment = RunEnvironment(
            limits=LocalRateLimits(shared.concurrency, shared.requests_per_minute, shared.tokens_per_minute),
            budget=LocalBudget(shared.max_cost, shared.spent),
            read=Reader(),
        )

        async def perform(trial: Trial) -> TrialResult:
            return await run_kept(trial, environment, partial(watcher.tell, trial.id))

        yield perform
