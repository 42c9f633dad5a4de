"""Where paid work is kept: key -> text, written atomically and synced before anyone sees it."""

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
    """So little that it can be files, a database or an object store that many machines see."""

    def get(self, key: str) -> str | None:
        """The text kept under this key."""

    def put(self, key: str, text: str) -> None:
        """Keep the text; it is on disk when this returns."""

    def texts(self) -> Iterator[str]:
        """All that is kept, the oldest first where that is known."""


class FileStore:
    """One file a key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> str | None:
        """The text kept under this key.

        Raises:
            RunFolderError: it cannot be read.
        """
        path = self.folder / key
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise RunFolderError(_broken(str(path))) from error

    def put(self, key: str, text: str) -> None:
        """Keep the text.

        Raises:
            RunFolderError: the folder is read-only or the disk is full.
        """
        write_synced(self.folder / key, text)

    def texts(self) -> Iterator[str]:
        """All that is kept, the oldest first."""
        kept = [path for path in self.folder.glob("*") if not path.name.startswith(".")]
        for path in sorted(kept, key=lambda path: (path.stat().st_mtime_ns, path.name)):
            yield path.read_text(encoding="utf-8")


def kept(kind: type[M], key: str, text: str) -> M:
    """What a store has under a key.

    Raises:
        RunFolderError: it is broken.
    """
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise RunFolderError(_broken(f"{key} in the store")) from error


def _broken(what: str) -> str:
    return f"{what} is broken and cannot be read. Delete it and run the same command again; what it held is made anew."


def digest(value: Any) -> str:
    """A content address: equal for values whose JSON is equal."""
    text = json.dumps(to_jsonable_python(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def write_synced(path: Path, text: str) -> None:
    """Write a file whole or not at all, synced to the disk.

    Raises:
        RunFolderError: the folder is read-only or the disk is full.
    """
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise RunFolderError(write_failure(path, error)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Delete what writes that were killed left below a folder."""
    for part in folder.rglob(".*.part"):
        if _PART.fullmatch(part.name):
            with suppress(OSError):
                part.unlink()


def write_failure(path: Path, error: OSError) -> str:
    """One sentence on why a file could not be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk is full: {path} could not be written. Make room and run the same command again; it resumes."
    return f"{path} could not be written ({error.strerror}). Make the folder writable or choose another with -o."
