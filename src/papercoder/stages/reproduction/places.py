"""Where trials run: the contract, and this machine."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from papercoder.artifacts import TrialResult
from papercoder.sandbox.contract import GIB
from papercoder.sandbox.gpu import NVIDIA
from papercoder.stages.reproduction.preparation import Preparation
from papercoder.stages.reproduction.trial import OnProgress, Slot, TrialCaps, TrialOutcome, TrialRequest, run_trial

_LEAST_MEMORY = 2 * GIB
"""Bytes that each of several trials side by side should have."""


class TrialPlace(Protocol):
    """A machine or a cluster that runs trials."""

    @property
    def workers(self) -> int:
        """How many trials it runs side by side."""

    @property
    def seconds_together(self) -> float:
        """How long short trials may run one after the other in one process; 0: each has its own."""

    async def run(self, request: TrialRequest, caps: TrialCaps, on_progress: OnProgress) -> TrialOutcome:
        """Run a trial. Cancelling this stops the trial.

        Raises:
            PaperCoderError: no trial can run there.
        """


@dataclass
class LocalPlace:
    """Trials in the sandbox of this machine, each with its share of cores, memory and GPUs."""

    preparation: Preparation
    slots: Sequence[Slot]

    seconds_together: float = 15.0
    """As in the contract: a kill costs no more than this."""

    def __post_init__(self) -> None:
        self._early: dict[str, TrialResult] = {}
        """Results of trials that ran along with others, by trial."""
        self._free: asyncio.Queue[Slot] = asyncio.Queue()
        for slot in self.slots:
            self._free.put_nowait(slot)

    @property
    def workers(self) -> int:
        """One for each slot."""
        return len(self.slots)

    async def run(self, request: TrialRequest, caps: TrialCaps, on_progress: OnProgress) -> TrialOutcome:
        """Run a trial in the next slot that is free, unless it ran along with another one."""
        if early := self._early.pop(request.trial.id, None):
            return TrialOutcome(early, early.seconds, early.seconds)
        slot = await self._free.get()
        try:
            outcome = await run_trial(self.preparation, request, caps, slot, on_progress)
        finally:
            self._free.put_nowait(slot)
        self._early |= {result.trial.id: result for result in outcome.along}
        return outcome


def local_slots(workers: int | None, trials: int, gpu: bool) -> tuple[Slot, ...]:
    """The shares of this machine for its workers.

    Args:
        workers: None: one for each core or, with GPUs, for each GPU, as far as the memory allows.
        trials: no more workers than this.
        gpu: whether trials use GPUs.
    """
    cores, memory, gpus = usable_cores(), usable_memory(), usable_gpus() if gpu else ()
    allowed = min(len(gpus) or cores, max(1, memory // _LEAST_MEMORY))
    count = max(1, min(workers or allowed, trials))
    return tuple(
        Slot(
            threads=max(1, cores // count),
            memory=memory // count,
            gpu=gpus[index % len(gpus)] if gpus else None,
        )
        for index in range(count)
    )


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usable_memory() -> int:
    """Bytes of memory that are free now; 8 GiB where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 8 * GIB
    found = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return int(found) * 1024 if found else 8 * GIB


def usable_gpus() -> tuple[str, ...]:
    """The numbers of the GPUs that are ours."""
    if chosen := os.environ.get("CUDA_VISIBLE_DEVICES"):
        return tuple(part.strip() for part in chosen.split(",") if part.strip())
    cards = [name for name in NVIDIA.devices if name.removeprefix("/dev/nvidia").isdigit()]
    return tuple(str(index) for index in range(len(cards)))
