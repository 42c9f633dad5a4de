"""Turns that can be held back or ended: calls that were sent are finished and kept, no new one begins."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from papercoder.errors import PaperCoderError
from papercoder.models.rate_limits import RateLimits


class StoppedError(PaperCoderError):
    """Somebody stopped the run."""


class Gate:
    """Stands after the turns of a run; all of it is used in the run's own event loop."""

    def __init__(self, limits: RateLimits) -> None:
        self.is_held = False
        self._limits = limits
        self._is_shut = False
        self._free = asyncio.Event()
        self._free.set()
        self._calling: set[asyncio.Task[Any]] = set()

    @property
    def calls(self) -> int:
        """How many are being made now."""
        return len(self._calling)

    @asynccontextmanager
    async def slot(self, tokens: int) -> AsyncIterator[None]:
        """A turn, once nobody holds them back.

        Raises:
            StoppedError: there are no turns any more.
        """
        async with self._limits.slot(tokens):
            await self._free.wait()
            if self._is_shut:
                raise StoppedError("it was stopped; finished work is kept, resume at any time")
            with self._counted():
                yield

    def charge(self, tokens: int) -> None:
        """Count tokens that a call took beyond those expected."""
        self._limits.charge(tokens)

    def hold(self) -> None:
        """Let no call begin until `release`."""
        self.is_held = True
        self._free.clear()

    def release(self) -> None:
        """Let calls begin again."""
        self.is_held = False
        self._free.set()

    async def shut(self) -> None:
        """Let no call begin any more, and wait for those that were sent; none is sent a second time."""
        self._is_shut = True
        self.release()
        for task in self._calling:
            task.cancel()  # `FinishingModel` brings what was sent to its end all the same
        while self._calling:
            await asyncio.wait(set(self._calling))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task
        self._calling.add(task)
        try:
            yield
        finally:
            self._calling.discard(task)
