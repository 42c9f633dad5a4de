"""What the entries of a bench share: papers that are read once, and the machine or the cluster for their trials."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from papercoder.artifacts import Paper, Paragraph, Section
from papercoder.bench.manifest import Entry
from papercoder.errors import PaperError
from papercoder.operations.generate import PaperReader, read_in_thread
from papercoder.pipeline.reproduction import OpenPlace, divided_machine
from papercoder.runs.folder import read_given_text


class SharedReader:
    """Reads papers for all entries of a process."""

    def __init__(self, at_once: int | None = None) -> None:
        """Limit how many papers are read at the same time; a PDF takes a process of its own. Default: the CPUs."""
        self._slots = asyncio.Semaphore(at_once or os.cpu_count() or 1)
        self._papers: dict[str, asyncio.Task[Paper]] = {}

    async def __call__(self, source: str | Path) -> Paper:
        """Read a paper, or return it if it was read before. Cancelling one entry does not cancel it for others.

        Raises:
            PaperError: the paper cannot be read.
        """
        key = str(source)
        if key not in self._papers:
            self._papers[key] = asyncio.create_task(self._read(source))
        return await asyncio.shield(self._papers[key])

    async def _read(self, source: str | Path) -> Paper:
        async with self._slots:
            return await read_in_thread(source)


def with_addendum(read: PaperReader, addendum: Path | None) -> PaperReader:
    """A reader that appends this text to papers as their last section."""
    if addendum is None:
        return read

    async def read_both(source: str | Path) -> Paper:
        paper, text = await read(source), read_given_text(addendum)
        if not text or not text.strip():
            raise PaperError(f"{addendum}: the addendum is missing or empty. Leave it out of the manifest.")
        parts = [part.strip() for part in text.split("\n\n") if part.strip()]
        blocks = tuple(Paragraph(anchor=f"addendum¶{number}", text=part) for number, part in enumerate(parts, start=1))
        section = Section(anchor="addendum", level=1, title="Addendum", blocks=blocks)
        return paper.model_copy(update={"sections": (*paper.sections, section)})

    return read_both


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
