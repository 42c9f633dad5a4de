"""GPUs for commands that may use them: device files, what their libraries read beside, and which of them are ours.

Nobody has read the code that runs in a sandbox, and a driver is a large surface; so this is for who asks for it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

VARIABLES = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
"""By these a cluster's scheduler says which of a machine's GPUs are ours."""

GIVEN = "The code could use this machine's GPUs, and their driver: that much it was not isolated from."
NONE = "A GPU was asked for, but none was found here that is ours to use; the code had processors alone."


@dataclass(frozen=True)
class Vendor:
    """A maker of GPUs: the files that its libraries need."""

    cards: str
    """Pattern of device files; without one of these there is no GPU."""

    beside: tuple[str, ...]
    """Patterns of further device files."""

    readable: tuple[str, ...]
    """Of `/sys`: how the machine and its GPUs are built."""

    chosen_by: tuple[str, ...]
    """Those of the variables that say that no GPU is ours where they are empty, or -1."""

    has_toolkit: bool = False
    """Does docker hand its GPUs over by itself, libraries and all?"""

    @property
    def devices(self) -> tuple[str, ...]:
        """Its device files that are there, where there is a GPU that may be ours."""
        if not _found(self.cards) or any(os.environ.get(name) in {"", "-1"} for name in self.chosen_by):
            return ()
        return tuple(path for pattern in (self.cards, *self.beside) for path in _found(pattern))


def _found(pattern: str) -> tuple[str, ...]:
    return tuple(sorted(map(str, Path("/").glob(pattern.removeprefix("/")))))


NVIDIA = Vendor(
    cards="/dev/nvidia[0-9]*",
    beside=(
        "/dev/nvidiactl",
        "/dev/nvidia-uvm",
        "/dev/nvidia-uvm-tools",
        "/dev/nvidia-modeset",
        "/dev/nvidia-caps/*",
    ),
    readable=("/sys/devices/system",),
    chosen_by=("CUDA_VISIBLE_DEVICES",),
    has_toolkit=True,
)
AMD = Vendor(
    cards="/dev/kfd",
    beside=("/dev/dri/renderD*",),
    readable=("/sys/devices", "/sys/class/kfd", "/sys/class/drm", "/sys/dev/char", "/sys/module/amdgpu"),
    chosen_by=("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"),
)
VENDORS = (NVIDIA, AMD)


@dataclass(frozen=True)
class Gpus:
    """What a command gets of a machine's GPUs."""

    vendors: tuple[Vendor, ...] = ()
    """Those of which there is one."""

    notes: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def devices(self) -> tuple[str, ...]:
        """All device files."""
        return tuple(path for vendor in self.vendors for path in vendor.devices)

    @property
    def readable(self) -> tuple[str, ...]:
        """All that is read beside."""
        return tuple(path for vendor in self.vendors for path in vendor.readable)


def lend(wanted: bool, vendors: tuple[Vendor, ...]) -> Gpus:
    """What there is, for a command that may use it; nothing for one that may not."""
    if not wanted:
        return Gpus()
    there = tuple(vendor for vendor in vendors if vendor.devices)
    ours = tuple((name, os.environ[name]) for name in VARIABLES if name in os.environ)
    return Gpus(there, (GIVEN if there else NONE,), ours)
