"""Which files a repository has. Links are not followed; environments, caches and builds are left out."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_FOREIGN = frozenset(
    {"__pycache__", "site-packages", "node_modules", "venv", "env", "build", "dist", "wandb", "mlruns"}
)  # fmt: skip
DEEPEST = 30
"""Folders below this depth are left out."""

MOST_FILES = 20_000
"""No more files than these are looked at, of any kind."""


def walk(root: Path) -> Iterator[PurePosixPath]:
    """Files relative to the root, in the order of their names, at most `MOST_FILES`."""
    left, open_folders = MOST_FILES, [PurePosixPath()]
    while open_folders and left > 0:
        folder = open_folders.pop()
        files, folders = _entries(root, folder)
        yield from files[:left]
        left -= len(files)
        open_folders += reversed(folders)


def _entries(root: Path, folder: PurePosixPath) -> tuple[list[PurePosixPath], list[PurePosixPath]]:
    """The files and the folders right in this one; none where it cannot be listed."""
    files, folders = [], []
    try:
        with os.scandir(root / folder) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.is_file(follow_symlinks=False):
                    files.append(folder / entry.name)
                elif entry.is_dir(follow_symlinks=False) and _own(root, folder / entry.name):
                    folders.append(folder / entry.name)
    except OSError:
        return [], []  # the user may not list it, or its name is too long for the system
    return files, folders


def _own(root: Path, folder: PurePosixPath) -> bool:
    name = folder.name
    if name.startswith(".") or name in _FOREIGN or name.endswith(".egg-info") or len(folder.parts) > DEEPEST:
        return False
    return not (root / folder / "pyvenv.cfg").exists()
