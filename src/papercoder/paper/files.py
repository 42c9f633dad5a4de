"""Files of a paper in a folder or in memory, and bytes as text."""

import codecs
import errno
import os
import posixpath
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from papercoder.artifacts import Loss
from papercoder.errors import PaperError

_BLANKS = re.compile(r"[^\S\n]{100,}")
"""A run of blanks longer than any layout. Patterns that look for blanks take time with the square of its length."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decode(data: bytes, name: str, losses: list[Loss]) -> str:
    """The text of a file, with line ends as `\\n` and no endless blanks; a guess is added to `losses`."""
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        losses.append(
            Loss(
                kind="encoding", message=f"{name} is not UTF-8; it was read as Latin-1, so check its accented letters."
            )
        )
    return _BLANKS.sub(" " * 99, text.replace("\r\n", "\n").replace("\r", "\n"))


LARGEST_FILE = 8 * 2**20
"""Bytes of the largest text file that is read; the LaTeX of a paper is a tenth of it."""

_MOST_ENTRIES = 20_000
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO)
"""Errors that mean that there is no such file, or that a link is in the path."""


class Files(Protocol):
    """Named files; names are relative and use forward slashes."""

    @property
    def where(self) -> str:
        """What to call them in a message."""
        ...

    def names(self) -> list[str]:
        """All names, sorted."""
        ...

    def get(self, name: str) -> bytes | None:
        """The bytes of a file, or None if there is no such file."""
        ...


def inside(name: str) -> str | None:
    """The normalized name, or None if it is absolute or leads out of the folder."""
    plain = posixpath.normpath(name.strip().replace("\\", "/"))
    outside = plain.startswith(("/", "..")) or ":" in plain.split("/")[0] or "\0" in plain
    return None if outside else plain


@dataclass(frozen=True)
class Memory:
    """Files held in memory."""

    files: Mapping[str, bytes]
    where: str

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self.files)

    def get(self, name: str) -> bytes | None:
        """The bytes of a file, or None."""
        plain = inside(name)
        return self.files.get(plain) if plain else None


@dataclass(frozen=True)
class Folder:
    """Files of a folder on disk, read on demand. Links below the folder are not followed, wherever they point."""

    root: Path
    deep: bool = True
    """Whether `names` includes the files of subfolders; `get` reads them in any case."""

    @property
    def where(self) -> str:
        """The folder's path."""
        return str(self.root)

    def names(self) -> list[str]:
        """All names, sorted; raises `PaperError` if the folder is too large to hold just a paper."""
        return sorted(self._walk())

    def get(self, name: str) -> bytes | None:
        """The bytes of a regular file, or None; raises `PaperError` if it is too large or cannot be read."""
        plain = inside(name)
        if not plain:
            return None
        path = self.root / plain
        try:
            descriptor = _open_without_links(self.root, plain)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise PaperError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return None
        with os.fdopen(descriptor, "rb") as file:
            return _limited(file.read(LARGEST_FILE + 1), path, LARGEST_FILE)

    def _walk(self) -> Iterator[str]:
        seen = 0
        for folder, below, names in os.walk(self.root):
            below[:] = [name for name in below if self.deep and not name.startswith(".")]
            seen += len(names) + 1
            if seen > _MOST_ENTRIES and self.deep:
                raise PaperError(
                    f"{self.root} holds more than {_MOST_ENTRIES} files; give the paper's own folder, or its .tex."
                )
            for name in names:
                yield (Path(folder) / name).relative_to(self.root).as_posix()


def _open_without_links(root: Path, name: str) -> int:
    """Open a file below a folder, one path component at a time, so that no link is followed and no pipe blocks."""
    *folders, last = name.split("/")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)


def read_bytes(path: Path, largest: int) -> bytes:
    """A file's bytes; raises `PaperError` if it is larger than `largest` or cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise PaperError(f"{path} cannot be read ({error.strerror}); check its path and permissions.") from error
    return _limited(data, path, largest)


def _limited(data: bytes, path: Path, largest: int) -> bytes:
    if len(data) > largest:
        raise PaperError(f"{path} is larger than {largest // 2**20} MiB; give the paper itself, without its data.")
    return data
