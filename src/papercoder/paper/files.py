"""The files of a LaTeX paper, from a folder or from memory; nothing outside them can be read."""

import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from papercoder.errors import PaperError

LARGEST_FILE = 8 * 2**20
"""Bytes of the largest text file read; LaTeX of a paper is a tenth of it."""

_MOST_ENTRIES = 20_000


class Files(Protocol):
    """Named files, names relative with forward slashes."""

    @property
    def where(self) -> str:
        """What to call them in a message."""
        ...

    def names(self) -> list[str]:
        """All names, sorted."""
        ...

    def get(self, name: str) -> bytes | None:
        """The bytes of a file, or None where there is no such file inside."""
        ...


def inside(name: str) -> str | None:
    """The name made plain, or None where it is absolute or leads out of the folder."""
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
    """Files of a folder on disk, read when asked for."""

    root: Path
    deep: bool = True
    """Whether the files of folders below it are named too; any can be had all the same."""

    @property
    def where(self) -> str:
        """The folder's path."""
        return str(self.root)

    def names(self) -> list[str]:
        """All names, sorted; raises `PaperError` where the folder is too large to be a paper's."""
        return sorted(self._walk())

    def get(self, name: str) -> bytes | None:
        """The bytes of a file, or None; raises `PaperError` where it is too large or cannot be read."""
        plain = inside(name)
        if not plain:
            return None
        path, root = (self.root / plain).resolve(), self.root.resolve()
        if not path.is_relative_to(root) or not path.is_file():
            return None
        return read_bytes(path, LARGEST_FILE)

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


def read_bytes(path: Path, largest: int) -> bytes:
    """A file's bytes; raises `PaperError` where it is larger than `largest` or cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise PaperError(f"{path} cannot be read ({error.strerror}); check its path and permissions.") from error
    if len(data) > largest:
        raise PaperError(f"{path} is larger than {largest // 2**20} MiB; give the paper itself, without its data.")
    return data
