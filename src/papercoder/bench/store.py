"""Paid answers and copies of run folders in an object store or another file system that fsspec supports.

`s3://bucket/folder`, `gs://...`, `file:///shared/folder`; each entry has its own folder there, which any
machine can restore.
"""

import asyncio
import importlib
import io
import sys
import tarfile
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from papercoder.artifacts import BenchEntryResult
from papercoder.bench.entry import run_entry
from papercoder.bench.manifest import Entry
from papercoder.bench.observation import END_FILE, EVALUATION_FOLDER, clear_end, is_complete
from papercoder.bench.shared import TrialShares
from papercoder.errors import RunFolderError, SettingsError
from papercoder.models.stack import calls, made
from papercoder.operations.generate import RunEnvironment, Stores, local_stores
from papercoder.runs.event_log import EventLog, parse_events, read_events
from papercoder.runs.events import CallMade, Emit, Event
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


_LOG = "events.jsonl"
_LAST = (_LOG, END_FILE)
"""Unpacked last, in this order: if a kill interrupts it, the folder looks old and is unpacked again."""

_LOCAL_ONLY = ".store"
"""The folder with the lock and the local stores."""


async def run_stored(
    entry: Entry, environment: RunEnvironment, emit: Emit, shares: TrialShares | None = None
) -> BenchEntryResult:
    """Run an entry with its paid answers in the store that it names, or else in its run folder."""
    if entry.store is None:
        return await run_entry(entry, environment, emit, shares)
    await asyncio.to_thread(restore, entry)
    try:
        return await run_entry(
            entry, replace(environment, stores=partial(_stores, entry.store, entry.id, entry.folder)), emit, shares
        )
    finally:
        await asyncio.to_thread(_upload, entry.store, entry)


def restore(entry: Entry) -> None:
    """Bring the run folder up to date with the store, and its events with the answers that were paid for.

    Raises:
        SettingsError: the store cannot be reached from here.
        RunFolderError: the store did not answer, or the folder cannot be written.
    """
    if is_complete(entry):
        return
    packed = read_object(_address(entry.store, entry.id)) if entry.store else None
    if packed and _last_time(_packed_events(packed, entry.id)) > _last_time(read_events(entry.folder)):
        clear_end(entry)
        entry.folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(entry.folder, sorted(archive, key=_order), filter="data")
    for folder in (entry.folder, entry.folder / EVALUATION_FOLDER):
        record_missing_calls(
            folder, _stores(entry.store, entry.id, entry.folder, folder) if entry.store else local_stores(folder)
        )


def record_missing_calls(folder: Path, stores: Stores) -> None:
    """Add events for paid calls that the log lacks, because the process was killed between answer and event."""
    events = tuple(read_events(folder))
    logged = Counter(_call_key(event) for event in events if isinstance(event, CallMade))
    missing = []
    for event in map(made, calls(stores.answers)):
        if logged[_call_key(event)]:
            logged[_call_key(event)] -= 1
        else:
            missing.append(event)
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    log = EventLog(folder)
    for event in missing:  # with the last event's time, so that no time counts as spent
        log(event.model_copy(update={"at": events[-1].at}) if events else event)


def _call_key(event: CallMade) -> str:
    """The parts of a call that its journal entry has too: not the time, and not the artifact."""
    return event.model_dump_json(exclude={"at", "artifact"})


def _stores(store: str, run: str, root: Path, folder: Path) -> Stores:
    """The stores of the run, or of its evaluation in a sub-folder."""
    return stores_at(store, str(PurePosixPath(run, folder.relative_to(root).as_posix())))


def _address(store: str, run: str) -> str:
    return f"{store.rstrip('/')}/{run}/run.tar.gz"


def _upload(store: str, entry: Entry) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        archive.add(
            entry.folder,
            arcname=".",
            filter=lambda member: None if _LOCAL_ONLY in Path(member.name).parts else member,
        )
    write_object(_address(store, entry.id), packed.getvalue())


def _order(member: tarfile.TarInfo) -> int:
    return _LAST.index(name) + 1 if (name := member.name.removeprefix("./")) in _LAST else 0


def _packed_events(packed: bytes, source: str) -> Iterable[Event]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        members = {member.name.removeprefix("./"): member for member in archive}
        log = archive.extractfile(members[_LOG]) if _LOG in members else None
        return parse_events(log.read().split(b"\n") if log else (), source)


def _last_time(events: Iterable[Event]) -> float:
    """The time of the last event, by the clock of the machine that wrote it."""
    return max((event.at for event in events), default=0.0)
