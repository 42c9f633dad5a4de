"""A key-value store for results that cost money; entries are written atomically and synced before they are used."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from papercoder.errors import RunFolderError
from papercoder.files.regular import delete, file_status, read_bytes, walk, write

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
