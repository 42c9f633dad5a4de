"""The host's GPUs for commands that may use them: device files, what drivers read, and which GPUs are ours.

Nobody has reviewed the code that runs in a sandbox, and a driver is a large attack surface. So GPUs are off by default.
"""

import os
from dataclasses import dataclass
from pathlib import Path

VARIABLES = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
"""The variables by which a cluster's scheduler says which of a machine's GPUs are ours."""

GPU_EXPOSED = "The code could use this machine's GPUs and their driver, so it was not isolated from those."
NO_GPU = "A GPU was requested, but no GPU is available to us here, so the code ran on CPUs only."


@dataclass(frozen=True)
class Vendor:
    """A maker of GPUs, and the files that its libraries need."""

    cards: str
    """Pattern of the device files of GPUs. Without a match there is no GPU."""

    companions: tuple[str, ...]
    """Patterns of further device files."""

    readable: tuple[str, ...]
    """Folders of `/sys` that describe the machine and its GPUs."""

    selectors: tuple[str, ...]
    """The variables that are empty or -1 where no GPU is ours."""

    has_toolkit: bool = False
    """Whether docker can pass its GPUs, with their libraries, by `--gpus`."""

    @property
    def devices(self) -> tuple[str, ...]:
        """Its device files on this machine; none where there is no GPU, or none that is ours."""
        if not _matches(self.cards) or any(os.environ.get(name) in {"", "-1"} for name in self.selectors):
            return ()
        return tuple(path for pattern in (self.cards, *self.companions) for path in _matches(pattern))


def _matches(pattern: str) -> tuple[str, ...]:
    return tuple(sorted(map(str, Path("/").glob(pattern.removeprefix("/")))))


NVIDIA = Vendor(
    cards="/dev/nvidia[0-9]*",
    companions=(
        "/dev/nvidiactl",
        "/dev/nvidia-uvm",
        "/dev/nvidia-uvm-tools",
        "/dev/nvidia-modeset",
        "/dev/nvidia-limits/*",
    ),
    readable=("/sys/devices/system",),
    selectors=("CUDA_VISIBLE_DEVICES",),
    has_toolkit=True,
)
AMD = Vendor(
    cards="/dev/kfd",
    companions=("/dev/dri/renderD*",),
    readable=("/sys/devices", "/sys/class/kfd", "/sys/class/drm", "/sys/dev/char", "/sys/module/amdgpu"),
    selectors=("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"),
)
VENDORS = (NVIDIA, AMD)


@dataclass(frozen=True)
class GpuAccess:
    """The GPUs that a command may use."""

    vendors: tuple[Vendor, ...] = ()
    """The vendors of which there is a GPU."""

    notes: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def devices(self) -> tuple[str, ...]:
        """All device files."""
        return tuple(path for vendor in self.vendors for path in vendor.devices)

    @property
    def readable(self) -> tuple[str, ...]:
        """Further files and folders that drivers read."""
        return tuple(path for vendor in self.vendors for path in vendor.readable)


def gpu_access(allowed: bool, vendors: tuple[Vendor, ...]) -> GpuAccess:
    """The GPUs of these vendors for a command that may use GPUs; nothing for any other command."""
    if not allowed:
        return GpuAccess()
    present = tuple(vendor for vendor in vendors if vendor.devices)
    variables = tuple((name, os.environ[name]) for name in VARIABLES if name in os.environ)
    return GpuAccess(present, (GPU_EXPOSED if present else NO_GPU,), variables)
