"""A task that wakes often and records its delay, which is the delay of every other task."""

import asyncio
import time
from dataclasses import dataclass, field

import numpy as np

BEAT = 0.02
"""Seconds."""


@dataclass(frozen=True)
class Lag:
    """Delays of the event loop in seconds."""

    median: float
    p99: float
    most: float
    beats: int


@dataclass
class Heartbeat:
    """A context manager that measures delays."""

    late: list[float] = field(default_factory=list)
    _task: "asyncio.Task[None] | None" = None

    async def __aenter__(self) -> "Heartbeat":
        self._task = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _beat(self) -> None:
        while True:
            due = time.perf_counter() + BEAT
            await asyncio.sleep(BEAT)
            self.late.append(max(time.perf_counter() - due, 0.0))

    @property
    def lag(self) -> Lag:
        """The delays so far; at least one beat is required."""
        half, most = (float(value) for value in np.percentile(self.late, (50, 99), method="inverted_cdf"))
        return Lag(half, most, max(self.late), len(self.late))
