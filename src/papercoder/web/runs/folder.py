"""The runs folder: its runs and benches, deleted runs, and the only way from a name in a URL to a file."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from papercoder.bench.results.files import JSON as RESULTS
from papercoder.errors import RunFolderError
from papercoder.files.regular import file_status, read_bytes, write
from papercoder.runs.event_log import LOG
from papercoder.runs.folder import is_locked, is_outside, require_no_links
from papercoder.text.characters import one_line

UPLOAD = 64 * 2**20
"""Largest size of an uploaded paper in bytes."""

UPLOADS = ".uploads"
"""The folder for uploaded papers, beside the runs."""

NAME = "name.txt"
"""File of a run folder with the name that the user gave the run, if it is not the folder's."""

_BIN = ".bin"
"""The folder for deleted runs, beside the runs."""

_MAX_CHARS = 120
_MAX_BYTES = 255
"""Longest name that file systems allow."""

_SEPARATOR = "~~"
"""Separates the name of a bench from that of its entry."""


@dataclass(frozen=True)
class DeletedRun:
    """A run in the bin."""

    name: str
    """Of its folder in the bin."""

    label: str
    at: float
    """When it was deleted, in seconds since the epoch."""


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
        """The folder of a run, a bench or an entry, whether it exists or not.

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
        return _free(self.root, plain)

    def label(self, name: str) -> str:
        """The name of a run as it is shown: the one that the user gave it, else that of its folder."""
        return _label(self.folder(name)) or name

    def rename(self, name: str, label: str) -> None:
        """Show a run under another name; its folder and its address stay.

        Raises:
            RunFolderError: the name is too long, or cannot be written.
        """
        folder, plain = self.run(name), one_line(label)
        if len(plain) > _MAX_CHARS:
            raise RunFolderError(f"A name has at most {_MAX_CHARS} characters.")
        write(folder, NAME, f"{plain or name}\n")

    def delete(self, name: str) -> None:
        """Move a run to the bin.

        Raises:
            RunFolderError: it is running, belongs to a bench, or cannot be moved.
        """
        folder = self.run(name)
        if _SEPARATOR in name:
            raise RunFolderError(f"{name} belongs to a bench, so it cannot be deleted on its own.")
        if is_locked(folder):
            raise RunFolderError(f"{name} is running. Stop it first, then delete it.")
        bin_folder = _inside(self.root, _BIN)
        bin_folder.mkdir(exist_ok=True)
        self._move(folder, bin_folder / _free(bin_folder, name))

    def deleted(self) -> tuple[DeletedRun, ...]:
        """The runs in the bin, the latest first."""
        folders = (path for path in (self.root / _BIN).glob("*") if _is_plain(path.name) and path.is_dir())
        found = (DeletedRun(path.name, _label(path) or path.name, path.lstat().st_ctime) for path in folders)
        return tuple(sorted(found, key=lambda each: -each.at))

    def restore(self, name: str) -> str:
        """Move a run out of the bin; returns its name, which is another if the former is taken.

        Raises:
            RunFolderError: there is no such run in the bin, or it cannot be moved.
        """
        free = self.new(name)
        self._move(self._in_bin(name), self.root / free)
        return free

    def erase(self, name: str) -> None:
        """Delete a run in the bin for good.

        Raises:
            RunFolderError: there is no such run in the bin, or it cannot be deleted.
        """
        try:
            shutil.rmtree(self._in_bin(name))
        except OSError as error:
            raise RunFolderError(f"{name} could not be deleted ({error.strerror}).") from error

    def _in_bin(self, name: str) -> Path:
        if not _is_plain(name) or not (folder := _inside(self.root, f"{_BIN}/{name}")).is_dir():
            raise RunFolderError(f"{name[:_MAX_CHARS]!r} is not in the bin.")
        return folder

    def _move(self, folder: Path, target: Path) -> None:
        try:
            folder.rename(target)
        except OSError as error:
            raise RunFolderError(f"{folder.name} could not be moved ({error.strerror}).") from error

    def _folders_with(self, file: str) -> tuple[str, ...]:
        """Folders with this file, the latest changed first."""
        names = [path.name for path in self.root.glob("*") if _is_plain(path.name)]
        found = ((status.st_mtime, name) for name in names if (status := file_status(self.root, f"{name}/{file}")))
        return tuple(name for _, name in sorted(found, key=lambda each: -each[0]))


def entry_name(bench: str, entry: str) -> str:
    """The name of a bench's entry as a run of the runs folder."""
    return f"{bench}{_SEPARATOR}{entry}"


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


def _label(folder: Path) -> str:
    try:
        content = read_bytes(folder, NAME, 1_000) or b""
    except RunFolderError:
        return ""
    return one_line(content.decode(errors="replace"))[:_MAX_CHARS]


def _free(folder: Path, name: str) -> str:
    """A name close to this one that nothing in the folder has."""
    return next(each for each in _numbered(name) if not os.path.lexists(folder / each))


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))
