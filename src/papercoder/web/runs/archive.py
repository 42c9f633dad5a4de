"""A run's repository as a zip."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from papercoder.errors import RunFolderError

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
        return _packed(folder / "repo", name)
    except OSError as error:
        raise RunFolderError(f"The code of {name} could not be packed ({error.strerror}); try again.") from error


def _packed(repository: Path, name: str) -> IO[bytes]:
    files = list(_files(repository))
    if not files:
        raise RunFolderError(f"{name} has no code to download yet.")
    if sum(path.stat().st_size for path in files) > MAX_BYTES:
        raise RunFolderError(f"{repository} is larger than {MAX_BYTES // 2**20} MiB. Copy it from the run folder.")
    packed = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  the response closes it
    try:
        _fill(packed, repository, files, name)
    except OSError:
        packed.close()
        raise
    packed.seek(0)
    return packed


def _fill(packed: IO[bytes], repository: Path, files: list[Path], name: str) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            info = zipfile.ZipInfo(f"{name}/{_inside(path, repository)}", _EPOCH)
            info.external_attr = (0o100755 if path.stat().st_mode & 0o100 else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())


def _inside(path: Path, repository: Path) -> str:
    """The file's path without characters that a zip cannot hold or that separate folders on another system."""
    return os.fsencode(path.relative_to(repository)).decode("utf-8", "replace").replace("\\", "_")


def _files(repository: Path) -> Iterator[Path]:
    """Regular files only: a link could point anywhere."""
    for root, folders, names in os.walk(repository) if not repository.is_symlink() else ():
        folders[:] = sorted(each for each in folders if each not in {".git", "__pycache__"})
        paths = (Path(root, each) for each in sorted(names))
        yield from (path for path in paths if path.is_file() and not path.is_symlink())
