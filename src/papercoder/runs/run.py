"""A run is a folder; `step` makes an artifact in it once.

Two stores, both content-addressed. The *store* holds paid work and is written first. The *artifacts* are files for
people: one whose content the system did not write is the user's, is used as it is, and only what reads it is made
again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Concatenate, Generic, ParamSpec, TypeVar, cast, get_type_hints

from papercoder.artifacts import Artifact
from papercoder.concurrency import run_in_thread
from papercoder.errors import RunFolderError
from papercoder.runs.codec import Codec
from papercoder.runs.current_step import making
from papercoder.runs.events import ArtifactEdited, ArtifactMade, ArtifactReused, ArtifactStarted, Emit
from papercoder.runs.executor import Executor, H, LocalExecutor
from papercoder.runs.folder import artifact_path, read_text
from papercoder.runs.store import Store, digest, kept, write_synced

P = ParamSpec("P")
T = TypeVar("T")


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
    context: H
    emit: Emit
    store: Store
    """Where what its steps made is kept."""

    executor: Executor = field(default_factory=LocalExecutor)
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
            RunFolderError: the folder cannot be written, or a link in it leads out of it.
        """
        codec = Codec(artifact, get_type_hints(make)["return"])
        key = digest([make.__module__, make.__qualname__, self.context.fingerprint(make), inputs, named])
        if (edited := self._edited(artifact, key)) is not None:
            return cast("T", codec.parse(edited))
        made = self._made_before(artifact, key)
        if made is None:
            made = await self._make(
                artifact, key, codec, lambda: self.executor.perform(make, self.context, *inputs, **named)
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
        codec = Codec("what was found", get_type_hints(find)["return"])
        what = digest([version("papercoder"), find.__module__, find.__qualname__, inputs, named])
        key = f"found-{what}"
        if (found := self.store.get(key)) is not None:
            return cast("T", codec.parse(found))
        value = await run_in_thread(find, *inputs, **named)
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
        less = _Ledger(contents=ledger.contents - {digest(text)}, keys=ledger.keys)
        self.store.put(_ledger_key(artifact), less.model_dump_json())

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

    async def _make(self, artifact: str, key: str, codec: Codec, make: Callable[[], Awaitable[object]]) -> _Made:
        self.emit(ArtifactStarted(artifact=artifact))
        started = time.monotonic()
        with making(artifact) as begun:
            value = await make()
        made = _Made(text=codec.render(value), calls=begun.answers)
        await asyncio.to_thread(self.store.put, f"step-{key}", made.model_dump_json())
        self._known.add(key)
        self.emit(ArtifactMade(artifact=artifact, seconds=time.monotonic() - started, calls=made.calls))
        return made

    def _made_before(self, artifact: str, key: str) -> _Made | None:
        text = self.store.get(f"step-{key}")
        if text is None:
            return None
        made = kept(_Made, f"step-{key}", text)
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
        path, ledger, content = artifact_path(self.folder, artifact), self._ledger(artifact), digest(text)
        grown = _Ledger(contents=ledger.contents | {content}, keys=ledger.keys | {key})
        if grown != ledger:
            self.store.put(_ledger_key(artifact), grown.model_dump_json())
        if read_text(path) != text:
            write_synced(path, text)

    def _ledger(self, artifact: str) -> _Ledger:
        text = self.store.get(_ledger_key(artifact))
        return kept(_Ledger, _ledger_key(artifact), text) if text else _Ledger()


def _ledger_key(artifact: str) -> str:
    return f"written-{digest(artifact)}"
