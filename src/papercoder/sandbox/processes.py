"""A command's processes found through `/proc`: for where no control group can be made."""

import asyncio
import os
import re
import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from papercoder.sandbox.cage import Reading
from papercoder.sandbox.launch import prefix

WATCHED = (
    "Memory and processes are watched a few times a second, not held by the kernel: no control group is writable here."
)


@dataclass(frozen=True)
class Process:
    """A line of the process table."""

    pid: int
    parent: int
    threads: int
    resident: int
    """Bytes in memory; those shared with other processes count in each."""

    @property
    def share(self) -> int:
        """Bytes in memory; those shared with other processes count in parts, so that a sum over all is right."""
        try:
            text = Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            return self.resident
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        return int(found[1]) * 1024 if found else self.resident


class Tree:
    """A process and all that descend from it."""

    notes: tuple[str, ...] = (WATCHED,)

    def start(self, argv: Sequence[str], file_bytes: int) -> tuple[str, ...]:
        """The command line that starts the command with its limits."""
        return *prefix(file_bytes), *argv

    def read(self, pid: int, /) -> Reading:
        """Add up what its processes hold."""
        tree = tuple(descendants(pid))
        memory = sum(one.share for one in tree) if len(tree) < _MANY else sum(one.resident for one in tree)
        return Reading(memory=memory, tasks=sum(one.threads for one in tree))

    def pids(self, pid: int, /) -> tuple[int, ...]:
        """Its processes."""
        return tuple(one.pid for one in descendants(pid))

    async def end(self, pid: int, /) -> Reading:
        """Kill its process group and all that descend from it, again and again until none is left."""
        reading = self.read(pid)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        for _ in range(_TRIES):
            if not (left := self.pids(pid)):
                break
            kill(left)
            await asyncio.sleep(_MOMENT)
        return reading

    async def discard(self) -> None:
        """There is nothing to clear up."""


_MANY = 64
"""Processes from which on looking into each would take too long."""

_TRIES, _MOMENT = 1000, 0.005
"""How often, and how many seconds apart, the process table is read again."""


def kill(pids: Sequence[int]) -> None:
    """Kill these, as far as they are there."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> Iterator[Process]:
    """This process and its descendants that are alive."""
    table = {process.pid: process for process in _process_table()}
    children: dict[int, list[int]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process.pid)
    todo = [pid] if pid in table else []
    while todo:
        yield table[(one := todo.pop())]
        todo += children.get(one, [])


def _process_table() -> Iterator[Process]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = entry.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = text.rpartition(")")[2].split()
        if fields[0] not in "ZX":
            yield Process(int(entry.parent.name), int(fields[1]), int(fields[17]), int(fields[21]) * _PAGE)


_PAGE = resource.getpagesize()
