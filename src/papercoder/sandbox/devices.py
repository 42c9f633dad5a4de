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
def own_devices(more: tuple[str, ...] = ()) -> Iterator[tuple[Bind, ...] | None]:
    """Device files to bind over the machine's, the usual ones and as far as can be more.

    None are needed where the machine's are in no danger; None where not even the usual ones can be made.
    """
    if os.geteuid():
        yield ()
        return
    with tempfile.TemporaryDirectory(prefix="papercoder-devices-") as folder:
        usual = _made(Path(folder), tuple(f"/dev/{name}" for name in NAMES))
        yield (*usual, *(_made(Path(folder), more) or ())) if usual and _opens(usual[0].source) else None


def _made(folder: Path, devices: tuple[str, ...]) -> tuple[Bind, ...] | None:
    binds = tuple(Bind(folder / device.replace("/", "-"), device) for device in devices)
    try:
        for bind in binds:
            os.mknod(bind.source, stat.S_IFCHR | 0o666, Path(bind.target).stat().st_rdev)
            bind.source.chmod(0o666)
    except OSError:
        return None
    return binds


def _opens(null: Path) -> bool:
    try:
        null.open("wb").close()
    except OSError:
        return False
    return True
