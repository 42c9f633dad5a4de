"""Which runs and benches there are, and the only way from a name of the page's to a file."""

import os
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from papercoder.bench.results.files import JSON as RESULTS
from papercoder.errors import RunFolderError
from papercoder.runs.folder import is_outside

UPLOAD = 64 * 2**20
"""Bytes that an uploaded paper may have."""

UPLOADS = ".uploads"
"""The folder, beside the runs, of papers that were uploaded."""

_LONGEST = 120
_MOST_BYTES = 255
"""That a file system takes for a name."""

_OF_BENCH = "~~"
"""Between the names of a bench and of its trial."""


class Shelf:
    """A folder of runs and benches; nothing outside it can be reached through it."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))

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
            raise RunFolderError(f"{name[:_LONGEST]!r} is not a run name. A run is a folder in {self.root}.")
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
            RunFolderError: there is none of this name, or a link in it points outside it.
        """
        folder = self.folder(name)
        if not (folder / "events.jsonl").is_file():
            raise RunFolderError(f"No run named {name!r} in {self.root}. See the list of runs.")
        for link in _links(folder):
            _inside(folder, link.relative_to(folder).as_posix())
        return folder

    def file(self, name: str, path: str) -> Path:
        """A file of a run, there or not, by its path in the run folder; links are followed only within it.

        Raises:
            RunFolderError: the path points outside the run folder.
        """
        return _inside(self.folder(name), path)

    def new(self, wanted: str) -> str:
        """A name for a run that no folder has yet, as near to the one wanted as can be."""
        plain = re.sub(r"[^\w.-]+", "-", wanted, flags=re.ASCII).strip("-._")[: _LONGEST - 8] or "paper"
        return next(name for name in _numbered(plain) if not os.path.lexists(self.root / name))

    def _with(self, file: str) -> tuple[str, ...]:
        """Folders that have this file, by its age."""
        found = ((_changed(path), path.parent.name) for path in self.root.glob(f"*/{file}") if self._is_ours(path))
        return tuple(name for changed, name in sorted(found, key=lambda each: -each[0]) if changed)

    def _is_ours(self, path: Path) -> bool:
        return _is_plain(path.parent.name) and not is_outside(path, self.root) and path.is_file()


def trial_name(bench: str, trial: str) -> str:
    """The name under which a bench's trial is a run of the shelf."""
    return f"{bench}{_OF_BENCH}{trial}"


def _is_plain(name: str) -> bool:
    if not name.isprintable() or name.startswith(".") or set(name) & set("/\\"):
        return False
    return 0 < len(name) <= _LONGEST and len(name.encode()) <= _MOST_BYTES


def _changed(path: Path) -> float:
    """When, in seconds since the epoch; 0 where somebody has just deleted it."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _links(folder: Path) -> Iterator[Path]:
    """The links of a run; but for those in its repository, which the user may fill, and whose readers follow none."""
    for root, folders, files in os.walk(folder):
        yield from filter(Path.is_symlink, (Path(root, name) for name in (*folders, *files)))
        if root == str(folder):
            folders[:] = set(folders) - {"repo"}


def _inside(folder: Path, path: str) -> Path:
    """A path below a folder, whatever links are on the way.

    Raises:
        RunFolderError: it is not below the folder.
    """
    found = folder / path
    if "\0" in path or ".." in Path(path).parts or is_outside(found, folder):
        raise RunFolderError(f"{path[:_LONGEST]!r} points outside {folder}. Nothing outside it is shown or written.")
    return found


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))
