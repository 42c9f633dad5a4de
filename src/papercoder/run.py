"""A run is a folder; `step` makes an artifact in it once.

Two stores, both content-addressed. The *store* holds paid work and is written first. The *artifacts* are files for
people: one whose content the system did not write is the user's, is used as it is, and only what reads it is made
again.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast, get_type_hints

from pydantic import TypeAdapter, ValidationError

from papercoder.artifacts import Artifact, RungName
from papercoder.aside import aside
from papercoder.errors import ArtifactError, RunFolderError
from papercoder.events import (
    ArtifactEdited,
    ArtifactMade,
    ArtifactReused,
    ArtifactStarted,
    CallMade,
    CallReused,
    CallStarted,
    Emit,
    Event,
)
from papercoder.store import FileStore, Store, digest, sweep, unwritable, write_synced

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A", bound=Artifact)

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


@dataclass
class _Making:
    """What a step is making."""

    artifact: str
    answers: int = 0
    """That went into it so far."""


_making: ContextVar[_Making | None] = ContextVar("making", default=None)


class Hand(Protocol):
    """What a run hands to every function that makes an artifact (`agent.Ask`)."""

    def fingerprint(self, make: Callable[..., object]) -> object:
        """All of it that the outcome of `make` depends on: prompts, formats, models."""


H = TypeVar("H", bound=Hand)


class Telling(Protocol):
    """All that a function which asks no agent needs of a hand."""

    @property
    def emit(self) -> Emit:
        """Where events go."""


F = TypeVar("F", bound=Callable[..., object])


def climbs(*rungs: RungName) -> Callable[[F], F]:
    """Declare which rungs a step runs, for an executor that may find a machine with what they take.

    Such a function asks no agent: it needs no more than `Telling`, and its inputs and value can be sent.
    """

    def declare(make: F) -> F:
        make.rungs = rungs  # type: ignore[attr-defined]
        return make

    return declare


def rungs_of(make: Callable[..., object]) -> tuple[RungName, ...]:
    """The rungs that a step runs; none for steps that wait for models."""
    rungs: tuple[RungName, ...] = getattr(make, "rungs", ())
    return rungs


class Executor(Protocol):
    """Who performs a step: this event loop, or a cluster."""

    async def perform(
        self, make: Callable[Concatenate[H, P], Awaitable[T]], hand: H, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """What `make` makes of the hand and these inputs."""


class Here:
    """The event loop that asks."""

    async def perform(
        self, make: Callable[Concatenate[H, P], Awaitable[T]], hand: H, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """What `make` makes."""
        return await make(hand, *inputs, **named)


class _Made(Artifact):
    """What the store keeps of a step."""

    text: str
    calls: int


class _Ledger(Artifact):
    """All that the system ever wrote to one artifact."""

    contents: frozenset[str] = frozenset()
    """Digests of the texts."""

    keys: frozenset[str] = frozenset()
    """Of the steps that made them."""


@dataclass
class Run(Generic[H]):
    """One paper's way to one repository.

    Use it inside `with lock(folder):`; two processes on one folder would pay for the same calls twice.
    """

    folder: Path
    hand: H
    emit: Emit
    store: Store
    """Where what its steps made is kept."""

    executor: Executor = field(default_factory=Here)
    _known: set[str] = field(default_factory=set, init=False)
    """Keys of steps that this process made or found made; it tells of each once."""

    async def step(
        self,
        artifact: str,
        make: Callable[Concatenate[H, P], Awaitable[T]],
        *inputs: P.args,
        **named: P.kwargs,
    ) -> T:
        """Return what `make` made before from these very inputs, or make it now, and keep it as `artifact`.

        Raises:
            ArtifactError: the user edited the artifact into something that does not fit its type.
            RunFolderError: the folder cannot be written.
        """
        codec = _Codec(artifact, get_type_hints(make)["return"])
        key = digest([make.__module__, make.__qualname__, self.hand.fingerprint(make), inputs, named])
        if (edited := self._edited(artifact, key)) is not None:
            return cast("T", codec.parse(edited))
        made = self._made_before(artifact, key)
        if made is None:
            made = await self._make(
                artifact, key, codec, lambda: self.executor.perform(make, self.hand, *inputs, **named)
            )
        await asyncio.to_thread(self._write, artifact, key, made.text)
        return cast("T", codec.parse(made.text))

    async def keep(self, artifact: str, text: str) -> str:
        """Write a text that costs nothing to make, unless the user has edited it; return what is in use."""
        key = digest(text)
        if (edited := self._edited(artifact, key)) is not None:
            return edited
        await asyncio.to_thread(self._write, artifact, key, text)
        return text

    async def recall(self, find: Callable[P, T], *inputs: P.args, **named: P.kwargs) -> T:
        """Return what was found before in these very inputs, or find it out now, in a thread, and keep it.

        For what takes time and no money, and is no file for people.
        """
        codec = _Codec("what was found", get_type_hints(find)["return"])
        what = digest([version("papercoder"), find.__module__, find.__qualname__, inputs, named])
        key = f"found-{what}"
        if (found := self.store.get(key)) is not None:
            return cast("T", codec.parse(found))
        value = await aside(find, *inputs, **named)
        await asyncio.to_thread(self.store.put, key, codec.render(value))
        return value

    async def note(self, artifact: str, value: Artifact | None) -> None:
        """Write what the run found out, for people and the report; no step reads it. None: delete what was found."""
        path = self.folder / artifact
        if value is None:
            path.unlink(missing_ok=True)
        else:
            await asyncio.to_thread(write_synced, path, value.model_dump_json(indent=1) + "\n")

    def pin(self, artifact: str) -> None:
        """Take what an artifact holds now as the user's own, to be used as it is whatever it was made from."""
        text = read_text(self.folder / artifact)
        ledger = self._ledger(artifact)
        kept = _Ledger(contents=ledger.contents - {digest(text)}, keys=ledger.keys)
        self.store.put(_ledger_key(artifact), kept.model_dump_json())

    def is_users(self, artifact: str) -> bool:
        """Has the user written what an artifact's file holds?"""
        text = read_text(self.folder / artifact)
        return text is not None and digest(text) not in self._ledger(artifact).contents

    async def prune(self, folder: str, keep: set[str]) -> tuple[str, ...]:
        """Delete what earlier versions of the plan had in a folder and this one has not; the user's own files stay.

        Returns:
            The deleted files' paths below the folder.
        """
        root = self.folder / folder
        there = (path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file())
        gone = [name for name in there if name not in keep and self._is_ours(f"{folder}/{name}")]
        for name in gone:
            (root / name).unlink()
        return tuple(gone)

    def _is_ours(self, artifact: str) -> bool:
        contents = self._ledger(artifact).contents
        try:
            return bool(contents) and digest(read_text(self.folder / artifact)) in contents
        except RunFolderError:
            return False  # what is no text, the user put there

    async def _make(self, artifact: str, key: str, codec: "_Codec", make: Callable[[], Awaitable[object]]) -> _Made:
        self.emit(ArtifactStarted(artifact=artifact))
        started, making = time.monotonic(), _Making(artifact)
        token = _making.set(making)
        try:
            value = await make()
        finally:
            _making.reset(token)
        made = _Made(text=codec.render(value), calls=making.answers)
        await asyncio.to_thread(self.store.put, f"step-{key}", made.model_dump_json())
        self._known.add(key)
        self.emit(ArtifactMade(artifact=artifact, seconds=time.monotonic() - started, calls=made.calls))
        return made

    def _made_before(self, artifact: str, key: str) -> _Made | None:
        text = self.store.get(f"step-{key}")
        if text is None:
            return None
        made = _Made.model_validate_json(text)
        if key in self._known:
            return made
        self._known.add(key)
        self.emit(ArtifactReused(artifact=artifact, calls=made.calls))
        return made

    def _edited(self, artifact: str, key: str) -> str | None:
        text = read_text(self.folder / artifact)
        ledger = self._ledger(artifact)
        if text is None or digest(text) in ledger.contents:
            return None
        self.emit(ArtifactEdited(artifact=artifact, stale=bool(ledger.keys) and key not in ledger.keys))
        return text

    def _write(self, artifact: str, key: str, text: str) -> None:
        path, ledger, content = self.folder / artifact, self._ledger(artifact), digest(text)
        grown = _Ledger(contents=ledger.contents | {content}, keys=ledger.keys | {key})
        if grown != ledger:
            self.store.put(_ledger_key(artifact), grown.model_dump_json())
        if read_text(path) != text:
            write_synced(path, text)

    def _ledger(self, artifact: str) -> _Ledger:
        text = self.store.get(_ledger_key(artifact))
        return _Ledger.model_validate_json(text) if text else _Ledger()


