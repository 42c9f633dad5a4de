"""The disk space that a command uses, measured without following links that it made."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

_ENTRY = 4096
_BLOCK = 512


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


def _open_files(pid: int) -> list[os.stat_result]:
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            return [Path(entry.path).stat() for entry in entries]
    except OSError:  # the process has exited, or belongs to another user
        return []
