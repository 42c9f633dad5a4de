"""A host: one process on a cluster node that runs many entries, which wait for models most of the time."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from papercoder.artifacts import BenchEntryResult
from papercoder.bench.manifest import Entry
from papercoder.bench.ray.execution import ClusterExecutor
from papercoder.bench.ray.leases import ClusterShares, RemoteBudget, RemoteRateLimits
from papercoder.bench.shared import SharedReader
from papercoder.bench.store import restore, run_stored
from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.files.temporary import temporary_folder
from papercoder.operations.generate import RunEnvironment
from papercoder.runs.events import Event
from papercoder.runs.folder import lock

HostMessage = tuple[Event, ...] | BenchEntryResult | PaperCoderError
"""New events of an entry, or how it ended. A cancelled entry ends without a last message."""

_INTERVAL = 0.25
"""Seconds between two messages with events."""

_LOCK_TIMEOUT = 120
"""Seconds to wait for the lock of a dead process; NFS releases locks slowly."""


@dataclass(frozen=True)
class EntryRequest:
    """An entry, and what its host needs to run it."""

    entry: Entry
    leases: Any
    """A handle of the `Leases` actor."""

    cap: float | None
    """Dollars for all entries together."""

    environment: Mapping[str, str]
    """Keys and addresses of the providers. They travel between processes and are never written to a file."""

    retry: bool
    """The previous host of this entry died."""

    workers: int = 1
    """Trials of the entry that run side by side on the cluster."""

    def __repr__(self) -> str:
        return f"EntryRequest({self.entry.id})"  # without the keys


class Host:
    """The class of an actor on the cluster."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._read = SharedReader()
        self._running: dict[str, asyncio.Task[BenchEntryResult]] = {}
        self._stopped: set[str] = set()

    async def version(self) -> str:
        """The version of PaperCoder on this node."""
        return version("papercoder")

    async def run(self, request: EntryRequest) -> AsyncIterator[HostMessage]:
        """Run an entry; yields its events while it runs, then its result."""
        os.environ.update(request.environment)
        events: list[Event] = []
        work = self._running[request.entry.id] = asyncio.ensure_future(self._run(request, events))
        if request.entry.id in self._stopped:
            work.cancel()
        yield ()  # the entry has started
        try:
            done = set[asyncio.Task[BenchEntryResult]]()
            while not done:
                done, _ = await asyncio.wait([work], timeout=_INTERVAL)
                batch, events[:] = tuple(events), []
                if batch:
                    yield batch
            if not work.cancelled():
                yield _outcome(work)
        finally:
            del self._running[request.entry.id]

    async def stop(self, entry: str) -> None:
        """Interrupt an entry, even if its request arrives later. Answers to calls in flight are kept."""
        self._stopped.add(entry)
        if work := self._running.get(entry):
            work.cancel()

    async def _run(self, request: EntryRequest, events: list[Event]) -> BenchEntryResult:
        entry = request.entry
        environment = RunEnvironment(
            limits=RemoteRateLimits(request.leases, self._name),
            budget=RemoteBudget(request.leases, self._name, request.cap),
            executor=ClusterExecutor(entry.resources),
            read=self._read,
        )
        shares = ClusterShares(request.leases, self._name, request.workers)
        if entry.store is None:
            if request.retry:
                await _wait_for_lock(entry.folder)
                await asyncio.to_thread(restore, entry)
            return await run_stored(entry, environment, events.append, shares)
        with temporary_folder() as folder:
            local = entry.model_copy(update={"folder": folder / entry.id})
            result = await run_stored(local, environment, events.append, shares)
        # Messages name the folder in which the entry is restored, not the temporary one.
        return result.model_copy(update={"reason": result.reason.replace(str(local.folder), str(entry.folder))})


def _outcome(work: "asyncio.Task[BenchEntryResult]") -> HostMessage:
    try:
        return work.result()
    except PaperCoderError as error:
        return error


async def _wait_for_lock(folder: Path) -> None:
    """Wait until the dead process no longer locks the folder. After the time-out, the entry reports the lock."""
    for _ in range(2 * _LOCK_TIMEOUT):
        with suppress(RunFolderError), lock(folder):
            return
        await asyncio.sleep(0.5)
