"""What a run uses outside its folder: rate limits, a budget, an executor, stores and a reader of papers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from papercoder.artifacts import Paper
from papercoder.concurrency import run_in_thread
from papercoder.models.budget import Budget
from papercoder.models.contract import Model
from papercoder.models.rate_limits import RateLimits
from papercoder.paper.limited_reading import read_within_limits
from papercoder.pipeline.reproduction import OpenPlace, open_place
from papercoder.runs.folder import Store, answer_store, step_store
from papercoder.runs.run import Executor, LocalExecutor

PaperReader = Callable[[str | Path], Awaitable[Paper]]
"""Reads a paper from a file, a folder, an arXiv id or a URL."""


async def read_in_thread(source: str | Path) -> Paper:
    """Read a paper in a thread of this process.

    Raises:
        PaperError: it cannot be read.
    """
    return await run_in_thread(read_within_limits, source)


@dataclass(frozen=True)
class Stores:
    """Where a run stores results that cost money."""

    steps: Store
    answers: Store


def local_stores(folder: Path) -> Stores:
    """Stores with files in the run folder."""
    return Stores(steps=step_store(folder), answers=answer_store(folder))


@dataclass(frozen=True)
class RunEnvironment:
    """What a run shares with other runs; by default nothing, and everything is on this machine."""

    limits: RateLimits | None = None
    """Rate limits shared with other runs; None: the run has its own, from its settings."""

    budget: Budget | None = None
    """A budget shared with other runs; None: the run has its own, from its settings."""

    executor: Executor = field(default_factory=LocalExecutor)
    stores: Callable[[Path], Stores] = local_stores
    """Run folder -> its stores."""

    read: PaperReader = read_in_thread
    open_place: OpenPlace = open_place
    """Where trials run."""

    agent: Model | None = None
    """Answers where a setting names it; None: no coding agent is connected."""
