"""The contracts of a sandbox: the command that goes in, and what runs, measures and ends it."""

import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from papercoder.artifacts.execution import Limit, Outcome

Phase = Literal["install", "run"]

MIB = 1 << 20
GIB = 1 << 30

SCRATCH_FOLDERS = ("/tmp", "/dev/shm")  # noqa: S108
"""The folders in memory that every command has. Nothing else that it can write to is in memory."""


@dataclass(frozen=True)
class Limits:
    """Resource limits of a command. At the first limit that it reaches, all its processes are killed."""

    seconds: float = 600.0
    memory: int = 8 * GIB
    """Bytes, for all its processes together."""

    processes: int = 1024
    """Processes and threads at the same time."""

    disk: int = 8 * GIB
    """Bytes in its folder, including what was there before. Each file or folder counts as at least 4 KiB."""

    scratch: int = GIB
    """Bytes in each of `SCRATCH_FOLDERS`. They also count as memory."""

    output: int = 64 * MIB
    """Bytes printed. The end of the output is kept."""


@dataclass(frozen=True)
class Bind:
    """A file or folder of the host and its path inside the sandbox."""

    source: Path
    target: str


@dataclass(frozen=True)
class Command:
    """What to run. Paths in `argv` and `environment` are paths inside the sandbox."""

    argv: tuple[str, ...]
    folder: Bind
    """The working directory, which the command may write to."""

    phase: Phase = "run"
    """`install` has network access and runs installers only. `run` has none and runs any code."""

    readable: tuple[Bind, ...] = ()
    writable: tuple[Bind, ...] = ()
    """Further folders for installers, such as a download cache. They do not count towards the disk limit."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables besides `PATH`, `HOME`, `TMPDIR`, `LANG`, `USER` and those that select GPUs."""

    limits: Limits = Limits()
    gpu: bool = False
    """Whether the command may use the host's GPUs."""

    on_line: Callable[[str], None] | None = None
    """Called with each line of output as it is printed; the text is untrusted."""

    @property
    def binds(self) -> tuple[Bind, ...]:
        """Everything that is visible besides the system."""
        return (*self.readable, *self.writable, self.folder)


class Sandbox(Protocol):
    """Runs untrusted code."""

    @property
    def name(self) -> str:
        """`bubblewrap`, `docker` or `subprocess`."""

    @property
    def python(self) -> str:
        """Path of the Python interpreter inside the sandbox. Virtual environments are built on it."""

    @property
    def system(self) -> str:
        """The Python version and platform that packages are resolved for: `Python 3.11.9 on linux x86_64`."""

    async def run(self, command: Command) -> Outcome:
        """Run a command until it exits or reaches a limit. None of its processes survives.

        Raises:
            SandboxError: the sandbox could not be started.
        """


@dataclass(frozen=True)
class Usage:
    """The resources that a process group uses at one moment. None means unknown."""

    memory: int | None = None
    """Bytes."""

    tasks: int | None = None
    """Processes and threads."""

    limit: Limit | None = None
    """A limit that the kernel has already enforced."""


class ProcessGroup(Protocol):
    """All processes of one command."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What this kind of group cannot enforce, one sentence each."""

    def wrap(self, argv: Sequence[str], file_bytes: int) -> tuple[str, ...]:
        """The command line that starts `argv` inside the group, with files limited to `file_bytes` each."""

    def measure(self, pid: int, /) -> Usage:
        """The current usage. `pid` is the first process."""

    def pids(self, pid: int, /) -> tuple[int, ...]:
        """The processes that are alive, as far as they are visible."""

    async def kill(self, pid: int, /) -> Usage:
        """Measure a last time, kill all processes and remove the group."""

    async def remove(self) -> None:
        """Remove a group in which nothing was started."""


def standard_environment(path: str) -> dict[str, str]:
    """The environment variables that every command has, with this `PATH`."""
    return {"PATH": path, "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8", "USER": "sandbox"}  # noqa: S108


def host_python() -> str:
    """Path of the interpreter that runs PaperCoder, outside any virtual environment."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")


def host_system() -> str:
    """The host's Python version and platform, in the form of `Sandbox.system`."""
    return f"Python {platform.python_version()} on {sys.platform} {platform.machine()}"
