"""A host: one process on a node of the cluster for many trials, which wait for models most of the time."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from papercoder.artifacts import TrialResult
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.papers import Reader
from papercoder.bench.ray.execution import OnCluster
from papercoder.bench.ray.limits import RemoteBudget, RemoteRateLimits
from papercoder.bench.stored_trial import bring_back, run_kept
from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.operations.environment import RunEnvironment
from papercoder.runs.events import Event
from papercoder.runs.folder import lock

Told = tuple[Event, ...] | TrialResult | PaperCoderError
"""What happened of late in a trial, and at last what came of it; nothing came of one that was stopped."""

_BEAT = 0.25
"""Seconds between two tellings."""

_PATIENCE = 120
"""Seconds that a trial waits for the process which had it before to be gone; NFS takes long to give up its locks."""


@dataclass(frozen=True)
class Order:
    """A trial, and what its host must know beside it."""

    trial: Trial
    leases: Any
    """Of the shared limits and money: a handle of their actor."""

    cap: float | None
    """Dollars for all trials together."""

    environment: Mapping[str, str]
    """Keys and addresses of the providers; sent from process to process, and written nowhere."""

    again: bool
    """Another host had it and died."""

    def __repr__(self) -> str:
        return f"Order({self.trial.id})"  # never the keys


class Host:
    """An actor's class on the cluster."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._read = Reader()
        self._working: dict[str, asyncio.Task[TrialResult]] = {}
        self._stopped: set[str] = set()

    async def version(self) -> str:
        """That of the package which is installed on this node."""
        return version("papercoder")

    async def run(self, order: Order) -> AsyncIterator[Told]:
        """Carry a trial out, and tell of it while it goes on."""
        os.environ.update(order.environment)
        told: list[Event] = []
        work = self._working[order.trial.id] = asyncio.ensure_future(self._carry_out(order, told))
        if order.trial.id in self._stopped:
            work.cancel()
        yield ()  # it has begun
        try:
            ended = set[asyncio.Task[TrialResult]]()
            while not ended:
                ended, _ = await asyncio.wait([work], timeout=_BEAT)
                events, told[:] = tuple(told), []
                if events:
                    yield events
            if not work.cancelled():
                yield _result(work)
        finally:
            del self._working[order.trial.id]

    async def stop(self, trial: str) -> None:
        """Let a trial end as an interrupted one does, even if it is heard of later: calls that were sent are kept."""
        self._stopped.add(trial)
        if work := self._working.get(trial):
            work.cancel()

    async def _carry_out(self, order: Order, told: list[Event]) -> TrialResult:
        environment = RunEnvironment(
            limits=RemoteRateLimits(order.leases, self._name),
            budget=RemoteBudget(order.leases, self._name, order.cap),
            executor=OnCluster(order.trial.resources),
            read=self._read,
        )
        if order.trial.store is None:
            if order.again:
                await _released(order.trial.folder)
                await asyncio.to_thread(bring_back, order.trial)
            return await run_kept(order.trial, environment, told.append)
        with tempfile.TemporaryDirectory(prefix="papercoder-") as folder:
            here = order.trial.model_copy(update={"folder": Path(folder) / order.trial.id})
            result = await run_kept(here, environment, told.append)
        reason = result.reason.replace(str(here.folder), str(order.trial.folder))  # where it is brought back to
        return result.model_copy(update={"reason": reason})


def _result(work: "asyncio.Task[TrialResult]") -> Told:
    try:
        return work.result()
    except PaperCoderError as error:
        return error


async def _released(folder: Path) -> None:
    """Wait until the process that died holds the folder no more; where it does not let go, the trial says so."""
    for _ in range(2 * _PATIENCE):
        with suppress(RunFolderError), lock(folder):
            return
        await asyncio.sleep(0.5)
