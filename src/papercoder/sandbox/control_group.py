"""A command's processes in a Linux control group, version 1 or 2: the kernel counts, limits and lists them.

An ordinary user's group is made by systemd, in a scope of the user's own service manager.
"""

import asyncio
import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from papercoder.artifacts.execution import Limit
from papercoder.files.temporary import is_abandoned, mark
from papercoder.sandbox.contract import Limits, ProcessGroup, Usage
from papercoder.sandbox.launch import launcher
from papercoder.sandbox.processes import ProcessTree, kill_processes

MOUNT = Path("/sys/fs/cgroup")

_PREFIX = "papercoder-"
_ATTEMPTS, _PAUSE = 1000, 0.005
"""How often to ask the kernel again, and the seconds between two attempts."""


@dataclass(frozen=True)
class Interface:
    """The files of one version of control groups."""

    memory_limit: str
    swap_limit: str
    """Missing where the kernel does not account for swap."""

    memory_stat: tuple[str, ...]
    """The counters in `memory.stat` for memory in use, without caches that the kernel can drop."""

    memory_events: str


VERSION_1 = Interface(
    "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", ("total_rss", "total_shmem"), "memory.oom_control"
)
VERSION_2 = Interface("memory.max", "memory.swap.max", ("anon", "shmem"), "memory.events")


@dataclass(frozen=True)
class ControlGroup:
    """One control group for memory and one for processes. In version 2 they are the same folder."""

    memory: Path
    tasks: Path
    interface: Interface
    notes: tuple[str, ...] = ()

    def wrap(self, argv: Sequence[str], file_bytes: int) -> tuple[str, ...]:
        """The command line that starts `argv` inside the group."""
        return *launcher(file_bytes, self._folders), *argv

    def measure(self, _: int, /) -> Usage:
        """Read the kernel's counters."""
        stat = _counters(self.memory / "memory.stat")
        return Usage(
            memory=sum(stat.get(name, 0) for name in self.interface.memory_stat),
            tasks=int(_text(self.tasks / "pids.current") or 0),
            limit=self._enforced_limit(),
        )

    def pids(self, _: int, /) -> tuple[int, ...]:
        """The processes in the group."""
        return tuple({int(pid) for folder in self._folders for pid in _text(folder / "cgroup.procs").split()})

    async def kill(self, pid: int, /) -> Usage:
        """Allow no new process, kill all processes and remove the group."""
        usage = self.measure(pid)
        with suppress(OSError):
            (self.tasks / "pids.max").write_text("0", encoding="ascii")
        for _ in range(_ATTEMPTS):
            if not (alive := self.pids(pid)):
                break
            kill_processes(alive)
            await asyncio.sleep(_PAUSE)
        await self.remove()
        return usage

    async def remove(self) -> None:
        """Remove the group. The kernel may keep it busy for a moment after its last process has exited."""
        for folder in self._folders:
            for _ in range(_ATTEMPTS):
                with suppress(OSError):
                    folder.rmdir()
                if not folder.exists():
                    break
                await asyncio.sleep(_PAUSE)

    @property
    def _folders(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys((self.memory, self.tasks)))

    def _enforced_limit(self) -> Limit | None:
        if _counters(self.memory / self.interface.memory_events).get("oom_kill"):
            return "memory"
        return "processes" if _counters(self.tasks / "pids.events").get("max") else None


def create_control_group(limits: Limits, mount: Path = MOUNT, membership: str | None = None) -> ControlGroup | None:
    """Create a control group with these limits on memory and processes; None where that is not possible.

    Args:
        limits: the limits.
        mount: where control groups are mounted.
        membership: the groups of this process, in the format of `/proc/self/cgroup`; None: read from there.
    """
    homes = _homes(mount, _text(Path("/proc/self/cgroup")) if membership is None else membership)
    name = f"{_PREFIX}{mark()}-{uuid.uuid4().hex[:8]}"
    memory, processes = str(limits.memory), str(limits.processes)
    both = _create_below(
        homes.get(""), name, {VERSION_2.memory_limit: memory, "pids.max": processes}, {VERSION_2.swap_limit: "0"}
    )
    if both:
        return ControlGroup(both, both, VERSION_2)
    tasks = _create_below(homes.get("pids"), name, {"pids.max": processes}, {})
    if not tasks:
        return None
    limited = _create_below(homes.get("memory"), name, {VERSION_1.memory_limit: memory}, {VERSION_1.swap_limit: memory})
    if not limited:
        tasks.rmdir()
        return None
    return ControlGroup(limited, tasks, VERSION_1)


def _homes(mount: Path, membership: str) -> dict[str, Path]:
    """Controller -> the group of this process. The key for version 2 is an empty string."""
    homes: dict[str, Path] = {}
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        homes |= {controller: mount / controller / path.strip("/") for controller in controllers.split(",")}
    return homes


