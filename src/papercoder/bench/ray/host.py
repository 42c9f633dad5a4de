"""A host: one process on a cluster node that runs many trials, which wait for models most of the time."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from papercoder.artifacts import BenchTrialResult
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.papers import SharedReader
from papercoder.bench.ray.execution import ClusterExecutor
from papercoder.bench.ray.limits import RemoteBudget, RemoteRateLimits
from papercoder.bench.stored_trial import restore, run_stored
from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.files.temporary import temporary_folder
from papercoder.operations.environment import RunEnvironment
from papercoder.runs.events import Event
from papercoder.runs.folder import lock

HostMessage = tuple[Event, ...] | BenchTrialResult | PaperCoderError
"""New events of a trial, or how it ended. A cancelled trial ends without a last message."""

_INTERVAL = 0.25
"""Seconds between two messages with events."""

_LOCK_TIMEOUT = 120
"""Seconds to wait for the lock of a dead process; NFS releases locks slowly."""


@dataclass(frozen=True)
class TrialRequest:
    """A trial, and what its host needs to run it."""

    trial: Trial
    leases: Any
    """A handle of the `Leases` actor."""

    cap: float | None
    """Dollars for all trials together."""

    environment: Mapping[str, str]
    """Keys and addresses of the providers. They travel between processes and are never written to a file."""

    retry: bool
    """The previous host of this trial died."""

    def __repr__(self) -> str:
        return f"TrialRequest({self.trial.id})"  # without the keys


class Host:
    """The class of an actor on the cluster."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._read = SharedReader()
        self._running: dict[str, asyncio.Task[BenchTrialResult]] = {}
        self._stopped: set[str] = set()

    async def version(self) -> str:
        """The version of PaperCoder on this node."""
        return version("papercoder")

    async def run(self, request: TrialRequest) -> AsyncIterator[HostMessage]:
        """Run a trial; yields its events while it runs, then its result."""
        os.environ.update(request.environment)
        events: list[Event] = []
        work = self._running[request.trial.id] = asyncio.ensure_future(self._run(request, events))
        if request.trial.id in self._stopped:
            work.cancel()
        yield ()  # the trial has started
        try:
            done = set[asyncio.Task[BenchTrialResult]]()
            while not done:
                done, _ = await asyncio.wait([work], timeout=_INTERVAL)
                batch, events[:] = tuple(events), []
                if batch:
                    yield batch
            if not work.cancelled():
                yield _outcome(work)
        finally:
            del self._running[request.trial.id]

    async def stop(self, trial: str) -> None:
        """Interrupt a trial, even if its request arrives later. Answers to calls in flight are kept."""
        self._stopped.add(trial)
        if work := self._running.get(trial):
            work.cancel()

    async def _run(self, request: TrialRequest, events: list[Event]) -> BenchTrialResult:
        trial = request.trial
        environment = RunEnvironment(
            limits=RemoteRateLimits(request.leases, self._name),
            budget=RemoteBudget(request.leases, self._name, request.cap),
            executor=ClusterExecutor(trial.resources),
            read=self._read,
        )
        if trial.store is None:
            if request.retry:
                await _wait_for_lock(trial.folder)
                await asyncio.to_thread(restore, trial)
            return await run_stored(trial, environment, events.append)
        with temporary_folder() as folder:
            local = trial.model_copy(update={"folder": folder / trial.id})
            result = await run_stored(local, environment, events.append)
        # Messages name the folder in which the trial is restored, not the temporary one.
        return result.model_copy(update={"reason": result.reason.replace(str(local.folder), str(trial.folder))})


def _outcome(work: "asyncio.Task[BenchTrialResult]") -> HostMessage:
    try:
        return work.result()
    except PaperCoderError as error:
        return error


async def _wait_for_lock(folder: Path) -> None:
    """Wait until the dead process no longer locks the folder. After the time-out, the trial reports the lock."""
    for _ in range(2 * _LOCK_TIMEOUT):
        with suppress(RunFolderError), lock(folder):
            return
        await asyncio.sleep(0.5)
