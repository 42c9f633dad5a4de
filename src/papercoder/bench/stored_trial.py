"""A trial whose paid work is kept in an object store: its run folder is a copy there, and can be had on any machine."""

import asyncio
import io
import tarfile
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from papercoder.artifacts import TrialResult
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.object_store import read_whole, stores_at, write_whole
from papercoder.bench.observation import JUDGED
from papercoder.bench.recovery import recount
from papercoder.bench.trial import run_trial
from papercoder.bench.trial_end import ENDING, forget, is_complete
from papercoder.operations.environment import RunEnvironment, Stores, local_stores
from papercoder.runs.event_log import parse_events, read_events
from papercoder.runs.events import Emit, Event

_LOG = "events.jsonl"
_TELLING = (_LOG, ENDING)
_OWN = ".store"
"""A lock, which is nobody else's."""


async def run_kept(trial: Trial, environment: RunEnvironment, emit: Emit) -> TrialResult:
    """Carry a trial out, with its paid work in the store that it names; where it names none, in its folder."""
    if trial.store is None:
        return await run_trial(trial, environment, emit)
    await asyncio.to_thread(bring_back, trial)
    try:
        return await run_trial(
            trial, replace(environment, stores=partial(_stores, trial.store, trial.id, trial.folder)), emit
        )
    finally:
        await asyncio.to_thread(_send, trial.store, trial)


def bring_back(trial: Trial) -> None:
    """Have in the run folder what any machine made of it, and in its events all that was paid for.

    Raises:
        SettingsError: nothing here can reach the store.
        RunFolderError: the store did not answer, or the folder cannot be written.
    """
    if is_complete(trial):
        return
    packed = read_whole(_address(trial.store, trial.id)) if trial.store else None
    if packed and _told_last(parse_events(_log_in(packed).split(b"\n"), trial.id)) > _told_last(
        read_events(trial.folder)
    ):
        forget(trial)  # how an earlier process left it here
        _unpack(packed, trial.folder)
    for folder in (trial.folder, trial.folder / JUDGED):
        recount(folder, _stores(trial.store, trial.id, trial.folder, folder) if trial.store else local_stores(folder))


def _stores(store: str, run: str, root: Path, folder: Path) -> Stores:
    """The run's, or those of its judges, whose folder lies in its own."""
    return stores_at(store, str(PurePosixPath(run, folder.relative_to(root).as_posix())))


def _address(store: str, run: str) -> str:
    return f"{store.rstrip('/')}/{run}/run.tar.gz"


def _send(store: str, trial: Trial) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        archive.add(trial.folder, arcname=".", filter=lambda each: None if _OWN in Path(each.name).parts else each)
    write_whole(_address(store, trial.id), packed.getvalue())


def _unpack(packed: bytes, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, sorted(archive, key=_latest), filter="data")


def _latest(member: tarfile.TarInfo) -> int:
    """What tells that all is there comes last: a kill while it is unpacked leaves what is unpacked again."""
    return _TELLING.index(name) + 1 if (name := member.name.removeprefix("./")) in _TELLING else 0


def _log_in(packed: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        names = {member.name.removeprefix("./"): member for member in archive}
        log = archive.extractfile(names[_LOG]) if _LOG in names else None
        return log.read() if log else b""


def _told_last(events: Iterable[Event]) -> float:
    """When the last one was told, by the clock of who told it."""
    return max((event.at for event in events), default=0.0)