def _ledger_key(artifact: str) -> str:
    return f"written-{digest(artifact)}"


def step_store(folder: Path) -> FileStore:
    """Where a run keeps what its steps made."""
    return FileStore(folder / ".store" / "steps")


def answer_store(folder: Path) -> FileStore:
    """Where a run keeps what its models answered."""
    return FileStore(folder / ".store" / "answers")


@dataclass(frozen=True)
class _Codec:
    """Between a step's value and the text of its artifact: strings as they are, all else as JSON."""

    artifact: str
    kind: Any

    def render(self, value: object) -> str:
        if isinstance(value, str):
            return value
        return TypeAdapter(self.kind).dump_json(value, indent=1).decode() + "\n"

    def parse(self, text: str) -> object:
        if self.kind is str:
            return text
        try:
            return TypeAdapter(self.kind).validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise ArtifactError(
                f"{self.artifact} was edited and no longer fits: {where}: {first['msg']}. Mend it, or delete it to "
                "have it made again."
            ) from error


def load(folder: Path, artifact: str, kind: type[A]) -> A:
    """An artifact of a run, from its file.

    Raises:
        RunFolderError: it is not there.
        ArtifactError: it was edited and no longer fits.
    """
    text = read_text(folder / artifact)
    if text is None:
        raise RunFolderError(f"{folder} has no {artifact} yet. `papercoder run PAPER -o {folder}` goes on to make it.")
    return cast("A", _Codec(artifact, kind).parse(text))


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
        raise RunFolderError(unwritable(path, error)) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise RunFolderError(
                f"Another process (pid {holder}) is working in {folder}. Wait for it or end it, or choose another "
                "folder with -o."
            ) from None
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


