"""A command's processes found through `/proc`, where no control group can be created."""

import asyncio
import os
import re
import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from papercoder.sandbox.contract import Usage
from papercoder.sandbox.launch import launcher

SAMPLED = (
    "No control group is writable here, so memory and processes are sampled a few times a second instead of being "
    "limited by the kernel."
)

_MANY = 64
"""From this number of processes on, reading the shared memory of each takes too long."""

_ATTEMPTS, _PAUSE = 1000, 0.005
"""How often to look for survivors, and the seconds between two attempts."""

_PAGE = resource.getpagesize()


@dataclass(frozen=True)
class Process:
    """An entry of the process table."""

    pid: int
    parent: int
    threads: int
    resident: int
    """Resident memory in bytes. Memory that processes share counts in each of them."""

    @property
    def proportional(self) -> int:
        """Resident memory in bytes, with shared memory divided among the processes that share it."""
        try:
            text = Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            return self.resident
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        return int(found[1]) * 1024 if found else self.resident


class ProcessTree:
    """A process and all its descendants."""

    notes: tuple[str, ...] = (SAMPLED,)

    def wrap(self, argv: Sequence[str], file_bytes: int) -> tuple[str, ...]:
        """The command line that starts `argv` with its limits."""
        return *launcher(file_bytes), *argv

    def measure(self, pid: int, /) -> Usage:
        """The sum over all processes."""
        tree = tuple(descendants(pid))
        exact = len(tree) < _MANY
        memory = sum(process.proportional if exact else process.resident for process in tree)
        return Usage(memory=memory, tasks=sum(process.threads for process in tree))

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
            yield Process(int(entry.parent.name), int(fields[1]), int(fields[17]), int(fields[21]) * _PAGE)
