"""The folder of a run: its lock, its artifacts, and stores of paid work, written atomically and synced before use."""

import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol, TypeVar, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from papercoder.artifacts import Artifact
from papercoder.errors import ArtifactError, RunFolderError
from papercoder.files.regular import (
    delete,
    file_status,
    open_file,
    read_bytes,
    read_text,
    special_files,
    walk,
    write,
    write_failure,
)

M = TypeVar("M", bound=BaseModel)

_PART = re.compile(r"\.[0-9a-f]{32}\.part")


class Store(Protocol):
    """Small enough to be implemented by files, a database or an object store that many machines share."""

    def get(self, key: str) -> str | None:
        """The text stored under this key, if any."""

    def put(self, key: str, text: str) -> None:
        """Store the text; it is durable when this returns."""

    def texts(self) -> Iterator[str]:
        """All stored texts, oldest first if the order is known."""


class FileStore:
    """A store with one file for each key."""

    def __init__(self, root: Path, folder: str = "") -> None:
        """Open a store.

        Args:
            root: a run folder.
            folder: the folder of the store in it; links below the root are not followed.
        """
        self._root, self._below = root, PurePosixPath(folder)
        self.folder = root / folder

    def get(self, key: str) -> str | None:
        """The text stored under this key, if any.

        Raises:
            RunFolderError: it cannot be read.
        """
        try:
            content = read_bytes(self._root, self._name(key))
            return None if content is None else content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RunFolderError(_damaged(str(self.folder / key))) from error

    def put(self, key: str, text: str) -> None:
        """Store the text.

        Raises:
            RunFolderError: the folder is read-only or the disk is full.
        """
        write(self._root, self._name(key), text)

    def texts(self) -> Iterator[str]:
        """All stored texts, oldest first.

        Raises:
            RunFolderError: one cannot be read.
        """
        found = []
        for path in walk(self._root, str(self._below)):
            status = file_status(self._root, self._name(str(path)))
            if status and not path.name.startswith("."):
                found.append((status.st_mtime_ns, str(path)))
        yield from (text for _, key in sorted(found) if (text := self.get(key)) is not None)

    def _name(self, key: str) -> str:
        return str(self._below / key)


def parse_stored(kind: type[M], key: str, text: str) -> M:
    """A stored text as a model.

    Raises:
        RunFolderError: it is damaged.
    """
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise RunFolderError(_damaged(f"The store's entry {key}")) from error


def _damaged(what: str) -> str:
    return f"{what} is damaged and cannot be read. Delete it and run the same command again; its content is made again."


def digest(value: Any) -> str:
    """A content hash: equal for values whose JSON is equal."""
    text = json.dumps(to_jsonable_python(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def write_synced(path: Path, content: str | bytes) -> None:
    """Write a file that the user or PaperCoder itself named, atomically, and sync it to the disk.

    Files of runs and repositories are written by `files.regular.write`.

    Raises:
        RunFolderError: the folder is read-only or the disk is full.
    """
    write(path.parent, path.name, content)


def remove_partial_files(folder: Path) -> None:
    """Delete what killed processes left half-written below a folder."""
    for path in walk(folder):
        if _PART.fullmatch(path.name):
            delete(folder, str(path))


A = TypeVar("A", bound=Artifact)

_LOCK = ".store/lock"
_TRIES, _INTERVAL = 5, 0.02
"""How often, and how many seconds apart, to try the lock before the folder counts as in use."""


def is_outside(path: Path, folder: Path) -> bool:
    """Whether a path, after all links are followed, is not below this folder."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def require_no_links(folder: Path) -> None:
    """Raise an error if a run folder has links, pipes or other special files where a run reads and writes.

    Users may have links in the repository, to their data for example; nothing follows them.

    Raises:
        RunFolderError: there is one; names it.
    """
    for path in special_files(folder, _is_of_the_run):
        if _is_of_the_run(path):
            raise RunFolderError(
                f"{folder / path} is a link or another special file, so the run was not opened. Remove it, or replace "
                "it with what it leads to."
            )


def _is_of_the_run(path: PurePosixPath) -> bool:
    return path.parts[0] != "repo" or len(path.parts) == 1 or path.parts[1] == ".git"


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Lock a run folder, which is created if it is missing, and remove what a killed process left half-written.

    Raises:
        RunFolderError: another process has locked it, it has links where a run writes, or it cannot be written.
    """
    require_no_links(folder)
    try:
        file = os.fdopen(open_file(folder, _LOCK, os.O_RDWR | os.O_CREAT), "r+")
    except OSError as error:
        raise RunFolderError(write_failure(folder / _LOCK, error)) from error
    with file:
        if not _try_lock(file):
            holder = file.read().strip() or "unknown"
            raise RunFolderError(
                f"Another process (pid {holder}) is using {folder}. Wait until it ends, or choose another folder "
                "with -o."
            )
        try:
            os.ftruncate(file.fileno(), 0)
            os.pwrite(file.fileno(), str(os.getpid()).encode(), 0)
        except OSError as error:
            raise RunFolderError(write_failure(folder / _LOCK, error)) from error
        remove_partial_files(folder)
        try:
            yield
        finally:
            # A process that another run starts at this moment inherits the open file until it calls exec; closing
            # the file here would leave the lock with that process.
            fcntl.flock(file, fcntl.LOCK_UN)


def _try_lock(file: IO[str]) -> bool:
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_INTERVAL)  # `is_locked` holds the lock for an instant too
        else:
            return True
    return False


def is_locked(folder: Path) -> bool:
    """Whether a process is working in this run folder now."""
    try:
        with os.fdopen(open_file(folder, _LOCK, os.O_RDONLY)) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (OSError, RunFolderError):
        return False  # missing, or not readable by this user
    return False


def step_store(folder: Path) -> FileStore:
    """The store for the results of a run's steps."""
    return FileStore(folder, ".store/steps")


def answer_store(folder: Path) -> FileStore:
    """The store for the answers of a run's models."""
    return FileStore(folder, ".store/answers")


def artifact_text(value: object, kind: Any) -> str:
    """A value as the text of its artifact: strings unchanged, everything else as JSON."""
    if isinstance(value, str):
        return value
    return TypeAdapter(kind).dump_json(value, indent=1).decode() + "\n"


def parse_artifact(artifact: str, kind: Any, text: str) -> object:
    """The value of type `kind` in the text of an artifact.

    Raises:
        ArtifactError: the text is not valid for this type; says where.
    """
    if kind is str:
        return text
    try:
        return TypeAdapter(kind).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ArtifactError(
            f"{artifact} was edited and is not valid: {where}: {first['msg']}. Correct it, or delete it to have it "
            "made again."
        ) from error


def load(folder: Path, artifact: str, kind: type[A]) -> A:
    """An artifact of a run, read from its file.

    Raises:
        RunFolderError: the file is missing.
        ArtifactError: it was edited and is not valid.
    """
    text = read_text(folder, artifact)
    if text is None:
        raise RunFolderError(f"{folder} has no {artifact} yet. Run `papercoder run PAPER -o {folder}` to make it.")
    return cast("A", parse_artifact(artifact, kind, text))


def read_given_text(path: Path) -> str | None:
    """The text of a file that the user named, through links too; None if there is no such file.

    Raises:
        RunFolderError: it cannot be read as text.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise RunFolderError(f"{path} cannot be read as text ({error}). Correct it or delete it.") from error
