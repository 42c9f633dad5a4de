"""Entries in an object store: paid answers and a copy of the run folder, which any machine can restore."""

import asyncio
import io
import tarfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from papercoder.artifacts import BenchEntryResult
from papercoder.bench.entry import run_entry
from papercoder.bench.entry_end import END_FILE, clear_end, is_complete
from papercoder.bench.manifest.entries import Entry
from papercoder.bench.object_store import read_object, stores_at, write_object
from papercoder.bench.observation import EVALUATION_FOLDER
from papercoder.bench.shares import TrialShares
from papercoder.models.journal import calls, made
from papercoder.operations.environment import RunEnvironment, Stores, local_stores
from papercoder.runs.event_log import EventLog, parse_events, read_events
from papercoder.runs.events import CallMade, Emit, Event

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
