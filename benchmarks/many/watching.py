"""Memory, open files and threads of a process tree, from /proc (Linux only)."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.5
"""Seconds between two samples."""

_PROC = Path("/proc")
_MIB = 1024


@dataclass(frozen=True)
class Held:
    """Use of a process tree."""

    memory_mib: float
    """Shared pages count proportionally."""

    files: int
    threads: int
    processes: int

    def most(self, other: "Held") -> "Held":
        """The larger of each."""
        return Held(
            max(self.memory_mib, other.memory_mib),
            max(self.files, other.files),
            max(self.threads, other.threads),
            max(self.processes, other.processes),
        )


def held_by(roots: Iterable[int]) -> Held:
    """Current use of these processes and their descendants, without those that end meanwhile."""
    alive = [each for pid in tree(roots) if (each := _one(pid))]
    return Held(
        sum(each.memory_mib for each in alive),
        sum(each.files for each in alive),
        sum(each.threads for each in alive),
        len(alive),
    )


def tree(roots: Iterable[int]) -> list[int]:
    """These processes and their descendants."""
    children: dict[int, list[int]] = {}
    for pid in (int(path.name) for path in _PROC.iterdir() if path.name.isdigit()):
        if parent := _field(pid, "status", "PPid"):
            children.setdefault(parent, []).append(pid)
    found, todo = [], list(roots)
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def _one(pid: int) -> Held | None:
    memory, threads = _field(pid, "smaps_rollup", "Pss"), _field(pid, "status", "Threads")
    try:
        files = len(os.listdir(_PROC / str(pid) / "fd"))  # noqa: PTH208  several times as quick as a Path for each
    except OSError:
        return None
    return None if memory is None or threads is None else Held(memory / _MIB, files, threads, 1)


def _field(pid: int, file: str, name: str) -> int | None:
    """A number from one of the process's files; None if the process has ended."""
    try:
        text = (_PROC / str(pid) / file).read_text()
    except OSError:
        return None
    found = next((line for line in text.splitlines() if line.startswith(f"{name}:")), "")
    return int(found.split()[1]) if found else None


@dataclass
class Peak:
    """The peak of all samples."""

    held: Held = Held(0.0, 0, 0, 0)


@contextmanager
def watching(roots: Callable[[], Iterable[int]], every: float = EVERY) -> Iterator[Peak]:
    """Sample a process tree periodically."""
    peak, ended = Peak(), threading.Event()

    def look() -> None:
        while not ended.wait(every):
            peak.held = peak.held.most(held_by(roots()))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()
