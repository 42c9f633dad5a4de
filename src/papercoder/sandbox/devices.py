"""Devices that generated code may spoil.

Where PaperCoder is run by root, root in a sandbox is root outside as far as the permissions of files go, and could take
`/dev/null` away from the whole machine by a `chmod`. So root gives each command device files of its own.
"""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from papercoder.sandbox.contract import Bind

NAMES = ("null", "zero", "full", "random", "urandom", "tty")
SHARED = (
    "Run by root, and no device files can be made: the code can change the permissions of this machine's /dev/null."
)


@contextmanager
def own_devices() -> Iterator[tuple[Bind, ...] | None]:
    """Device files to bind over the machine's; none where those are in no danger, None where none can be made."""
    if os.geteuid():
        yield ()
        return
    with tempfile.TemporaryDirectory(prefix="papercoder-devices-") as folder:
        yield _made(Path(folder))


def _made(folder: Path) -> tuple[Bind, ...] | None:
    binds = tuple(Bind(folder / name, f"/dev/{name}") for name in NAMES)
    try:
        for bind in binds:
            os.mknod(bind.source, stat.S_IFCHR | 0o666, Path(bind.target).stat().st_rdev)
            bind.source.chmod(0o666)
        (folder / "null").open("wb").close()
    except OSError:
        return None
    return binds
