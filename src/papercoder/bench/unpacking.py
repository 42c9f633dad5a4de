"""A repository out of its archive, under the same guards as a paper's."""

import shutil
from pathlib import Path, PurePosixPath

from papercoder.bench.downloads import LARGEST
from papercoder.errors import FetchError, PaperError
from papercoder.paper.archive import unzip
from papercoder.paper.files import read_bytes
from papercoder.store import unwritable


def unpack(archive: Path, folder: Path) -> None:
    """Write the text files of an archive into a folder, without the one folder that a host wraps around them.

    Raises:
        FetchError: it is damaged, unsafe or too large, or the folder cannot be written.
    """
    try:
        files = unzip(read_bytes(archive, LARGEST), str(archive)).files
        wrapped = len({PurePosixPath(path).parts[0] for path in files}) == 1
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for path, data in files.items():
            target = folder.joinpath(*PurePosixPath(path).parts[wrapped:])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    except PaperError as error:
        raise FetchError(str(error)) from error
    except OSError as error:
        raise FetchError(unwritable(folder, error)) from error
