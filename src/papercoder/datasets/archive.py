"""Archives, unpacked into a folder within limits; nothing is written outside it, and links are left out."""

import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from lzma import LZMAError
from pathlib import Path
from typing import IO

from papercoder.errors import FetchError
from papercoder.paper.files import inside

_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_MOST_MEMBERS = 3_000_000
"""ImageNet has 1.3 million images."""

_MOST_EXPANSION = 100
_SMALL = 2**30
"""Bytes. An archive that holds more may hold at most `_MOST_EXPANSION` times its own size."""

_CHUNK = 2**20
_UNREADABLE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError, EOFError, ValueError, RuntimeError)
"""Damage, a password, or an unknown compression."""


def is_archive(name: str) -> bool:
    """Whether a file of this name is unpacked. Formats that are archives inside, such as `.npz`, are not."""
    return name.lower().endswith(_ENDINGS)


def unpack(archive: Path, folder: Path) -> None:
    """Write the regular files of an archive into a folder.

    Raises:
        FetchError: the archive is damaged, encrypted, unsafe or too large.
        OSError: the folder cannot be written.
    """
    limit = max(_SMALL, _MOST_EXPANSION * archive.stat().st_size)
    with _readable(archive):
        for count, (name, file) in enumerate(_members(archive), 1):
            if count > _MOST_MEMBERS:
                raise FetchError(f"{archive.name} holds more than {_MOST_MEMBERS:,} files. Unpack it by hand.")
            path = inside(name)
            if path is None or path == ".":
                raise FetchError(
                    f"{archive.name} has a member that leads out of it ({name[:80]}). It was not unpacked."
                )
            limit -= _write(file, folder / path, limit, archive.name)


def _write(file: IO[bytes], path: Path, limit: int, archive: str) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with path.open("wb") as target:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise FetchError(f"{archive} expands to more than {_MOST_EXPANSION} times its size. Unpack it by hand.")
            target.write(chunk)
    return size


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                if not info.is_dir() and not stat.S_ISLNK(info.external_attr >> 16):
                    with opened.open(info) as file:
                        yield info.filename, file
        return
    with tarfile.open(archive) as packed:
        for member in packed:
            if member.isfile() and (content := packed.extractfile(member)):
                yield member.name, content


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise FetchError(f"{archive.name} is damaged, encrypted or not an archive ({error}).") from error
