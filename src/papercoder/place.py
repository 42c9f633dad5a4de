"""Where a run works, and what it shares there with other runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from papercoder.models.capped import Purse
from papercoder.models.limited import Turns
from papercoder.run import Executor, Here, answer_store, step_store
from papercoder.store import Store


@dataclass(frozen=True)
class Stores:
    """Where a run keeps what was paid for."""

    steps: Store
    answers: Store


def in_folder(folder: Path) -> Stores:
    """Files in the run folder."""
    return Stores(steps=step_store(folder), answers=answer_store(folder))


@dataclass(frozen=True)
class Place:
    """By default a run has all for itself, on this machine."""

    limits: Turns | None = None
    """Calls at once of all runs together; None: each run has its own, from its settings."""

    budget: Purse | None = None
    """The money of all runs together; None: each run has its own alone."""

    executor: Executor = field(default_factory=Here)
    stores: Callable[[Path], Stores] = in_folder
    """From a run folder to its stores."""
