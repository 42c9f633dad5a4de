"""The runs folder: its runs and benches, and the only way from a name in a URL to a file."""

import os
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from papercoder.bench.results.files import JSON as RESULTS
from papercoder.errors import RunFolderError
from papercoder.files.regular import file_status
from papercoder.runs.event_log import LOG
from papercoder.runs.folder import is_outside, require_no_links

UPLOAD = 64 * 2**20
"""Largest size of an uploaded paper in bytes."""

UPLOADS = ".uploads"
"""The folder for uploaded papers, beside the runs."""

_MAX_CHARS = 120
_MAX_BYTES = 255
"""Longest name that file systems allow."""

_SEPARATOR = "~~"
"""Separates the name of a bench from that of its trial."""


class RunsFolder:
    """A folder of runs and benches; gives access to nothing outside it."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))

    def runs(self) -> tuple[str, ...]:
        """The names of the runs, the latest active one first."""
        return self._folders_with(LOG)

    def benches(self) -> tuple[str, ...]:
        """The names of the benches, the newest first."""
        return self._folders_with(RESULTS)

    def folder(self, name: str) -> Path:
        """The folder of a run, a bench or a trial, whether it exists or not.

        Raises:
            RunFolderError: the name is not valid, or points outside the runs folder.
        """
        parts = name.split(_SEPARATOR, 1)
        if not all(map(_is_plain, parts)):
            raise RunFolderError(f"{name[:_MAX_CHARS]!r} is not a run name. A run is a folder in {self.root}.")
        return _inside(self.root, "/".join(parts))

    def is_run(self, name: str) -> bool:
        """Is there a run of this name?"""
        try:
            return self.run(name).is_dir()
        except RunFolderError:
            return False

    def run(self, name: str) -> Path:
        """The folder of an existing run.

        Raises:
            RunFolderError: there is no such run, or it has links where a run reads and writes.
        """
        folder = self.folder(name)
        if not os.path.lexists(folder / LOG):
            raise RunFolderError(f"No run named {name!r} in {self.root}. See the list of runs.")
        require_no_links(folder)
        return folder

    def new(self, wanted: str) -> str:
        """A free name for a run, as close to `wanted` as possible."""
        plain = re.sub(r"[^\w.-]+", "-", wanted, flags=re.ASCII).strip("-._")[: _MAX_CHARS - 8] or "paper"
        return next(name for name in _numbered(plain) if not os.path.lexists(self.root / name))

    def _folders_with(self, file: str) -> tuple[str, ...]:
        """Folders with this file, the latest changed first."""
        names = [path.name for path in self.root.glob("*") if _is_plain(path.name)]
        found = ((status.st_mtime, name) for name in names if (status := file_status(self.root, f"{name}/{file}")))
        return tuple(name for _, name in sorted(found, key=lambda each: -each[0]))


def trial_name(bench: str, trial: str) -> str:
    """The name of a bench's trial as a run of the runs folder."""
    return f"{bench}{_SEPARATOR}{trial}"


def _is_plain(name: str) -> bool:
    if not name.isprintable() or name.startswith(".") or set(name) & set("/\\"):
        return False
    return 0 < len(name) <= _MAX_CHARS and len(name.encode()) <= _MAX_BYTES


def _inside(folder: Path, path: str) -> Path:
    """A path inside a folder after links are resolved.

    Raises:
        RunFolderError: it is not inside the folder.
    """
    found = folder / path
    if "\0" in path or ".." in Path(path).parts or is_outside(found, folder):
        raise RunFolderError(f"{path[:_MAX_CHARS]!r} points outside {folder}. Nothing outside it is shown or written.")
    return found


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))
