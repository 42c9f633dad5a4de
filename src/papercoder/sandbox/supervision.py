"""Runs a command under supervision: reads its output, enforces its limits, measures its disk, kills all at the end."""

import asyncio
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from papercoder.artifacts.execution import Limit, Outcome
from papercoder.errors import SandboxError
from papercoder.sandbox.contract import Limits, ProcessGroup, Usage

_ENTRY = 4096
_BLOCK = 512

_RESERVE = 512 << 20
"""Bytes that a command must leave free on the disk, whatever its limit."""

_DELETED = re.compile(r"^(\w+-\w+) .* \(deleted\)$", re.MULTILINE)
"""The addresses of a mapping of a deleted file in `/proc/PID/maps`."""

_IN_FLIGHT = re.compile(r"^scm_fds:\s+[1-9]", re.MULTILINE)
"""In `/proc/PID/fdinfo` of a socket: it holds files that were sent and not yet received."""


class DiskLimit:
    """A limit on the disk space that one command uses."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder, limit
        self._free_before = shutil.disk_usage(folder).free

    def is_reached(self, pids: Sequence[int]) -> bool:
        """Whether its folder holds as much as the limit, or the disk is almost full.

        Where its processes hold files that cannot be seen, free space that was lost since the start counts as theirs.
        """
        if disk_usage(self.folder, pids, self.limit) >= self.limit:
            return True
        free = shutil.disk_usage(self.folder).free
        if free < min(_RESERVE, self._free_before // 2):
            return True
        return self._free_before - free >= self.limit and any(map(_hides_files, pids))


def _hides_files(pid: int) -> bool:
    """Whether a process holds files that it does not list: sent to a socket, or the list is not readable."""
    try:
        for entry in Path(f"/proc/{pid}/fdinfo").iterdir():
            if _IN_FLIGHT.search(entry.read_text(encoding="ascii", errors="replace")):
                return True
    except PermissionError:
        return True
    except OSError:  # it has exited, or closed the file
        return False
    return False


def disk_usage(folder: Path, pids: Iterable[int], enough: int) -> int:
    """Bytes in a folder, including files that these processes have deleted but still hold open.

    Counting stops once it reaches `enough`. A folder that cannot be read, because of its depth or its permissions,
    counts as `enough`: only the command can have made it so.
    """
    total = 0
    todo: list[Path] = [folder]
    try:
        while todo and total < enough:
            size, subfolders = _level(todo.pop())
            total += size
            todo += subfolders
    except OSError:
        return enough
    return total if total >= enough else total + _deleted(folder, pids)


def _level(folder: Path) -> tuple[int, list[Path]]:
    total, subfolders = 0, []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    total += max(entry.stat(follow_symlinks=False).st_blocks * _BLOCK, _ENTRY)
                except FileNotFoundError:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    subfolders.append(Path(entry.path))
    except (FileNotFoundError, NotADirectoryError):  # deleted meanwhile
        return total, subfolders
    return total, subfolders


def _deleted(folder: Path, pids: Iterable[int]) -> int:
    device = folder.stat().st_dev
    sizes: dict[int, int] = {}
    for pid in pids:
        for status in _open_files(pid):
            if status.st_dev == device and not status.st_nlink and stat.S_ISREG(status.st_mode):
                sizes[status.st_ino] = status.st_blocks * _BLOCK
    return sum(sizes.values())


def _open_files(pid: int) -> Iterator[os.stat_result]:
    """The files that a process has open, and the deleted ones that it has mapped, as far as the kernel lets us see."""
    process = Path(f"/proc/{pid}")
    try:
        mapped = _DELETED.findall((process / "maps").read_text(encoding="utf-8", errors="replace"))
        files = [*(process / "fd").iterdir(), *(process / "map_files" / addresses for addresses in mapped)]
    except OSError:  # the process has exited, or belongs to another user
        return
    for file in files:
        with suppress(OSError):
            yield file.stat()


_SHORTEST, _LONGEST = 0.01, 0.2
"""Seconds between two measurements. They start short, so that a short command is measured too."""

_EXIT_TIMEOUT = 60.0
"""Seconds that a killed process may take to disappear, on a machine that has much to clean up after it."""

_OUTPUT_TIMEOUT = 5.0
"""Seconds to wait for remaining output after all processes were killed."""

_KEPT, _CHUNK = 16_384, 65_536
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[^\n\t -~\u00a0-\U0010ffff]")


class OutputCapture:
    """Counts all output of a command and keeps the end of it."""

    def __init__(self, on_line: Callable[[str], None] | None = None) -> None:
        self.total = 0
        """Bytes read so far."""

        self._end = bytearray()
        self._line = bytearray()
        self._on_line = on_line

    async def read(self, stream: asyncio.StreamReader) -> None:
        """Read the stream to its end, so that the writer never blocks for long."""
        while chunk := await stream.read(_CHUNK):
            self.total += len(chunk)
            self._end += chunk
            del self._end[:-_KEPT]
            if self._on_line:
                self._pass_lines(self._on_line, chunk)

    def _pass_lines(self, on_line: Callable[[str], None], chunk: bytes) -> None:
        """Pass on the lines that this chunk ends; of a line that is too long, only its end."""
        *ended, rest = (self._line + chunk).split(b"\n")
        for line in ended:
            on_line(line[-_KEPT:].decode("utf-8", errors="replace"))
        self._line = rest[-_KEPT:]

    @property
    def text(self) -> str:
        """The end of the output as plain text. Of a line that was overwritten, such as a progress bar, its last state.

        Output of hostile programs is shown in terminals later, so control sequences are removed.
        """
        text = self._end.decode("utf-8", errors="replace")
        lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
        return _CONTROL.sub("", "\n".join(lines))


@dataclass
class Monitor:
    """Compares what one command uses with its limits."""

    group: ProcessGroup
    limits: Limits
    disk: DiskLimit
    pid: int
    output: OutputCapture
    started: float = field(default_factory=time.monotonic)
    peak: int | None = None
    """The most memory in bytes that was measured so far."""

    async def until_limit(self) -> Limit:
        """Wait until the command reaches a limit other than that on disk space."""
        pause = _SHORTEST
        while True:
            if limit := await self._limit_reached():
                return limit
            await asyncio.sleep(min(pause, max(0.0, self.started + self.limits.seconds - time.monotonic())))
            pause = min(pause * 1.5, _LONGEST)

    async def until_disk_full(self) -> Limit:
        """Wait until the command reaches the limit on disk space. Measuring takes at most half of the time."""
        while True:
            began = time.monotonic()
            if await asyncio.to_thread(self.disk_full):
                return "disk"
            await asyncio.sleep(max(_LONGEST, time.monotonic() - began))

    def exceeded_by(self, usage: Usage) -> Limit | None:
        """The limit that this usage reaches. Also updates the peak."""
        if usage.memory is not None:
            self.peak = max(self.peak or 0, usage.memory)
        if usage.limit:
            return usage.limit
        if (usage.tasks or 0) > self.limits.processes:
            return "processes"
        return "memory" if (usage.memory or 0) > self.limits.memory else None

    def disk_full(self) -> bool:
        """Whether it has reached the limit on disk space."""
        return self.disk.is_reached(self.group.pids(self.pid))

    async def _limit_reached(self) -> Limit | None:
        # Counting takes a moment; measuring the memory of thousands of processes takes longer than some limits.
        if len(await asyncio.to_thread(self.group.pids, self.pid)) > self.limits.processes:
            return "processes"
        if time.monotonic() - self.started >= self.limits.seconds:
            return "seconds"
        if self.output.total > self.limits.output:
            return "output"
        return self.exceeded_by(await asyncio.to_thread(self.group.measure, self.pid))


async def supervise(
    argv: Sequence[str],
    group: ProcessGroup,
    limits: Limits,
    folder: Path,
    sandbox: str,
    inherited: Sequence[int] = (),
    on_line: Callable[[str], None] | None = None,
) -> Outcome:
    """Run a command line until it exits or reaches a limit, then kill what is left of it.

    Its first process starts with an empty environment, because the code could read it in `/proc`.

    Args:
        argv: the command line.
        group: what its processes belong to.
        limits: its limits.
        folder: its working directory, to which the limit on disk space applies.
        sandbox: the sandbox's name.
        inherited: descriptors of open files that it inherits.
        on_line: called with each line of output.

    Raises:
        SandboxError: the first process could not be started.
    """
    output, began = OutputCapture(on_line), time.monotonic()
    disk = DiskLimit(folder, limits.disk)
    process = await _start(group.wrap(argv, limits.disk), group, folder, inherited)
    assert process.stdout
    reading = asyncio.create_task(output.read(process.stdout))
    monitor = Monitor(group, limits, disk, process.pid, output)
    limit: Limit | None = None
    try:
        limit = await _limit_or_exit(monitor, process)
    finally:
        usage = await asyncio.shield(_kill(group, process, reading))
    limit = limit or monitor.exceeded_by(usage) or ("disk" if await asyncio.to_thread(monitor.disk_full) else None)
    return Outcome(
        exit_code=None if limit else process.returncode,
        seconds=time.monotonic() - began,
        peak_memory=monitor.peak,
        output=output.text,
        limit=limit,
        sandbox=sandbox,
        notes=group.notes,
    )


async def _start(
    argv: Sequence[str], group: ProcessGroup, folder: Path, inherited: Sequence[int]
) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={},
            cwd=folder,
            start_new_session=True,
            pass_fds=tuple(inherited),
        )
    except OSError as error:
        await group.remove()
        raise SandboxError(f"The sandbox could not be started: {argv[0]}: {error.strerror}.") from error


async def _limit_or_exit(monitor: Monitor, process: asyncio.subprocess.Process) -> Limit | None:
    """Wait until the command reaches a limit, or exits (None)."""
    limits = [asyncio.create_task(monitor.until_limit()), asyncio.create_task(monitor.until_disk_full())]
    exited = asyncio.create_task(_exit(process))
    try:
        await asyncio.wait([*limits, exited], return_when=asyncio.FIRST_COMPLETED)
        return next((task.result() for task in limits if task.done()), None)
    finally:
        for task in (*limits, exited):
            task.cancel()


async def _exit(process: asyncio.subprocess.Process) -> None:
    """Like `process.wait()`, which before Python 3.12 also waits for other processes that hold the output open."""
    while process.returncode is None:  # noqa: ASYNC110
        await asyncio.sleep(_SHORTEST)


async def _kill(group: ProcessGroup, process: asyncio.subprocess.Process, reading: "asyncio.Task[None]") -> Usage:
    usage = await group.kill(process.pid)
    exited = asyncio.create_task(_exit(process))
    await asyncio.wait([exited], timeout=_EXIT_TIMEOUT)
    await asyncio.wait([reading], timeout=_OUTPUT_TIMEOUT)
    exited.cancel()
    reading.cancel()
    return usage
