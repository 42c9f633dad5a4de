"""Shares of a machine or a cluster: the trials of an entry run in one, and entries wait until one is free.

A budget is the time that trials take, so it starts when an entry has its share.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from papercoder.artifacts.reproduction import ReproductionOptions
from papercoder.bench.manifest.entries import Entry
from papercoder.pipeline.reproduction import OpenPlace
from papercoder.stages.reproduction.places import LocalPlace, TrialPlace, local_slots
from papercoder.stages.reproduction.preparation import Preparation
from papercoder.stages.reproduction.trial import Slot

_ALL = 1 << 16
"""More trials than any machine runs side by side."""


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
    """Shares of this machine: each has some of its cores, memory and GPUs."""

    def __init__(self, count: int, gpu: bool = False) -> None:
        self.count = count
        self._gpu = gpu
        self._free: asyncio.Queue[Sequence[Slot]] | None = None

    @asynccontextmanager
    async def take(self) -> AsyncIterator[OpenPlace]:
        """Wait for a share; the machine is divided when the first one is taken."""
        if self._free is None:
            self._free = asyncio.Queue()
            slots = local_slots(None, _ALL, self._gpu)
            for index in range(self.count):
                self._free.put_nowait(slots[index :: self.count] or slots[:1])
        share = await self._free.get()
        try:
            yield partial(_open_local, share)
        finally:
            self._free.put_nowait(share)


@asynccontextmanager
async def _open_local(
    share: Sequence[Slot],
    options: ReproductionOptions,
    preparation: Preparation,
    _: Path,
    trials: int,
) -> AsyncIterator[TrialPlace]:
    yield LocalPlace(preparation, share[: max(1, min(options.workers or len(share), trials))])
