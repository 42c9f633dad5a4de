"""Device files for commands that PaperCoder runs as root.

Where PaperCoder runs as root, root in a sandbox passes the host's file permissions, and a `chmod` could take
`/dev/null` away from the whole machine. So a command that root runs gets device files of its own.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from papercoder.files.temporary import temporary_folder
from papercoder.sandbox.contract import Bind

NAMES = ("null", "zero", "full", "random", "urandom", "tty")
SHARED_DEVICES = (
    "PaperCoder runs as root and cannot create device files: the code can change the permissions of the host's "
    "/dev/null."
)


@contextmanager
def private_devices(more: tuple[str, ...] = ()) -> Iterator[tuple[Bind, ...] | None]:
    """Device files to bind over the host's: the usual ones, and `more` if they can be created.

    Yields an empty tuple where the host's devices are in no danger, and None where device files cannot be created.
    """
    if os.geteuid():
        yield ()
        return
    with temporary_folder() as folder:
        usual = _create(folder, tuple(f"/dev/{name}" for name in NAMES))
        yield (*usual, *(_create(folder, more) or ())) if usual else None


def _create(folder: Path, devices: tuple[str, ...]) -> tuple[Bind, ...] | None:
    """None where the devices cannot be created or, on a file system mounted with `nodev`, not be opened."""
    binds = tuple(Bind(folder / device.replace("/", "-"), device) for device in devices)
    try:
        for bind in binds:
            os.mknod(bind.source, stat.S_IFCHR | 0o666, Path(bind.target).stat().st_rdev)
            bind.source.chmod(0o666)
            if bind.target == "/dev/null":
                bind.source.open("wb").close()
    except OSError:
        return None
    return binds
