"""Where a run works, and what it shares there with other runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from papercoder.artifacts import Paper
from papercoder.concurrency import run_in_thread
from papercoder.models.budget import Budget
from papercoder.models.rate_limits import RateLimits
from papercoder.paper import reading
from papercoder.runs.executor import Executor, LocalExecutor
from papercoder.runs.folder import answer_store, step_store
from papercoder.runs.store import Store

Read = Callable[[str | Path], Awaitable[Paper]]
"""From a file, a folder, an arXiv id or an address to the paper."""


async def read_here(source: str | Path) -> Paper:
    """Read a paper, in a thread of this process.

    Raises:
        PaperError: it cannot be read.
    """
    return await run_in_thread(reading.read, source)


@dataclass(frozen=True)
class Stores:
    """Where a run keeps what was paid for."""

    steps: Store
    answers: Store


def in_folder(folder: Path) -> Stores:
    """Files in the run folder."""
    return Stores(steps=step_store(folder), answers=answer_store(folder))


@dataclass(frozen=True)
class RunEnvironment:
    """By default a run has all for itself, on this machine."""

    limits: RateLimits | None = None
    """Calls at once of all runs together; None: each run has its own, from its settings."""

    budget: Budget | None = None
    """The money of all runs together; None: each run has its own alone."""

    executor: Executor = field(default_factory=LocalExecutor)
    stores: Callable[[Path], Stores] = in_folder
    """From a run folder to its stores."""

    read: Read = read_here
    """How papers are read."""
