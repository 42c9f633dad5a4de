"""A command's processes in a control group, version 1 or 2: the kernel counts them, holds them and ends them."""

import asyncio
import os
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts.execution import Cap
from papercoder.sandbox.cage import Reading
from papercoder.sandbox.contract import Caps
from papercoder.sandbox.launch import prefix
from papercoder.sandbox.processes import kill

MOUNT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Controls:
    """The files of one version of control groups."""

    memory_limit: str
    swap_limit: str
    """Not there where the kernel does not count swap."""

    memory_stat: tuple[str, ...]
    """The counters of `memory.stat` that are memory in use, without what the kernel can drop."""

    memory_events: str


_V1 = Controls(
    "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", ("total_rss", "total_shmem"), "memory.oom_control"
)
_V2 = Controls("memory.max", "memory.swap.max", ("anon", "shmem"), "memory.events")


@dataclass(frozen=True)
class Group:
    """One control group for memory and one for processes; in version 2 they are the same folder."""

    memory: Path
    tasks: Path
    controls: Controls
    notes: tuple[str, ...] = ()

    def start(self, argv: Sequence[str], file_bytes: int) -> tuple[str, ...]:
        """The command line that starts the command inside."""
        return *prefix(file_bytes, self._folders), *argv

    def read(self, _: int, /) -> Reading:
        """Read the kernel's counters."""
        stat = _counters(self.memory / "memory.stat")
        return Reading(
            memory=sum(stat.get(name, 0) for name in self.controls.memory_stat),
            tasks=int(_text(self.tasks / "pids.current") or 0),
            reached=self._reached(),
        )

    def pids(self, _: int, /) -> tuple[int, ...]:
        """The processes inside."""
        return tuple({int(pid) for folder in self._folders for pid in _text(folder / "cgroup.procs").split()})

    async def end(self, pid: int, /) -> Reading:
        """Let no process start, kill all that are inside, and remove the group."""
        reading = self.read(pid)
        with suppress(OSError):
            (self.tasks / "pids.max").write_text("0", encoding="ascii")
        for _ in range(_TRIES):
            if not (inside := self.pids(pid)):
                break
            kill(inside)
            await asyncio.sleep(_MOMENT)
        await self.discard()
        return reading

    async def discard(self) -> None:
        """Remove the group."""
        for folder in self._folders:
            await _remove(folder)

    @property
    def _folders(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys((self.memory, self.tasks)))

    def _reached(self) -> Cap | None:
        if _counters(self.memory / self.controls.memory_events).get("oom_kill"):
            return "memory"
        return "processes" if _counters(self.tasks / "pids.events").get("max") else None


_TRIES, _MOMENT = 1000, 0.005
"""How often, and how many seconds apart, the kernel is asked again."""


def make_group(caps: Caps, mount: Path = MOUNT, membership: str | None = None) -> Group | None:
    """A new control group with these caps; None where none can be made.

    Args:
        caps: of which memory and processes are set.
        mount: where control groups are.
        membership: which groups this process is in, as in `/proc/self/cgroup`; None: as it says there.
    """
    homes = _homes(mount, _text(Path("/proc/self/cgroup")) if membership is None else membership)
    name = f"papercoder-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    memory, processes = str(caps.memory), str(caps.processes)
    if both := _inside(homes.get(""), name, {_V2.memory_limit: memory, "pids.max": processes}, {_V2.swap_limit: "0"}):
        return Group(both, both, _V2)
    tasks = _inside(homes.get("pids"), name, {"pids.max": processes}, {})
    if not tasks:
        return None
    held = _inside(homes.get("memory"), name, {_V1.memory_limit: memory}, {_V1.swap_limit: memory})
    if not held:
        tasks.rmdir()
        return None
    return Group(held, tasks, _V1)


def _homes(mount: Path, membership: str) -> dict[str, Path]:
    """Controller -> this process's own group; that of version 2 has the name ''."""
    homes: dict[str, Path] = {}
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        homes |= {controller: mount / controller / path.strip("/") for controller in controllers.split(",")}
    return homes


def _inside(home: Path | None, name: str, needed: Mapping[str, str], wanted: Mapping[str, str]) -> Path | None:
    """Make a group in this process's own, or in the nearest one above it that can be limited and entered."""
    if home is None:
        return None
    for parent in (home, *home.parents):
        if not os.access(parent / "cgroup.procs", os.W_OK):
            return None
        if _made(parent / name, needed, wanted):
            return parent / name
    return None


def _made(folder: Path, needed: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    try:
        folder.mkdir()
    except OSError:
        return False
    try:
        for name, value in needed.items():
            (folder / name).write_text(value, encoding="ascii")
    except OSError:
        folder.rmdir()
        return False
    for name, value in wanted.items():
        with suppress(OSError):
            (folder / name).write_text(value, encoding="ascii")
    return True


async def _remove(folder: Path) -> None:
    """The kernel may hold a group for a moment after its last process has ended."""
    for _ in range(_TRIES):
        if _removed(folder):
            return
        await asyncio.sleep(_MOMENT)


def _removed(folder: Path) -> bool:
    with suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def _counters(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in _text(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _text(path: Path) -> str:
    """A file of the kernel's; empty where it is not there."""
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
