"""Rate limits that can be paused or closed: active calls finish and are kept, no new one starts."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from papercoder.errors import PaperCoderError
from papercoder.models.rate_limits import RateLimits


class StoppedError(PaperCoderError):
    """The user stopped the run."""


class Pause:
    """Wraps the rate limits of a run; to be used only in the run's event loop."""

    def __init__(self, limits: RateLimits) -> None:
        self.is_held = False
        self._limits = limits
        self._is_closed = False
        self._released = asyncio.Event()
        self._released.set()
        self._callers: set[asyncio.Task[Any]] = set()

    @property
    def calls(self) -> int:
        """Number of active calls."""
        return len(self._callers)

    @asynccontextmanager
    async def slot(self, tokens: int) -> AsyncIterator[None]:
        """A slot of the rate limits, once calls are not held.

        Raises:
            StoppedError: it was closed.
        """
        async with self._limits.slot(tokens):
            await self._released.wait()
            if self._is_closed:
                raise StoppedError("it was stopped; finished work is kept, resume at any time")
            with self._counted():
                yield

    def charge(self, tokens: int) -> None:
        """Count tokens that a call used beyond those expected."""
        self._limits.charge(tokens)

    def hold(self) -> None:
        """Start no call until `release`."""
        self.is_held = True
        self._released.clear()

    def release(self) -> None:
        """Start calls again."""
        self.is_held = False
        self._released.set()

    async def close(self) -> None:
        """Start no call any more, and wait for the active ones; none is sent a second time."""
        self._is_closed = True
        self.release()
        for task in self._callers:
            task.cancel()  # `FinishingModel` still completes calls that were sent
        while self._callers:
            await asyncio.wait(set(self._callers))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task
        self._callers.add(task)
        try:
            yield
        finally:
            self._callers.discard(task)