class EventLog:
    """`events.jsonl`, and whoever listens."""

    def __init__(self, folder: Path, *listeners: Emit) -> None:
        self.folder = folder
        self.path = folder / "events.jsonl"
        self.listeners = listeners
        _end_line(self.path)

    def __call__(self, event: Event) -> None:
        """Append an event and tell the listeners.

        Raises:
            RunFolderError: it cannot be written.
        """
        if isinstance(event, CallStarted | CallMade | CallReused) and (making := _making.get()) is not None:
            making.answers += not isinstance(event, CallStarted)
            event = event.model_copy(update={"artifact": making.artifact})
        _append(self.path, event.model_dump_json() + "\n")
        self.tell(event)

    def tell(self, event: Event) -> None:
        """Tell the listeners alone."""
        for listener in self.listeners:
            listener(event)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise RunFolderError(unwritable(path, error)) from error


def _end_line(path: Path) -> None:
    """End a line that a killed process left unfinished."""
    written = _read_log(path)
    if written and not written.endswith(b"\n"):
        _append(path, "\n")


def read_events(folder: Path) -> Iterator[Event]:
    """The run's events in order; a line that a kill cut short, even within a letter, is passed over.

    Raises:
        RunFolderError: they cannot be read.
    """
    for line in _read_log(folder / "events.jsonl").split(b"\n"):
        try:
            yield _EVENT.validate_json(line)
        except ValidationError:
            continue


def _read_log(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise RunFolderError(f"{path} cannot be read ({error.strerror}).") from error
