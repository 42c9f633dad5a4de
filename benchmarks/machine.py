"""The machine of the measurements, without identifying details."""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_GIB = 1 << 30


@dataclass(frozen=True)
class Machine:
    """Available cores and memory, and package versions."""

    cores: int
    memory_gib: float
    system: str
    versions: tuple[tuple[str, str], ...]
    """Package and version, for installed packages."""

    busy: float
    """Load average of the minute before the start."""

    def described(self) -> str:
        """The machine in words."""
        packages = ", ".join(f"{name} {number}" for name, number in self.versions)
        cores = f"{self.cores} core{'' if self.cores == 1 else 's'}"
        return (
            f"{self.system} with {cores} and {self.memory_gib:.0f} GiB, load {self.busy:.1f} before it, with {packages}"
        )


def this_machine() -> Machine:
    """This machine."""
    packages = (("PaperCoder", "papercoder"), ("pydantic", "pydantic"), ("Ray", "ray"))
    found = tuple((shown, number) for shown, name in packages if (number := _version(name)))
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB,
        system=f"{platform.system()} ({platform.machine()})",
        versions=(("Python", platform.python_version()), *found),
        busy=os.getloadavg()[0],
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def example() -> Path:
    """The bundled paper."""
    return Path(__file__).parents[1] / "examples" / "kiln" / "paper.pdf"
