"""What holds a command's processes together: measures them and ends them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from papercoder.artifacts.execution import Cap


@dataclass(frozen=True)
class Reading:
    """What a command uses at this moment."""

    memory: int | None = None
    """Bytes; None where it is not known."""

    tasks: int | None = None
    """Processes and threads; None where it is not known."""

    reached: Cap | None = None
    """The cap that the kernel has enforced already."""


class Cage(Protocol):
    """One command's processes."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What it cannot hold, one sentence each."""

    def start(self, argv: Sequence[str], file_bytes: int) -> tuple[str, ...]:
        """The command line that starts the command inside."""

    def read(self, pid: int, /) -> Reading:
        """Measure; `pid` is the process that was started."""

    def pids(self, pid: int, /) -> tuple[int, ...]:
        """All processes, as far as they can be seen."""

    async def end(self, pid: int, /) -> Reading:
        """Measure a last time, end every process and clear up."""

    async def discard(self) -> None:
        """Clear up where nothing was started."""
