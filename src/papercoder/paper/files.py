"""Files of a paper in a folder, an archive or memory; detects the kind of each by its content, and decodes text."""

import codecs
import errno
import gzip
import io
import os
import posixpath
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePath
from typing import Literal, Protocol

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
    """Files of a folder on disk, read on demand. Links below the folder are not followed."""

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


LARGEST_CONTENT = 512 * 2**20
"""Bytes that an archive may hold in all."""

_MOST_MEMBERS = 10_000
_PICTURES = (
    ".pdf",
    ".png",
    ".jpg",
    ".jpeg",
    ".eps",
    ".ps",
    ".gif",
    ".svg",
    ".mp4",
    ".ttf",
    ".otf",
    ".pfb",
    ".npy",
    ".npz",
    ".pt",
    ".pkl",
    ".zip",
    ".gz",
)
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


Kind = Literal[
    "pdf", "gzip", "zip", "tar", "html", "tei", "jats", "s2orc", "latex", "markdown", "lfs", "empty", "binary", "text"
]

_HEAD = 64 * 1024
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"version https://git-lfs", "lfs"),
)
_BY_SUFFIX: dict[str, Kind] = {
    ".tex": "latex",
    ".ltx": "latex",
    ".latex": "latex",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mmd": "markdown",
    ".txt": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
_LATEX = re.compile(
    rb"\\documentclass|\\documentstyle|\\begin\{(?:document|abstract)\}|^\s*\\(?:title|section)\b", re.M
)
_MARKDOWN = re.compile(rb"^#{1,6} \S|^\$\$", re.M)
_HTML = re.compile(rb"<!doctype html|<html\b", re.I)
_TEI = re.compile(rb"<TEI\b")
_JATS = re.compile(
    rb"<article\b[^>]*>\s*(?:<!--.*?-->\s*|<processing-meta\b.*?</processing-meta>\s*)*<front\b"
    rb"|<!DOCTYPE\s+article\b|-//NLM//DTD|<article-meta\b",
    re.S | re.I,
)


def kind_of(data: bytes, name: str) -> Kind:
    """The kind of a file with this content and this name."""
    head = data[:_HEAD]
    if not head.strip():
        return "empty"
    if b"%PDF-" in head[:1024]:
        return "pdf"
    magic = next((kind for sign, kind in _MAGIC if head.startswith(sign)), None)
    if magic or is_tar(data):
        return magic or "tar"
    return "binary" if _is_binary(head) else _text_kind(head, name)


def _is_binary(head: bytes) -> bool:
    return b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _text_kind(head: bytes, name: str) -> Kind:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{") and re.match(rb'\{\s*"', start):
        return "s2orc"
    if start.startswith(b"<") and _TEI.search(head):
        return "tei"
    if start.startswith(b"<") and _JATS.search(head) and not _HTML.search(start[:4096]):
        return "jats"
    by_name = _BY_SUFFIX.get(PurePath(name).suffix.lower())
    if by_name and not (by_name == "latex" and start.startswith(b"<")):
        return by_name
    if _HTML.search(start[:4096]):
        return "html"
    if _LATEX.search(head):
        return "latex"
    return "markdown" if _MARKDOWN.search(head) else "text"
