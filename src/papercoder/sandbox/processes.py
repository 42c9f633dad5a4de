"""A command's processes and shared memory found through `/proc`, where no control group can be created.

It lies in files of the kernel's memory file system: those in the sandbox's `/tmp` and `/dev/shm`, and anonymous ones
behind `mmap(MAP_SHARED | MAP_ANONYMOUS)`. Sums over processes miss what is written and not mapped, or was unmapped. The
remaining two ways to hold such memory, `memfd_create` and `shmget`, are denied by the system call filter.
"""

import asyncio
import os
import re
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from papercoder.sandbox.contract import SCRATCH_FOLDERS, Usage
from papercoder.sandbox.launch import launcher

_BLOCK = 512
_MAPPING = re.compile(r"^(\w+)-(\w+) \S{3}s (\w+) (\w+):(\w+) (\d+)", re.MULTILINE)
"""A shared mapping in `/proc/PID/maps`: start, end, offset, device, inode."""


def shared_memory(pids: Iterable[int]) -> int:
    """Bytes of shared memory that these processes of one sandbox use."""
    pids = tuple(pids)
    return _scratch(pids) + _anonymous(pids) if pids else 0


def _scratch(pids: Iterable[int]) -> int:
    """Bytes in the scratch folders, including files that were deleted and are still open. 0 without a sandbox."""
    sizes: dict[int, int] = {}
    for pid in pids:
        for folder in SCRATCH_FOLDERS:
            with suppress(OSError):  # the process has exited
                inside = f"/proc/{pid}/root{folder}"
                device = Path(inside).stat().st_dev
                if device != Path(folder).stat().st_dev:  # else this process still sees the host's folder
                    system = os.statvfs(inside)
                    sizes[device] = (system.f_blocks - system.f_bfree) * system.f_frsize
    return sum(sizes.values())


def _anonymous(pids: Iterable[int]) -> int:
    """Bytes behind shared anonymous mappings.

    Only root may ask the kernel for the size of what is behind a mapping. For others, the whole mapping counts, touched
    or not, and what was unmapped in part is missed.
    """
    sizes: dict[str, int] = {}
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for start, end, offset, major, minor, inode in _MAPPING.findall(text):
            if (int(major, 16), int(minor, 16)) == _memory_device():
                reach = int(offset, 16) + int(end, 16) - int(start, 16)
                size = _size_behind(pid, f"{start}-{end}", reach)
                sizes[inode] = max(sizes.get(inode, 0), size)
    return sum(sizes.values())


def _size_behind(pid: int, mapping: str, otherwise: int) -> int:
    try:
        return Path(f"/proc/{pid}/map_files/{mapping}").stat().st_blocks * _BLOCK
    except OSError:
        return otherwise


@cache
def _memory_device() -> tuple[int, int]:
    """The device number of the kernel's own memory file system, where anonymous files are."""
    descriptor = os.memfd_create("papercoder")
    try:
        device = os.fstat(descriptor).st_dev
    finally:
        os.close(descriptor)
    return os.major(device), os.minor(device)


SAMPLED = (
    "No control group is writable here, so memory and processes are sampled a few times a second instead of being "
    "limited by the kernel."
)

_MANY = 64
"""From this number of processes on, reading the exact memory of each takes too long."""

_ATTEMPTS, _PAUSE = 1000, 0.005
"""How often to look for survivors, and the seconds between two attempts."""


@dataclass(frozen=True)
class Process:
    """An entry of the process table."""

    pid: int
    parent: int
    threads: int

    def private_memory(self, exact: bool) -> int:
        """Bytes in memory or swapped out, without shared memory; files that are mapped count too.

        Args:
            exact: divide what processes share after a fork among them, instead of counting it in each. Takes longer.
        """
        name, counters = ("smaps_rollup", _PROPORTIONAL) if exact else ("status", _RESIDENT)
        try:
            text = Path(f"/proc/{self.pid}/{name}").read_text(encoding="utf-8", errors="replace")
        except OSError:  # it has exited, or the kernel does not let us read it
            return self.private_memory(exact=False) if exact else 0
        return sum(int(size) for key, size in _KIB.findall(text) if key in counters) * 1024


_KIB = re.compile(r"^(\w+):\s+(\d+) kB$", re.MULTILINE)
_PROPORTIONAL = frozenset({"Pss_Anon", "Pss_File", "SwapPss"})
_RESIDENT = frozenset({"RssAnon", "RssFile", "VmSwap"})


class ProcessTree:
    """A process and all its descendants."""

    notes: tuple[str, ...] = (SAMPLED,)

    def wrap(self, argv: Sequence[str], file_bytes: int) -> tuple[str, ...]:
        """The command line that starts `argv` with its limits."""
        return *launcher(file_bytes), *argv

    def measure(self, pid: int, /) -> Usage:
        """The sum over all processes, and the memory that they share."""
        tree = tuple(descendants(pid))
        private = sum(process.private_memory(exact=len(tree) < _MANY) for process in tree)
        shared = shared_memory([process.pid for process in tree])
        return Usage(memory=private + shared, tasks=sum(process.threads for process in tree))

    def pids(self, pid: int, /) -> tuple[int, ...]:
        """The processes that are alive."""
        return tuple(process.pid for process in descendants(pid))

    async def kill(self, pid: int, /) -> Usage:
        """Kill the process group and all descendants, and repeat until none is left."""
        usage = self.measure(pid)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        for _ in range(_ATTEMPTS):
            if not (alive := self.pids(pid)):
                break
            kill_processes(alive)
            await asyncio.sleep(_PAUSE)
        return usage

    async def remove(self) -> None:
        """Do nothing: a tree leaves nothing behind."""


def kill_processes(pids: Sequence[int]) -> None:
    """Send SIGKILL to those of these processes that still exist."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> Iterator[Process]:
    """A process and its descendants, as far as they are alive."""
    table = {process.pid: process for process in _process_table()}
    children: dict[int, list[int]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process.pid)
    todo = [pid] if pid in table else []
    while todo:
        yield table[(current := todo.pop())]
        todo += children.get(current, [])


def _process_table() -> Iterator[Process]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = entry.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = text.rpartition(")")[2].split()
        if fields[0] not in "ZX":
            yield Process(int(entry.parent.name), int(fields[1]), int(fields[17]))
