"""Paid answers in an object store or in another file system that fsspec supports.

`s3://bucket/folder`, `gs://...`, `file:///shared/folder`; each run has its own folder there.
"""

import importlib
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from papercoder.errors import RunFolderError, SettingsError
from papercoder.operations.environment import Stores
from papercoder.runs.folder import FileStore, Store

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "memory"})
"""Protocols with an atomic put, where renaming would be a copy. Elsewhere a file is written and then renamed."""

_LOCAL = "file://"

_LIBRARY_ERRORS = {
    "aiohttp": "ClientError",
    "azure.core.exceptions": "AzureError",
    "botocore.exceptions": "BotoCoreError",
    "gcsfs.retry": "HttpError",
    "google.auth.exceptions": "GoogleAuthError",
}
"""Library -> its base class of errors that are not an OSError, such as missing credentials."""


class ObjectStore:
    """One object per key. Keys are listed once, because only one process works on a run at a time."""

    def __init__(self, url: str) -> None:
        """Open a folder of a store, which need not exist.

        Raises:
            SettingsError: the store cannot be reached from here.
            RunFolderError: the store did not answer.
        """
        self.url = url
        self.files, self.folder = open_filesystem(url)
        with _translated_errors(url):
            self._keys = {name.rpartition("/")[2] for name in self.files.find(self.folder, maxdepth=1)}

    def get(self, key: str) -> str | None:
        """The text with this key.

        Raises:
            RunFolderError: the store did not answer.
        """
        if key not in self._keys:
            return None
        with _translated_errors(self.url):
            return bytes(self.files.cat_file(f"{self.folder}/{key}")).decode("utf-8")

    def put(self, key: str, text: str) -> None:
        """Store the text durably.

        Raises:
            RunFolderError: the store did not answer.
        """
        with _translated_errors(self.url):
            _put(self.files, f"{self.folder}/{key}", text.encode("utf-8"))
        self._keys.add(key)

    def texts(self) -> Iterator[str]:
        """All texts, in no meaningful order."""
        for key in sorted(self._keys):
            if (text := self.get(key)) is not None:
                yield text


def read_object(url: str) -> bytes | None:
    """An object; None if it does not exist.

    Raises:
        SettingsError: the store cannot be reached from here.
        RunFolderError: the store did not answer.
    """
    files, path = open_filesystem(url)
    with _translated_errors(url):
        return bytes(files.cat_file(path)) if files.exists(path) else None


def write_object(url: str, content: bytes) -> None:
    """Write an object atomically.

    Raises:
        SettingsError: the store cannot be reached from here.
        RunFolderError: the store did not answer.
    """
    files, path = open_filesystem(url)
    with _translated_errors(url):
        _put(files, path, content)


def _put(files: "AbstractFileSystem", path: str, content: bytes) -> None:
    """Write an object so that no reader sees part of it."""
    protocols = {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)
    if protocols & _ATOMIC:
        files.pipe_file(path, content)
        return
    folder, _, name = path.rpartition("/")
    part = f"{folder}/.parts/{name}.{uuid.uuid4().hex}"
    files.makedirs(f"{folder}/.parts", exist_ok=True)
    files.pipe_file(part, content)
    files.mv(part, path)


def open_filesystem(url: str) -> tuple["AbstractFileSystem", str]:
    """The file system of an address, and the path on it.

    Raises:
        SettingsError: fsspec or its backend for this protocol is not installed, or the protocol is unknown.
        RunFolderError: the store did not answer.
    """
    try:
        fsspec = importlib.import_module("fsspec")
    except ImportError:
        raise SettingsError(f"The store {url} needs the extra `ray`: pip install 'papercoder[ray]'.") from None
    try:
        files, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise SettingsError(f"The store {url} cannot be reached: {error}.") from error
    except OSError as error:
        raise RunFolderError(_no_answer(url, error)) from error
    return files, str(path).rstrip("/")


def stores_at(url: str, run: str) -> Stores:
    """The stores of a run within a shared store.

    Args:
        url: the store's address.
        run: the run's name in it.

    Raises:
        SettingsError: the store cannot be reached from here.
        RunFolderError: the store did not answer.
    """
    return Stores(steps=_store(f"{url.rstrip('/')}/{run}/steps"), answers=_store(f"{url.rstrip('/')}/{run}/answers"))


def _store(url: str) -> Store:
    return FileStore(Path(url.removeprefix(_LOCAL))) if url.startswith(_LOCAL) else ObjectStore(url)


@contextmanager
def _translated_errors(url: str) -> Iterator[None]:
    """Turn errors of the store's libraries into ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise RunFolderError(
            f"An object in the store {url} is missing ({error}). Check that its bucket exists and that nothing deletes "
            "from it, then run the same command again to resume."
        ) from error
    except _errors() as error:
        raise RunFolderError(_no_answer(url, error)) from error


def _errors() -> tuple[type[Exception], ...]:
    """OSError, which fsspec asks of its backends, and the errors of the libraries that are loaded."""
    loaded = {name: sys.modules[name] for name in _LIBRARY_ERRORS if name in sys.modules}
    return (OSError, NotImplementedError, *(getattr(module, _LIBRARY_ERRORS[name]) for name, module in loaded.items()))


def _no_answer(url: str, error: Exception) -> str:
    return (
        f"The store {url} did not answer ({error}). Check that it is up and that your credentials allow writing, then "
        "run the same command again to resume."
    )