def _create_below(
    home: Path | None, name: str, required: Mapping[str, str], optional: Mapping[str, str]
) -> Path | None:
    """Create a group below this one, or below its nearest parent that allows it."""
    if home is None:
        return None
    for parent in (home, *home.parents):
        if not os.access(parent / "cgroup.procs", os.W_OK):
            return None
        if _create(parent / name, required, optional):
            _sweep(parent)
            return parent / name
    return None


@cache
def _sweep(parent: Path) -> None:
    """Remove the groups that dead processes left, with what still runs in them."""
    for group in parent.glob(f"{_PREFIX}*"):
        if is_abandoned(group.name):
            kill_processes([int(pid) for pid in _text(group / "cgroup.procs").split()])
            with suppress(OSError):  # busy for a moment, until the processes have ended; the next start removes it
                group.rmdir()


def _create(folder: Path, required: Mapping[str, str], optional: Mapping[str, str]) -> bool:
    try:
        folder.mkdir()
    except OSError:
        return False
    try:
        for name, value in required.items():
            (folder / name).write_text(value, encoding="ascii")
    except OSError:
        folder.rmdir()
        return False
    for name, value in optional.items():
        with suppress(OSError):
            (folder / name).write_text(value, encoding="ascii")
    return True


def _counters(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in _text(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _text(path: Path) -> str:
    """The content of a kernel file; empty where it does not exist."""
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


_ENV = "/usr/bin/env"
_BUS = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
"""The variables by which `systemd-run` finds the user's service manager."""


def kernel_group(limits: Limits) -> ProcessGroup | None:
    """A group with limits that the kernel enforces: a control group that we may create, or else a scope of systemd."""
    return create_control_group(limits) or create_scope(limits)


def create_scope(limits: Limits, mount: Path = MOUNT) -> "Scope | None":
    """A scope with these limits on memory and processes; None where systemd offers none.

    Args:
        limits: the limits.
        mount: where control groups of version 2 are mounted.
    """
    bus = {name: os.environ[name] for name in _BUS if name in os.environ}
    program = shutil.which("systemd-run")
    slice_ = _slice(program, tuple(bus.items())) if program and bus else None
    if not program or not slice_:
        return None
    name = _new_name()
    folder = mount / slice_ / name
    return Scope(_start(program, bus, limits, name), ControlGroup(folder, folder, VERSION_2))


@dataclass(frozen=True)
class Scope:
    """The processes of one command in a scope, which systemd removes after the last of them.

    With it goes the kernel's note that memory ran out. A command that ends by that alone is reported by its exit code.
    """

    start: tuple[str, ...]
    """The start of a command line whose rest runs in the scope, as the same process."""

    group: ControlGroup
    """The scope's control group, once systemd has made it."""

    notes: tuple[str, ...] = ()

    def wrap(self, argv: Sequence[str], file_bytes: int) -> tuple[str, ...]:
        """The command line that starts `argv` in the scope, without the variables that `systemd-run` needs."""
        return *self.start, _ENV, "-i", *launcher(file_bytes), *argv

    def measure(self, pid: int, /) -> Usage:
        """Read the kernel's counters."""
        return self.group.measure(pid)

    def pids(self, pid: int, /) -> tuple[int, ...]:
        """The processes in the scope."""
        return self.group.pids(pid)

    async def kill(self, pid: int, /) -> Usage:
        """Kill all processes, also one that systemd has not moved yet."""
        usage = self.group.measure(pid)
        await ProcessTree().kill(pid)
        await self.group.kill(pid)
        return usage

    async def remove(self) -> None:
        """Do nothing: a scope exists only with its processes."""


def _start(program: str, bus: Mapping[str, str], limits: Limits, name: str) -> tuple[str, ...]:
    properties = {"MemoryMax": limits.memory, "MemorySwapMax": 0, "TasksMax": limits.processes, "Delegate": "yes"}
    return (
        *(_ENV, "-i", *(f"{variable}={value}" for variable, value in bus.items())),
        *(program, "--user", "--scope", "--quiet", "--collect", f"--unit={name}"),
        *(f"--property={key}={value}" for key, value in properties.items()),
        "--",
    )


@cache
def _slice(program: str, bus: tuple[tuple[str, str], ...]) -> str | None:
    """The group in which the user's service manager makes scopes with these limits, tried once; None if it does not."""
    name = _new_name()
    argv = [*_start(program, dict(bus), Limits(), name), "/bin/cat", "/proc/self/cgroup"]
    try:
        tried = subprocess.run(argv, capture_output=True, text=True, check=False, env={}, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    path = tried.stdout.strip().removeprefix("0::/")
    return path.removesuffix(f"/{name}") if path.endswith(f"/{name}") and not tried.returncode else None


def _new_name() -> str:
    return f"papercoder-{mark()}-{uuid.uuid4().hex[:8]}.scope"
