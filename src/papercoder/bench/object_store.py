"""What was paid for, kept in an object store or another file system that fsspec reaches.

`s3://bucket/folder`, `gs://...`, `file:///shared/folder`; each run has a folder of its own there.
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
from papercoder.runs.store import FileStore, Store

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "memory"})
"""Where a put is seen whole or not at all, and renaming would be a copy; elsewhere a file is written and then named."""

_LOCAL = "file://"

_FOREIGN = {
    "aiohttp": "ClientError",
    "azure.core.exceptions": "AzureError",
    "botocore.exceptions": "BotoCoreError",
    "gcsfs.retry": "HttpError",
    "google.auth.exceptions": "GoogleAuthError",
}
"""Library -> the root of its errors, of those that are no OSError: no credentials, say."""


class ObjectStore:
    """One object a key. What is there is listed once, for no other process may work on a run at the same time."""

    def __init__(self, url: str) -> None:
        """Open a folder of a store, which need not be there.

        Raises:
            SettingsError: nothing here can reach it.
            RunFolderError: it did not answer.
        """
        self.url = url
        self.files, self.folder = reach(url)
        with _answering(url):
            self._keys = {name.rpartition("/")[2] for name in self.files.find(self.folder, maxdepth=1)}

    def get(self, key: str) -> str | None:
        """The text kept under this key.

        Raises:
            RunFolderError: the store did not answer.
        """
        if key not in self._keys:
            return None
        with _answering(self.url):
            return bytes(self.files.cat_file(f"{self.folder}/{key}")).decode("utf-8")

    def put(self, key: str, text: str) -> None:
        """Keep the text; the store has taken it when this returns.

        Raises:
            RunFolderError: the store did not answer.
        """
        with _answering(self.url):
            put_whole(self.files, f"{self.folder}/{key}", text.encode("utf-8"))
        self._keys.add(key)

    def texts(self) -> Iterator[str]:
        """All that is kept, in no order that means anything."""
        for key in sorted(self._keys):
            if (text := self.get(key)) is not None:
                yield text


def read_whole(url: str) -> bytes | None:
    """An object; None where there is none.

    Raises:
        SettingsError: nothing here can reach it.
        RunFolderError: the store did not answer.
    """
    files, path = reach(url)
    with _answering(url):
        return bytes(files.cat_file(path)) if files.exists(path) else None


def write_whole(url: str, content: bytes) -> None:
    """Write an object, whole or not at all.

    Raises:
        SettingsError: nothing here can reach it.
        RunFolderError: the store did not answer.
    """
    files, path = reach(url)
    with _answering(url):
        put_whole(files, path, content)


def put_whole(files: "AbstractFileSystem", path: str, content: bytes) -> None:
    """Write an object so that nobody ever sees half of it."""
    protocols = {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)
    if protocols & _WHOLE:
        files.pipe_file(path, content)
        return
    folder, _, name = path.rpartition("/")
    part = f"{folder}/.parts/{name}.{uuid.uuid4().hex}"
    files.makedirs(f"{folder}/.parts", exist_ok=True)
    files.pipe_file(part, content)
    files.mv(part, path)


def reach(url: str) -> tuple["AbstractFileSystem", str]:
    """The file system of an address, and the path on it.

    Raises:
        SettingsError: fsspec, or what it needs for such addresses, is not installed, or there is no such kind.
        RunFolderError: it did not answer.
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
        raise RunFolderError(_silent(url, error)) from error
    return files, str(path).rstrip("/")


def stores_at(url: str, run: str) -> Stores:
    """The stores of a run in a store that all machines see.

    Args:
        url: the store's address.
        run: the run's name in it.

    Raises:
        SettingsError: nothing here can reach it.
        RunFolderError: it did not answer.
    """
    return Stores(steps=_store(f"{url.rstrip('/')}/{run}/steps"), answers=_store(f"{url.rstrip('/')}/{run}/answers"))


def _store(url: str) -> Store:
    return FileStore(Path(url.removeprefix(_LOCAL))) if url.startswith(_LOCAL) else ObjectStore(url)


@contextmanager
def _answering(url: str) -> Iterator[None]:
    """What a store cannot do is told in our words, whoever's error it is."""
    try:
        yield
    except FileNotFoundError as error:
        raise RunFolderError(
            f"The store {url} has not what it should have ({error}). See whether its bucket is there and nothing "
            "deletes from it; run the same command again, it resumes."
        ) from error
    except _errors() as error:
        raise RunFolderError(_silent(url, error)) from error


def _errors() -> tuple[type[Exception], ...]:
    """OSErrors, where a backend keeps to what fsspec asks of it, and those of the libraries that are in use."""
    loaded = {name: sys.modules[name] for name in _FOREIGN if name in sys.modules}
    return (OSError, NotImplementedError, *(getattr(module, _FOREIGN[name]) for name, module in loaded.items()))


def _silent(url: str, error: Exception) -> str:
    return (
        f"The store {url} did not answer ({error}). See whether it is up and your credentials allow writing; run "
        "the same command again, it resumes."
    )
