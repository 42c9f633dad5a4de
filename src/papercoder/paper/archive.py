"""Archives, opened in memory and within limits; nothing is ever written to disk."""

import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from lzma import LZMAError

from papercoder.errors import PaperError
from papercoder.paper.files import LARGEST_FILE, Memory, inside
from papercoder.paper.names import names

LARGEST_CONTENT = 512 * 2**20
"""Bytes that an archive may hold in all."""

_MOST_MEMBERS = 10_000
_PICTURES = tuple(names(".pdf .png .jpg .jpeg .eps .ps .gif .svg .mp4 .ttf .otf .pfb .npy .npz .pt .pkl .zip .gz"))
_TAR_SIGN = slice(257, 262)
_UNREADABLE = (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, ValueError, IndexError, RuntimeError)
"""Of a zip: damage to its content, or to a name, a place or a size in it; a password; a way to pack that is unknown."""


def gunzip(data: bytes, where: str) -> bytes:
    """What a gzip file holds.

    Raises:
        PaperError: it is damaged, or holds more than `LARGEST_CONTENT`.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(LARGEST_CONTENT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise PaperError(f"{where} is a damaged gzip file ({error}); download it again.") from error
    if len(content) > LARGEST_CONTENT:
        raise PaperError(_too_large(where))
    return content


def is_tar(data: bytes) -> bool:
    """Whether these bytes are a tar archive."""
    return data[_TAR_SIGN] == b"ustar"


def untar(data: bytes, where: str, only: tuple[str, ...] = ()) -> Memory:
    """The text files of a tar archive, or those with the endings in `only`.

    Raises:
        PaperError: it is damaged, unsafe or too large.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            return Memory(dict(_tar_files(archive, where, only)), where)
    except tarfile.TarError as error:
        raise PaperError(f"{where} is a damaged tar archive ({error}); download it again.") from error


def unzip(data: bytes, where: str, only: tuple[str, ...] = ()) -> Memory:
    """The text files of a zip archive, or those with the endings in `only`.

    Raises:
        PaperError: it is damaged, encrypted, unsafe or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return Memory(dict(_zip_files(archive, where, only)), where)
    except _UNREADABLE as error:
        raise PaperError(f"{where} is a zip archive that cannot be read ({error}); unpack it by hand.") from error


def _tar_files(archive: tarfile.TarFile, where: str, only: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    budget = _Budget(where)
    for member in archive:
        budget.count(member.size)
        name = _safe(member.name, where)
        if member.isfile() and _is_wanted(name, member.size, only) and (file := archive.extractfile(member)):
            yield name, file.read(LARGEST_FILE)


def _zip_files(archive: zipfile.ZipFile, where: str, only: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    # A member that is not wanted is never unpacked, and so takes nothing of the budget.
    budget = _Budget(where)
    for info in archive.infolist():
        name = _safe(info.filename, where)
        is_link = stat.S_ISLNK(info.external_attr >> 16)
        if not info.is_dir() and not is_link and _is_wanted(name, info.file_size, only):
            budget.count(info.file_size)
            with archive.open(info) as file:
                yield name, file.read(LARGEST_FILE)


class _Budget:
    """Ends the reading of an archive that grows out of bounds."""

    def __init__(self, where: str) -> None:
        self.where, self.members, self.size = where, 0, 0

    def count(self, size: int) -> None:
        self.members += 1
        self.size += size
        if self.members > _MOST_MEMBERS or self.size > LARGEST_CONTENT:
            raise PaperError(_too_large(self.where))


def _safe(name: str, where: str) -> str:
    plain = inside(name)
    if plain is None:
        raise PaperError(f"{where} has a member that leads out of it ({name[:80]}); it is not safe to open.")
    return plain


def _is_wanted(name: str, size: int, only: tuple[str, ...]) -> bool:
    # Links and devices never get here: only regular files are read.
    is_of_kind = name.lower().endswith(only) if only else not name.lower().endswith(_PICTURES)
    return size <= LARGEST_FILE and is_of_kind


def _too_large(where: str) -> str:
    return (
        f"{where} holds more than {LARGEST_CONTENT // 2**20} MiB or {_MOST_MEMBERS} files; "
        "unpack it by hand and give what is needed of it."
    )
