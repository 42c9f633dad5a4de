"""Temporary folders and other things that carry the mark of the process that made them.

A process that is killed leaves them behind. The next process that makes one sweeps those of dead processes.
"""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

_MARK = re.compile(r"(?:^|[.-])(?P<scope>[0-9a-f]{8})-(?P<pid>\d+)-(?P<start>\d+)(?:-|$)")
_PREFIX = "papercoder-"
_HELD = ".held"


def mark() -> str:
    """The mark of this process, for names: where its number counts, the number, and when the process started."""
    return f"{_scope()}-{os.getpid()}-{_start_time(os.getpid())}"


def is_abandoned(name: str) -> bool:
    """Whether a name carries the mark of a process that is dead. Processes of other machines are not known to be."""
    found = _MARK.search(name)
    if not found or found["scope"] != _scope():
        return False
    pid = int(found["pid"])
    return not _is_alive(pid) or str(_start_time(pid)) != found["start"]


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new temporary folder, deleted at the end."""
    folder = new_temporary_folder()
    try:
        yield folder
    finally:
        delete_tree(folder)


def new_temporary_folder() -> Path:
    """A new temporary folder, for the caller to delete. The first one sweeps those of dead processes."""
    _sweep_temporary_folders(Path(tempfile.gettempdir()))
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{mark()}-"))


@cache
def _sweep_temporary_folders(parent: Path) -> None:
    sweep(parent, _PREFIX)


def sweep(parent: Path, prefix: str) -> None:
    """Delete what lies in a folder, is ours, and is left of dead processes.

    Args:
        parent: the folder.
        prefix: how the names begin.
    """
    try:
        with os.scandir(parent) as entries:
            found = [entry.path for entry in entries if entry.name.startswith(prefix) and is_abandoned(entry.name)]
    except OSError:
        return
    for path in map(Path, found):
        with suppress(OSError):
            if path.lstat().st_uid == os.geteuid():
                delete_tree(path)


def delete_tree(path: Path) -> None:
    """Delete a file or folder, as far as that is possible, even if it is too deep for Python or has no permissions."""
    try:
        shutil.rmtree(path)
    except (OSError, RecursionError):
        if not os.path.lexists(path):
            return
        for argv in (("chmod", "-R", "u+rwx", "--", str(path)), ("rm", "-rf", "--", str(path))):
            subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def hold(path: Path) -> None:
    """Note that this process uses an entry of a cache, until it ends."""
    notes = path.parents[1] / _HELD
    notes.mkdir(exist_ok=True)
    sweep(notes, "")
    (notes / f"{mark()}-{path.parent.name}-{path.name}").touch()


def is_held(path: Path) -> bool:
    """Whether a process that may be alive uses an entry of a cache."""
    notes = (path.parents[1] / _HELD).glob("*")
    return any(note.name.endswith(f"-{path.parent.name}-{path.name}") and not is_abandoned(note.name) for note in notes)


@cache
def _scope() -> str:
    """Where numbers of processes have the same meaning as here: this machine, or this container on it."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return hashlib.sha256(f"{socket.gethostname()} {namespace}".encode()).hexdigest()[:8]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to another user
        return True
    return True


def _start_time(pid: int) -> int:
    """When a process started, in ticks since the system did; 0 where the system does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[19])
