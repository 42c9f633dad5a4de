"""The cache of this machine: what it holds, and removing what was not used for long."""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from papercoder.files.temporary import delete_tree, is_held, sweep

KINDS = {"environments": 1, "data": 3, "downloads": 1, "arxiv": 1, "papers": 1, "diagrams": 1}
"""The folders of the cache, and how deep below them their entries are. All can be made again."""

_BLOCK = 512


@dataclass(frozen=True)
class CacheEntry:
    """What is made, used and removed as a whole, such as one environment."""

    kind: str
    path: Path
    size: int
    """Bytes on the disk."""

    used: float
    """When it was last used, or made where that is not noted, in seconds since 1970."""


def cache_entries(cache: Path) -> list[CacheEntry]:
    """All entries, the one that was not used for longest first."""
    found = [_entry(kind, path) for kind, depth in KINDS.items() for path in _paths(cache / kind, depth)]
    return sorted(found, key=lambda entry: entry.used)


def prune(cache: Path, older_than: float | None = None, max_size: int | None = None) -> list[CacheEntry]:
    """Remove entries, but none that a running command uses, and what dead processes left half made.

    Args:
        cache: the cache.
        older_than: seconds; remove what was not used for longer.
        max_size: bytes; then remove the least recently used until the rest takes no more than this.

    Returns:
        What was removed.
    """
    sweep(cache / "environments", ".part-")
    entries = cache_entries(cache)
    left, now = sum(entry.size for entry in entries), time.time()
    removed = []
    for entry in entries:
        is_old = older_than is not None and now - entry.used > older_than
        if (is_old or (max_size is not None and left > max_size)) and not is_held(entry.path):
            delete_tree(entry.path)
            left -= entry.size
            removed.append(entry)
    return removed


def _paths(folder: Path, depth: int) -> Iterator[Path]:
    """The entries of one kind; data that were not completed lie one level deeper, in `.partial`."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for path in folder.iterdir():
        if path.name == ".partial":
            yield from _paths(path, depth)
        elif path.name.startswith(".part-"):  # it is being made
            continue
        elif depth == 1 or not path.is_dir():
            yield path
        else:
            yield from _paths(path, depth - 1)


def _entry(kind: str, path: Path) -> CacheEntry:
    own = path.lstat()
    sizes = {(own.st_dev, own.st_ino): own.st_blocks}
    for folder, folders, files in os.walk(path) if stat.S_ISDIR(own.st_mode) else ():
        for name in (*folders, *files):
            status = Path(folder, name).lstat()
            sizes[status.st_dev, status.st_ino] = status.st_blocks  # hard links count once
    taken = max(sum(sizes.values()) * _BLOCK, own.st_size)  # short links and fresh files have no blocks yet
    return CacheEntry(kind, path, taken, own.st_mtime)
