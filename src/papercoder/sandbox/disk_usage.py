"""The disk space that a command uses, measured without following links that it made."""

import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

_ENTRY = 4096
_BLOCK = 512

_RESERVE = 512 << 20
"""Bytes that a command must leave free on the disk, whatever its limit."""

_DELETED = re.compile(r"^(\w+-\w+) .* \(deleted\)$", re.MULTILINE)
"""The addresses of a mapping of a deleted file in `/proc/PID/maps`."""

_IN_FLIGHT = re.compile(r"^scm_fds:\s+[1-9]", re.MULTILINE)
"""In `/proc/PID/fdinfo` of a socket: it holds files that were sent and not yet received."""


class DiskLimit:
    """A limit on the disk space that one command uses."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder, limit
        self._free_before = shutil.disk_usage(folder).free

    def is_reached(self, pids: Sequence[int]) -> bool:
        """Whether its folder holds as much as the limit, or the disk is almost full.

        Where its processes hold files that cannot be seen, free space that was lost since the start counts as theirs.
        """
        if disk_usage(self.folder, pids, self.limit) >= self.limit:
            return True
        free = shutil.disk_usage(self.folder).free
        if free < min(_RESERVE, self._free_before // 2):
            return True
        return self._free_before - free >= self.limit and any(map(_hides_files, pids))


def _hides_files(pid: int) -> bool:
    """Whether a process holds files that it does not list: sent to a socket, or the list is not readable."""
    try:
        for entry in Path(f"/proc/{pid}/fdinfo").iterdir():
            if _IN_FLIGHT.search(entry.read_text(encoding="ascii", errors="replace")):
                return True
    except PermissionError:
        return True
    except OSError:  # it has exited, or closed the file
        return False
    return False


def disk_usage(folder: Path, pids: Iterable[int], enough: int) -> int:
    """Bytes in a folder, including files that these processes have deleted but still hold open.

    Counting stops once it reaches `enough`. A folder that cannot be read, because of its depth or its permissions,
    counts as `enough`: only the command can have made it so.
    """
    total = 0
    todo: list[Path] = [folder]
    try:
        while todo and total < enough:
            size, subfolders = _level(todo.pop())
            total += size
            todo += subfolders
    except OSError:
        return enough
    return total if total >= enough else total + _deleted(folder, pids)


def _level(folder: Path) -> tuple[int, list[Path]]:
    total, subfolders = 0, []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    total += max(entry.stat(follow_symlinks=False).st_blocks * _BLOCK, _ENTRY)
                except FileNotFoundError:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    subfolders.append(Path(entry.path))
    except (FileNotFoundError, NotADirectoryError):  # deleted meanwhile
        return total, subfolders
    return total, subfolders


def _deleted(folder: Path, pids: Iterable[int]) -> int:
    device = folder.stat().st_dev
    sizes: dict[int, int] = {}
    for pid in pids:
        for status in _open_files(pid):
            if status.st_dev == device and not status.st_nlink and stat.S_ISREG(status.st_mode):
                sizes[status.st_ino] = status.st_blocks * _BLOCK
    return sum(sizes.values())


def _open_files(pid: int) -> Iterator[os.stat_result]:
    """The files that a process has open, and the deleted ones that it has mapped, as far as the kernel lets us see."""
    process = Path(f"/proc/{pid}")
    try:
        mapped = _DELETED.findall((process / "maps").read_text(encoding="utf-8", errors="replace"))
        files = [*(process / "fd").iterdir(), *(process / "map_files" / addresses for addresses in mapped)]
    except OSError:  # the process has exited, or belongs to another user
        return
    for file in files:
        with suppress(OSError):
            yield file.stat()
