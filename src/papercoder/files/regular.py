"""Regular files below a folder that someone else may have made: the one way to read and write in runs and repositories.

A file is opened one path component after the other, each from the descriptor of the folder above it, and no link is
followed, wherever it points. Only regular files are opened, so that nothing blocks on a pipe or reads a device, and
only up to a size. The folder itself may be reached through links, because its path comes from the user.
"""

import errno
import os
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from papercoder.errors import RunFolderError

LARGEST = 256 * 2**20
"""Bytes of the largest file that is read by default."""

DEEPEST = 60
"""Folders below this depth are not listed."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NOT_REGULAR = {errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO}
"""Errors that mean that a component of the path is a link, or not what it has to be."""


def read_bytes(folder: Path, name: str, most: int = LARGEST) -> bytes | None:
    """The content of a file; None if there is no such file.

    Args:
        folder: the run or repository.
        name: the path of the file below it, with forward slashes.
        most: bytes; a larger file is not read.

    Raises:
        RunFolderError: it is not a regular file, is too large, or cannot be read.
    """
    try:
        with os.fdopen(open_file(folder, name, os.O_RDONLY), "rb") as file:
            if os.fstat(file.fileno()).st_size > most:
                raise RunFolderError(f"{folder / name} was not read, because it is larger than {most:,} bytes.")
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunFolderError(f"{folder / name} cannot be read ({error.strerror}).") from error


def read_text(folder: Path, name: str, most: int = LARGEST) -> str | None:
    """As `read_bytes`, as text.

    Raises:
        RunFolderError: as for `read_bytes`, or it is not UTF-8.
    """
    content = read_bytes(folder, name, most)
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RunFolderError(f"{folder / name} cannot be read as text ({error}). Correct it or delete it.") from error


def file_status(folder: Path, name: str) -> os.stat_result | None:
    """The status of a regular file; None if there is none."""
    try:
        with _parent(folder, name) as (parent, last):
            status = os.stat(last, dir_fd=parent, follow_symlinks=False)
    except (OSError, RunFolderError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def is_file(folder: Path, name: str) -> bool:
    """Whether there is a regular file of this name."""
    return file_status(folder, name) is not None


def write(folder: Path, name: str, content: str | bytes, mode: int | None = None) -> None:
    """Write a file atomically and sync it to the disk; missing folders are created, and a link is replaced.

    Raises:
        RunFolderError: a folder above the file is a link, the folder is read-only, or the disk is full.
    """
    part = f".{uuid.uuid4().hex}.part"
    try:
        with _parent(folder, name, create=True) as (parent, last):
            try:
                with os.fdopen(os.open(part, _NEW, 0o666, dir_fd=parent), "wb") as file:
                    file.write(content.encode() if isinstance(content, str) else content)
                    file.flush()
                    if mode is not None:
                        os.fchmod(file.fileno(), mode)
                    os.fsync(file.fileno())
                os.replace(part, last, src_dir_fd=parent, dst_dir_fd=parent)
            finally:
                with suppress(OSError):
                    os.unlink(part, dir_fd=parent)
    except OSError as error:
        raise _failure(folder / name, error) from error


_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def append(folder: Path, name: str, text: str) -> None:
    """Append to a file, which is created if it is missing.

    Raises:
        RunFolderError: it is not a regular file, the folder is read-only, or the disk is full.
    """
    try:
        with os.fdopen(open_file(folder, name, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab") as file:
            file.write(text.encode())
    except OSError as error:
        raise _failure(folder / name, error) from error


def delete(folder: Path, name: str) -> None:
    """Delete a file or link, if it exists.

    Raises:
        RunFolderError: a folder above it is a link, or the folder is read-only.
    """
    try:
        with _parent(folder, name) as (parent, last), suppress(FileNotFoundError):
            os.unlink(last, dir_fd=parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _failure(folder / name, error) from error


def open_file(folder: Path, name: str, flags: int) -> int:
    """A descriptor of a regular file; missing folders are created if `flags` create the file.

    Raises:
        RunFolderError: it, or a folder above it, is a link or not what it has to be.
        OSError: it cannot be opened for another reason.
    """
    try:
        with _parent(folder, name, create=bool(flags & os.O_CREAT)) as (parent, last):
            flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(last, flags, 0o666, dir_fd=parent)
    except OSError as error:
        if error.errno in _NOT_REGULAR:
            raise _not_regular(folder / name) from error
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise _not_regular(folder / name)


def walk(
    folder: Path, start: str = "", enters: Callable[[PurePosixPath], bool] = lambda _: True, most: int = 200_000
) -> Iterator[PurePosixPath]:
    """The regular files below a folder: those of each folder before those of its subfolders, by name.

    Args:
        folder: the run or repository.
        start: the subfolder to list; its files are named relative to it, and there are none if it is missing or a link.
        enters: whether the files of a folder below it are listed too.
        most: files; the others are not listed.
    """
    for files, _ in _listings(folder, start, enters):
        yield from files[:most]
        most -= len(files)
        if most <= 0:
            return


def special_files(folder: Path, enters: Callable[[PurePosixPath], bool]) -> Iterator[PurePosixPath]:
    """Everything below a folder that is neither a regular file nor a folder: links, pipes, devices, sockets."""
    for _, others in _listings(folder, "", enters):
        yield from others


_Paths = list[PurePosixPath]


def _listings(folder: Path, start: str, enters: Callable[[PurePosixPath], bool]) -> Iterator[tuple[_Paths, _Paths]]:
    """The regular files and the special ones of each folder; a folder that cannot be read counts as empty."""
    waiting = [PurePosixPath()]
    while waiting:
        here = waiting.pop()
        files, folders, others = _Paths(), _Paths(), _Paths()
        try:
            with _parent(folder, str(start / here / "_")) as (descriptor, _), os.scandir(descriptor) as entries:
                for entry in entries:
                    is_folder, is_regular = entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False)
                    (folders if is_folder else files if is_regular else others).append(here / entry.name)
        except (OSError, RunFolderError):
            continue
        yield sorted(files), sorted(others)
        waiting += [each for each in sorted(folders, reverse=True) if len(each.parts) <= DEEPEST and enters(each)]


@contextmanager
def _parent(folder: Path, name: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
    """The descriptor of the folder that a file is in, and the file's own name."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise RunFolderError(f"{name[:120]!r} leads out of the folder that it belongs to, so it was not opened.")
    try:
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, _FOLDER)
    except NotADirectoryError as error:
        raise RunFolderError(write_failure(folder, error) if create else f"{folder} is not a folder.") from error
    try:
        for part in path.parts[:-1]:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=descriptor)
            below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor, path.name
    finally:
        os.close(descriptor)


def _not_regular(path: Path) -> RunFolderError:
    return RunFolderError(
        f"{path} was not opened, because it, or a folder above it, is a link or another special file. Remove it, or "
        "replace it with a regular file."
    )


def _failure(path: Path, error: OSError) -> RunFolderError:
    return _not_regular(path) if error.errno in _NOT_REGULAR else RunFolderError(write_failure(path, error))


def write_failure(path: Path, error: OSError) -> str:
    """One sentence that says why a file could not be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk is full: {path} could not be written. Free some space and run the same command to resume."
    return f"{path} could not be written ({error.strerror}). Make the folder writable or choose another with -o."
