"""A control group that systemd makes for an ordinary user, in a scope of the user's own service manager."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from papercoder.files.temporary import mark
from papercoder.sandbox.contract import Limits, ProcessGroup, Usage
from papercoder.sandbox.control_group import MOUNT, VERSION_2, ControlGroup, create_control_group
from papercoder.sandbox.launch import launcher
from papercoder.sandbox.processes import ProcessTree

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
