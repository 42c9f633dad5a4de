"""A run's repository as a zip."""

import errno
import os
import zipfile
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO

from papercoder.errors import RunFolderError
from papercoder.files.regular import file_status, read_bytes, walk

MAX_BYTES = 256 * 2**20
"""Largest total size in bytes."""

_IN_MEMORY = 8 * 2**20
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every file, so that the same files give the same zip."""


def pack(folder: Path, name: str) -> IO[bytes]:
    """A zip of a run's repository in a folder of this name, without git history and links.

    Raises:
        RunFolderError: there are no files, they are too large, or cannot be read.
    """
    try:
        return _packed(folder, name)
    except OSError as error:
        raise RunFolderError(f"The code of {name} could not be packed ({error.strerror}); try again.") from error


def _packed(folder: Path, name: str) -> IO[bytes]:
    files = list(walk(folder, "repo", lambda each: each.name not in {".git", "__pycache__"}))
    if not files:
        raise RunFolderError(f"{name} has no code to download yet.")
    if sum(status.st_size for path in files if (status := file_status(folder, f"repo/{path}"))) > MAX_BYTES:
        raise RunFolderError(f"{folder / 'repo'} is larger than {MAX_BYTES // 2**20} MiB. Copy it from the run folder.")
    packed = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  the response closes it
    try:
        _fill(packed, folder, files, name)
    except OSError:
        packed.close()
        raise
    packed.seek(0)
    return packed


def _fill(packed: IO[bytes], folder: Path, files: list[PurePosixPath], name: str) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            status, content = file_status(folder, f"repo/{path}"), read_bytes(folder, f"repo/{path}", MAX_BYTES)
            if status is None or content is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
            info = zipfile.ZipInfo(f"{name}/{_plain(path)}", _EPOCH)
            info.external_attr = (0o100755 if status.st_mode & 0o100 else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def _plain(path: PurePosixPath) -> str:
    """The file's path without characters that a zip cannot hold or that separate folders on another system."""
    return os.fsencode(path).decode("utf-8", "replace").replace("\\", "_")
