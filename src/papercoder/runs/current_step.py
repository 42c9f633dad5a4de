"""Which artifact is being made, so that the log of a call can say what it went into."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Making:
    """What a step is making."""

    artifact: str
    answers: int = 0
    """That went into it so far."""


_being_made: ContextVar[Making | None] = ContextVar("being_made", default=None)


@contextmanager
def making(artifact: str) -> Iterator[Making]:
    """Within it, in this task and those that it begins, this artifact is being made."""
    begun = Making(artifact)
    token = _being_made.set(begun)
    try:
        yield begun
    finally:
        _being_made.reset(token)


def being_made() -> Making | None:
    """What the step around is making; None outside of any."""
    return _being_made.get()
