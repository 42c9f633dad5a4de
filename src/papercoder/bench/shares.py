"""Shares of a machine or a cluster: the trials of an entry run in one, and entries wait until one is free.

A budget is the time that trials take, so it starts when an entry has its share.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from papercoder.bench.manifest.entries import Entry
from papercoder.pipeline.reproduction import OpenPlace, divided_machine


class TrialShares(Protocol):
    """The shares of all entries."""

    def take(self) -> AbstractAsyncContextManager[OpenPlace]:
        """Wait for a share, and hold it while the context is open."""


def share_count(entries: Iterable[Entry], at_once: int, capacity: int) -> int:
    """How many entries reproduce at the same time: as many as have room for their workers.

    Args:
        entries: those that are not complete.
        at_once: entries that run at the same time.
        capacity: trials that the machine or the cluster runs side by side.
    """
    asking = [entry.reproduction for entry in entries if entry.reproduction]
    workers = max((spec.workers or 1 for spec in asking), default=1)
    return max(1, min(len(asking), at_once, capacity // workers))


def wants_gpu(entries: Iterable[Entry]) -> bool:
    """Whether trials of any entry may use GPUs."""
    return any(entry.reproduction and entry.settings.gpu for entry in entries)


class LocalShares:
    """Shares of this machine."""

    def __init__(self, count: int, gpu: bool = False) -> None:
        self.count = count
        self._gpu = gpu
        self._free: asyncio.Queue[OpenPlace] | None = None

    @asynccontextmanager
    async def take(self) -> AsyncIterator[OpenPlace]:
        """Wait for a share; the machine is divided when the first one is taken."""
        if self._free is None:
            self._free = asyncio.Queue()
            for place in divided_machine(self.count, self._gpu):
                self._free.put_nowait(place)
        place = await self._free.get()
        try:
            yield place
        finally:
            self._free.put_nowait(place)
