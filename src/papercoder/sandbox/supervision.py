"""Running a command under watch: its output drained, its caps held, all its processes ended."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from papercoder.artifacts.execution import Cap, Outcome
from papercoder.errors import SandboxError
from papercoder.sandbox.cage import Cage, Reading
from papercoder.sandbox.contract import Caps
from papercoder.sandbox.disk import held
from papercoder.sandbox.printed import Printed

_SOONEST, _SLOWEST = 0.01, 0.2
"""Seconds between two looks: often at first, so that a short command is seen too."""

_LAST_BREATH = 60.0
"""Seconds that a killed process may take to be gone, on a machine that has much to clear up after it."""

_LAST_WORDS = 5.0
"""Seconds that output may still come after all processes were ended."""


@dataclass
class Watch:
    """One command's caps, against what it uses."""

    cage: Cage
    caps: Caps
    folder: Path
    pid: int
    printed: Printed
    started: float = field(default_factory=time.monotonic)
    peak: int | None = None

    async def until_cap(self) -> Cap:
        """Look again and again; returns the cap that was reached."""
        pause = _SOONEST
        while True:
            if cap := await self._reached():
                return cap
            await asyncio.sleep(min(pause, max(0.0, self.started + self.caps.seconds - time.monotonic())))
            pause = min(pause * 1.5, _SLOWEST)

    async def until_full(self) -> Cap:
        """The same for the disk, which takes longer to look at: at most half the time goes into looking."""
        while True:
            began = time.monotonic()
            if await asyncio.to_thread(self.fills_disk):
                return "disk"
            await asyncio.sleep(max(_SLOWEST, time.monotonic() - began))

    def note(self, reading: Reading) -> Cap | None:
        """Keep what is the most so far; returns the cap that it reaches."""
        if reading.memory is not None:
            self.peak = max(self.peak or 0, reading.memory)
        if reading.reached:
            return reading.reached
        if (reading.tasks or 0) > self.caps.processes:
            return "processes"
        return "memory" if (reading.memory or 0) > self.caps.memory else None

    def fills_disk(self) -> bool:
        """True where its folder holds what it may."""
        return held(self.folder, self.cage.pids(self.pid), self.caps.disk) >= self.caps.disk

    async def _reached(self) -> Cap | None:
        if time.monotonic() - self.started >= self.caps.seconds:
            return "seconds"
        if self.printed.total > self.caps.output:
            return "output"
        return self.note(await asyncio.to_thread(self.cage.read, self.pid))


async def supervise(argv: Sequence[str], cage: Cage, caps: Caps, folder: Path, sandbox: str) -> Outcome:
    """Run a command line until it ends or reaches a cap, then end all that is left of it.

    It starts with no environment at all: what the first process was given would be there to read in `/proc`.

    Raises:
        SandboxError: the first process could not be started.
    """
    printed, began = Printed(), time.monotonic()
    process = await _start(cage.start(argv, caps.disk), cage, folder)
    drained = asyncio.create_task(_drain(process, printed))
    watch = Watch(cage, caps, folder, process.pid, printed)
    cap: Cap | None = None
    try:
        cap = await _first(watch, process)
    finally:
        left = await asyncio.shield(_end(cage, process, drained))
    cap = cap or watch.note(left) or ("disk" if await asyncio.to_thread(watch.fills_disk) else None)
    return Outcome(
        exit_code=None if cap else process.returncode,
        seconds=time.monotonic() - began,
        peak_memory=watch.peak,
        output=printed.text,
        cap=cap,
        sandbox=sandbox,
        notes=cage.notes,
    )


async def _start(argv: Sequence[str], cage: Cage, folder: Path) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={},
            cwd=folder,
            start_new_session=True,
        )
    except OSError as error:
        await cage.discard()
        raise SandboxError(f"The sandbox could not be started: {argv[0]}: {error.strerror}.") from error


async def _drain(process: asyncio.subprocess.Process, printed: Printed) -> None:
    if process.stdout:
        await printed.drain(process.stdout)


async def _first(watch: Watch, process: asyncio.subprocess.Process) -> Cap | None:
    """Wait for the first: a cap is reached, or the command has ended, which is None."""
    watching = [asyncio.create_task(watch.until_cap()), asyncio.create_task(watch.until_full())]
    ended = asyncio.create_task(_ended(process))
    try:
        await asyncio.wait([*watching, ended], return_when=asyncio.FIRST_COMPLETED)
        return next((task.result() for task in watching if task.done()), None)
    finally:
        for task in (*watching, ended):
            task.cancel()


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Not `process.wait()`, which before Python 3.12 also waits for whoever else holds the output open."""
    while process.returncode is None:  # noqa: ASYNC110
        await asyncio.sleep(_SOONEST)


async def _end(cage: Cage, process: asyncio.subprocess.Process, drained: "asyncio.Task[None]") -> Reading:
    reading = await cage.end(process.pid)
    gone = asyncio.create_task(_ended(process))
    await asyncio.wait([gone], timeout=_LAST_BREATH)
    await asyncio.wait([drained], timeout=_LAST_WORDS)
    gone.cancel()
    drained.cancel()
    return reading
