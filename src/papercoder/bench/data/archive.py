"""A repository out of its archive, under the same guards as a paper's."""

import shutil
from pathlib import Path, PurePosixPath

from papercoder.bench.data.downloads import LARGEST
from papercoder.errors import FetchError, PaperError
from papercoder.paper.archive import unzip
from papercoder.paper.files import Memory, read_bytes
from papercoder.runs.store import write_failure


def unpack(archive: Path, folder: Path) -> None:
    """Write the text files of an archive into a folder, without the one folder that a host wraps around them.

    Raises:
        FetchError: it is damaged, unsafe, empty or too large, or the folder cannot be written.
    """
    files = {PurePosixPath(path).parts: data for path, data in opened(archive).files.items()}
    if not files:
        raise FetchError(f"{archive} holds no text files.")
    wrapped = len({parts[:1] for parts in files}) == 1 and all(len(parts) > 1 for parts in files)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for parts, data in files.items():
            target = folder.joinpath(*parts[wrapped:])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    except OSError as error:
        raise FetchError(write_failure(folder, error)) from error


def opened(archive: Path) -> Memory:
    """The text files of an archive.

    Raises:
        FetchError: it is damaged, unsafe or too large.
    """
    try:
        return unzip(read_bytes(archive, LARGEST), str(archive))
    except PaperError as error:
        raise FetchError(str(error)) from error
