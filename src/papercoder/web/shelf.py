"""Which runs and benches there are, and the only way from a name of the page's to a file."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from papercoder.bench.results import JSON as RESULTS
from papercoder.errors import RunFolderError

UPLOAD = 64 * 2**20
"""Bytes that an uploaded paper may have."""

UPLOADS = ".uploads"
"""The folder, beside the runs, of papers that were uploaded."""

_LONGEST = 120
_OF_BENCH = "~~"
"""Between the names of a bench and of its trial."""


class Shelf:
    """A folder of runs and benches; nothing outside it can be reached through it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def runs(self) -> tuple[str, ...]:
        """The runs' names, what was last worked on first."""
        return self._with("events.jsonl")

    def benches(self) -> tuple[str, ...]:
        """The benches' names, the newest first."""
        return self._with(RESULTS)

    def folder(self, name: str) -> Path:
        """The folder of a run, of a bench or of one of its trials, there or not.

        Raises:
            RunFolderError: the name is none of a folder here, or leads elsewhere.
        """
        parts = name.split(_OF_BENCH, 1)
        if not all(map(_is_plain, parts)):
            raise RunFolderError(f"{name[:_LONGEST]!r} is no name of a run; a run is a folder in {self.root}.")
        return _inside(self.root, "/".join(parts))

    def is_run(self, name: str) -> bool:
        """Is there a run of this name?"""
        try:
            return self.run(name).is_dir()
        except RunFolderError:
            return False

    def run(self, name: str) -> Path:
        """The folder of a run that is there.

        Raises:
            RunFolderError: there is none of this name.
        """
        folder = self.folder(name)
        if not (folder / "events.jsonl").is_file():
            raise RunFolderError(f"There is no run {name!r} in {self.root}; the list of runs shows those that are.")
        return folder

    def file(self, name: str, path: str) -> Path:
        """A file of a run, there or not, by its path in the run folder; links are followed only within it.

        Raises:
            RunFolderError: the path leads out of the run folder.
        """
        return _inside(self.folder(name), path)

    def new(self, wanted: str) -> str:
        """A name for a run that no folder has yet, as near to the one wanted as can be."""
        plain = re.sub(r"[^\w.-]+", "-", wanted, flags=re.ASCII).strip("-._")[: _LONGEST - 8] or "paper"
        return next(name for name in _numbered(plain) if not (self.root / name).exists())

    def _with(self, file: str) -> tuple[str, ...]:
        """Folders that have this file, by its age."""
        there = [path for path in self.root.glob(f"*/{file}") if self._is_ours(path)]
        return tuple(path.parent.name for path in sorted(there, key=lambda path: -path.stat().st_mtime))

    def _is_ours(self, path: Path) -> bool:
        return _is_plain(path.parent.name) and path.resolve().is_relative_to(self.root) and path.is_file()


def trial_name(bench: str, trial: str) -> str:
    """The name under which a bench's trial is a run of the shelf."""
    return f"{bench}{_OF_BENCH}{trial}"


def _is_plain(name: str) -> bool:
    return 0 < len(name) <= _LONGEST and not name.startswith(".") and name.isprintable() and not set(name) & set("/\\")


def _inside(folder: Path, path: str) -> Path:
    """A path below a folder, whatever links are on the way.

    Raises:
        RunFolderError: it is not below the folder.
    """
    found = folder / path
    if "\0" in path or ".." in Path(path).parts or not found.resolve().is_relative_to(folder.resolve()):
        raise RunFolderError(f"{path[:_LONGEST]!r} leads out of {folder}; nothing outside it is shown or written.")
    return found


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))
