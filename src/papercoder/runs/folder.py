"""The folder of a run: who works in it, its stores, and what its files hold."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar, cast

from papercoder.artifacts import Artifact
from papercoder.errors import RunFolderError
from papercoder.runs.codec import Codec
from papercoder.runs.store import FileStore, sweep, write_failure

A = TypeVar("A", bound=Artifact)

_TRIES, _INSTANT = 5, 0.02
"""How often, and how many seconds apart, a folder is tried before it is called another's."""


def is_outside(path: Path, folder: Path) -> bool:
    """Whether a path, by its name or by links on its way, be they in a ring, is not below this folder."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the run folder, made where it is missing, and clear what a killed process left half-written in it.

    Raises:
        RunFolderError: another process holds it, or it cannot be written.
    """
    path = folder / ".store" / "lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise RunFolderError(write_failure(path, error)) from error
    with file:
        if not _taken(file):
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise RunFolderError(
                f"Another process (pid {holder}) is working in {folder}. Wait for it or end it, or choose another "
                "folder with -o."
            )
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        sweep(folder)
        try:
            yield
        finally:
            # A program that another run starts at this moment has the file open too until it is under way; closing
            # ours would leave the lock to it.
            fcntl.flock(file, fcntl.LOCK_UN)


def _taken(file: IO[str]) -> bool:
    """Lock it; whoever only looks whether it is locked holds it for an instant too, and is waited for."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_INSTANT)
        else:
            return True
    return False


def step_store(folder: Path) -> FileStore:
    """Where a run keeps what its steps made."""
    return FileStore(folder / ".store" / "steps")


def answer_store(folder: Path) -> FileStore:
    """Where a run keeps what its models answered."""
    return FileStore(folder / ".store" / "answers")


def artifact_path(folder: Path, artifact: str) -> Path:
    """Where an artifact is written.

    Raises:
        RunFolderError: a link in the folder, which others may have made, leads out of it.
    """
    path = folder / artifact
    if is_outside(path.parent, folder):
        raise RunFolderError(f"{path} is not written: a link on its way leads out of {folder}. Take the link away.")
    return path


def load(folder: Path, artifact: str, kind: type[A]) -> A:
    """An artifact of a run, from its file.

    Raises:
        RunFolderError: it is not there.
        ArtifactError: it was edited and no longer fits.
    """
    text = read_text(folder / artifact)
    if text is None:
        raise RunFolderError(f"{folder} has no {artifact} yet. `papercoder run PAPER -o {folder}` goes on to make it.")
    return cast("A", Codec(artifact, kind).parse(text))


def read_text(path: Path) -> str | None:
    """A file's text; None where there is no file.

    Raises:
        RunFolderError: it cannot be read as text.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise RunFolderError(f"{path} cannot be read as text ({error}). Mend it or delete it.") from error
