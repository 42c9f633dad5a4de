"""How much of the disk a command holds, counted without following anything that it made."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

_ENTRY = 4096
_BLOCK = 512


def held(folder: Path, pids: Iterable[int], enough: int) -> int:
    """Bytes that a folder holds, with files that these processes have deleted but not closed.

    Counting ends once it has reached `enough`. A folder that cannot be counted, for its depth or its permissions,
    counts as `enough`: nobody but the command has made it so.
    """
    total = 0
    todo: list[Path] = [folder]
    try:
        while todo and total < enough:
            bytes_here, below = _level(todo.pop())
            total += bytes_here
            todo += below
    except OSError:
        return enough
    return total if total >= enough else total + _deleted(folder, pids)


def _level(folder: Path) -> tuple[int, list[Path]]:
    total, below = 0, []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                total += _size(entry)
                if entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry.path))
    except (FileNotFoundError, NotADirectoryError):
        return total, below
    return total, below


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return max(entry.stat(follow_symlinks=False).st_blocks * _BLOCK, _ENTRY)
    except FileNotFoundError:
        return 0


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
    except OSError:  # it has ended, or is not ours to look into
        return []
