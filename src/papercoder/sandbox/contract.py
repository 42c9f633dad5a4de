"""What a sandbox is to PaperCoder: a command goes in, what was seen of it comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from papercoder.artifacts.execution import Outcome

Phase = Literal["install", "run"]

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True)
class Caps:
    """What a command may use; at the first cap that it reaches, all its processes are ended."""

    seconds: float = 600.0
    memory: int = 8 * GIB
    """Bytes, of all its processes together."""

    processes: int = 1024
    """Processes and threads at the same time."""

    disk: int = 8 * GIB
    """Bytes that its folder may hold, with what was there before; an entry counts as 4 KiB at least."""

    scratch: int = GIB
    """Bytes that it may hold in `/tmp`, and in `/dev/shm`; they count as memory too."""

    output: int = 64 * MIB
    """Bytes that it may print; the end of them is kept."""


@dataclass(frozen=True)
class Bind:
    """A file or folder of this machine, and where the command finds it."""

    source: Path
    target: str


@dataclass(frozen=True)
class Command:
    """What to run; all paths in `argv` and `environment` are those inside the sandbox."""

    argv: tuple[str, ...]
    folder: Bind
    """The command's working folder, and the one that it may write to."""

    phase: Phase = "run"
    """`install` has the network, and runs installers only; `run` has none, and runs anything."""

    readable: tuple[Bind, ...] = ()
    writable: tuple[Bind, ...] = ()
    """For installers: folders beside their own that are kept between runs, outside the cap on the disk."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """All variables that it sees but `PATH`, `HOME`, `TMPDIR`, `LANG`, `USER` and those that choose GPUs."""

    caps: Caps = Caps()
    gpu: bool = False
    """May it use this machine's GPUs?"""

    @property
    def binds(self) -> tuple[Bind, ...]:
        """All that it sees beside the system."""
        return (*self.readable, *self.writable, self.folder)


class Sandbox(Protocol):
    """A place to run code that nobody has read."""

    @property
    def name(self) -> str:
        """`bubblewrap`, `docker`, `plain`."""

    @property
    def python(self) -> str:
        """The Python interpreter, as commands find it, on which environments are built."""

    @property
    def system(self) -> str:
        """The Python and the platform that packages are resolved for: `Python 3.11.9 on linux x86_64`."""

    async def run(self, command: Command) -> Outcome:
        """Run a command until it ends by itself or reaches a cap; none of its processes is left.

        Raises:
            SandboxError: the sandbox itself could not be started.
        """


def standard_environment(path: str) -> dict[str, str]:
    """The variables that every command has."""
    return {"PATH": path, "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8", "USER": "sandbox"}  # noqa: S108
