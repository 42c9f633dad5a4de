"""A key-value store for results that cost money; entries are written atomically and synced before they are used."""

import errno
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from papercoder.errors import RunFolderError

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

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> str | None:
        """The text stored under this key, if any.

        Raises:
            RunFolderError: it cannot be read.
        """
        path = self.folder / key
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise RunFolderError(_damaged(str(path))) from error

    def put(self, key: str, text: str) -> None:
        """Store the text.

        Raises:
            RunFolderError: the folder is read-only or the disk is full.
        """
        write_synced(self.folder / key, text)

    def texts(self) -> Iterator[str]:
        """All stored texts, oldest first."""
        paths = [path for path in self.folder.glob("*") if not path.name.startswith(".")]
        for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name)):
            yield path.read_text(encoding="utf-8")


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
    """Write a file atomically and sync it to the disk.

    Raises:
        RunFolderError: the folder is read-only or the disk is full.
    """
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise RunFolderError(write_failure(path, error)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def remove_partial_files(folder: Path) -> None:
    """Delete what killed processes left half-written below a folder."""
    for part in folder.rglob(".*.part"):
        if _PART.fullmatch(part.name):
            with suppress(OSError):
                part.unlink()


def write_failure(path: Path, error: OSError) -> str:
    """One sentence that says why a file could not be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk is full: {path} could not be written. Free some space and run the same command to resume."
    return f"{path} could not be written ({error.strerror}). Make the folder writable or choose another with -o."
