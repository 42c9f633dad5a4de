"""Memory that belongs to no single process, for commands without a control group.

It lies in files of the kernel's memory file system: those in the sandbox's `/tmp` and `/dev/shm`, and anonymous ones
behind `mmap(MAP_SHARED | MAP_ANONYMOUS)`. Sums over processes miss what is written and not mapped, or was unmapped. The
remaining two ways to hold such memory, `memfd_create` and `shmget`, are denied by the system call filter.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from papercoder.sandbox.contract import SCRATCH_FOLDERS

_BLOCK = 512
_MAPPING = re.compile(r"^(\w+)-(\w+) \S{3}s (\w+) (\w+):(\w+) (\d+)", re.MULTILINE)
"""A shared mapping in `/proc/PID/maps`: start, end, offset, device, inode."""


def shared_memory(pids: Iterable[int]) -> int:
    """Bytes of shared memory that these processes of one sandbox use."""
    pids = tuple(pids)
    return _scratch(pids) + _anonymous(pids) if pids else 0


def _scratch(pids: Iterable[int]) -> int:
    """Bytes in the scratch folders, including files that were deleted and are still open. 0 without a sandbox."""
    sizes: dict[int, int] = {}
    for pid in pids:
        for folder in SCRATCH_FOLDERS:
            with suppress(OSError):  # the process has exited
                inside = f"/proc/{pid}/root{folder}"
                device = Path(inside).stat().st_dev
                if device != Path(folder).stat().st_dev:  # else this process still sees the host's folder
                    system = os.statvfs(inside)
                    sizes[device] = (system.f_blocks - system.f_bfree) * system.f_frsize
    return sum(sizes.values())


def _anonymous(pids: Iterable[int]) -> int:
    """Bytes behind shared anonymous mappings.

    Only root may ask the kernel for the size of what is behind a mapping. For others, the whole mapping counts, touched
    or not, and what was unmapped in part is missed.
    """
    sizes: dict[str, int] = {}
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for start, end, offset, major, minor, inode in _MAPPING.findall(text):
            if (int(major, 16), int(minor, 16)) == _memory_device():
                reach = int(offset, 16) + int(end, 16) - int(start, 16)
                size = _size_behind(pid, f"{start}-{end}", reach)
                sizes[inode] = max(sizes.get(inode, 0), size)
    return sum(sizes.values())


def _size_behind(pid: int, mapping: str, otherwise: int) -> int:
    try:
        return Path(f"/proc/{pid}/map_files/{mapping}").stat().st_blocks * _BLOCK
    except OSError:
        return otherwise


@cache
def _memory_device() -> tuple[int, int]:
    """The device number of the kernel's own memory file system, where anonymous files are."""
    descriptor = os.memfd_create("papercoder")
    try:
        device = os.fstat(descriptor).st_dev
    finally:
        os.close(descriptor)
    return os.major(device), os.minor(device)
