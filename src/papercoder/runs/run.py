"""A run is a folder, and `Run.step` makes each artifact in it once, here or on another machine.

The folder has two kinds of content, both addressed by hashes. The *store* holds results that cost money and is written
first. The *artifacts* are files for people: a file whose content the system did not write is the user's, is used
unchanged, and only what reads it is made again. What was observed of running code is neither edited nor taken from
someone else: without this user's seal, it is observed again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast, get_args, get_type_hints

from papercoder.artifacts import Artifact, StepName
from papercoder.concurrency import run_in_thread
from papercoder.errors import AnswerError, NotRecordedError, RunFolderError
from papercoder.files.regular import delete, read_text, walk, write
from papercoder.runs.event_log import current_step
from papercoder.runs.events import ArtifactEdited, ArtifactMade, ArtifactReused, ArtifactStarted, Emit, Warned
from papercoder.runs.folder import Store, artifact_text, digest, parse_artifact, parse_stored
from papercoder.runs.ownership import is_sealed, seal, seal_output

P = ParamSpec("P")
T = TypeVar("T")
Own = TypeVar("Own")


class StepContext(Protocol):
    """What a run passes to every function that makes an artifact; `agents.agent.Agents` implements it."""

    def fingerprint(self, make: Callable[..., object]) -> object:
        """Everything in the context that the outcome of `make` depends on: prompts, formats, models."""


C = TypeVar("C", bound=StepContext)


class EmitsEvents(Protocol):
    """The part of a context that functions without agents need."""

    @property
    def emit(self) -> Emit:
        """Where events go."""


@dataclass(frozen=True)
class PlainContext:
    """The context of functions without agents: their results depend on their inputs alone."""

    emit: Emit

    def fingerprint(self, make: Callable[..., object]) -> object:  # noqa: ARG002
        """Nothing."""
        return None


F = TypeVar("F", bound=Callable[..., object])


def runs_execution_steps(*steps: StepName) -> Callable[[F], F]:
    """Declare which execution steps a function runs, so that an executor can choose a machine with enough resources.

    Such a function uses no agent: its context is only an `EmitsEvents`, and its inputs and result can be serialised.
    """

    def declare(make: F) -> F:
        make.execution_steps = steps  # type: ignore[attr-defined]
        return observes(make)

    return declare


def observes(make: F) -> F:
    """Declare that a function observes what code does: its results are used again with this user's seal only."""
    make.observes = True  # type: ignore[attr-defined]
    return make


def is_observation(make: Callable[..., object]) -> bool:
    """Whether a function observes what code does."""
    return getattr(make, "observes", False)


def execution_steps_of(make: Callable[..., object]) -> tuple[StepName, ...]:
    """The execution steps that a function runs; none for functions that call models."""
    steps: tuple[StepName, ...] = getattr(make, "execution_steps", ())
    return steps


class Executor(Protocol):
    """Runs the functions that make artifacts: in this event loop, or on a cluster."""

    async def perform(
        self, make: Callable[Concatenate[C, P], Awaitable[T]], context: C, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """The result of `make` for this context and these inputs."""


class LocalExecutor:
    """Runs functions in the current event loop."""

    async def perform(
        self, make: Callable[Concatenate[C, P], Awaitable[T]], context: C, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """The result of `make`."""
        return await make(context, *inputs, **named)


class _StepResult(Artifact):
    """What the store holds of a step."""

    text: str
    calls: int
    seal: str = ""
    """This user's, on observations."""


class _Sealed(Artifact):
    """What the store holds of a computation: its result and this user's seal."""

    text: str
    seal: str


class _Ledger(Artifact):
    """What the system has written to one artifact so far."""

    contents: frozenset[str] = frozenset()
    """Digests of the texts."""

    keys: frozenset[str] = frozenset()
    """Keys of the steps that made them."""

    adopted: frozenset[str] = frozenset()
    """Digests of the texts that stay in use when inputs change."""


@dataclass
class Run(Generic[C]):
    """The steps from one paper to one repository.

    Use it inside `with lock(folder):`; two processes in one folder would pay for the same calls twice.
    """

    folder: Path
    context: C
    emit: Emit
    store: Store
    """Holds the results of the steps."""

    executor: Executor = field(default_factory=LocalExecutor)
    replacements: Mapping[str, str] = field(default_factory=dict)
    """Artifact -> the text that replaces the stored result of its step, after a change by edits."""

    present_text: Callable[[str, Callable[..., object]], str | None] | None = None
    """Artifact and its function -> the text that counts as its result after a change by edits; None: it is made."""

    _reported: set[str] = field(default_factory=set, init=False)
    """Keys of steps whose event this process has emitted already."""

    async def step(
        self,
        artifact: str,
        make: Callable[Concatenate[C, P], Awaitable[T]],
        *inputs: P.args,
        **named: P.kwargs,
    ) -> T:
        """Return the stored result of `make` for these inputs, or call it now and write its result as `artifact`.

        Raises:
            ArtifactError: the user edited the artifact, and it is not valid.
            RunFolderError: the folder cannot be written, or a link leads out of it.
        """
        kind = get_type_hints(make)["return"]
        key = self._key(make, inputs, named)
        text = await self._known(artifact, key, make)
        if text is None:
            self.emit(ArtifactStarted(artifact=artifact))
            started = time.monotonic()
            with current_step(artifact) as step:
                value = await self.executor.perform(make, self.context, *inputs, **named)
            text = artifact_text(value, kind)
            sealed = seal(_sealed_text(key, text)) if is_observation(make) else ""
            result = _StepResult(text=text, calls=step.answers, seal=sealed)
            made = ArtifactMade(artifact=artifact, seconds=time.monotonic() - started, calls=step.answers)
            await self._keep(artifact, key, result, made)
        return cast("T", parse_artifact(artifact, kind, text))

    async def step_together(
        self,
        artifacts: Mapping[str, Own],
        make: Callable[Concatenate[C, tuple[Own, ...], P], Awaitable[tuple[T, ...]]],
        *inputs: P.args,
        **named: P.kwargs,
    ) -> tuple[T, ...]:
        """As `step`, for artifacts with an input of their own each, of which one call of `make` makes all missing ones.

        Each result is stored for its own input and the common ones: it stays when another one must be made again.

        Args:
            artifacts: artifact -> its own input.
            make: takes the own inputs of what is missing, and returns a result for each.
            inputs: those that all have in common.
            named: the same.
        """
        kind = get_args(get_type_hints(make)["return"])[0]
        keys = {artifact: self._key(make, (own, *inputs), named) for artifact, own in artifacts.items()}
        texts = {artifact: await self._known(artifact, key, make) for artifact, key in keys.items()}
        if missing := [artifact for artifact, text in texts.items() if text is None]:
            for artifact in missing:
                self.emit(ArtifactStarted(artifact=artifact))
            started = time.monotonic()
            with current_step(missing[0]) as step:
                own = tuple(artifacts[artifact] for artifact in missing)
                values = await self.executor.perform(make, self.context, own, *inputs, **named)
            seconds = time.monotonic() - started
            for artifact, value in zip(missing, values, strict=True):
                texts[artifact] = text = artifact_text(value, kind)
                calls = step.answers if artifact == missing[0] else 0
                made = ArtifactMade(artifact=artifact, seconds=seconds, calls=calls)
                await self._keep(artifact, keys[artifact], _StepResult(text=text, calls=calls), made)
        return tuple(cast("T", parse_artifact(artifact, kind, text or "")) for artifact, text in texts.items())

    async def optional_step(
        self,
        artifact: str,
        make: Callable[Concatenate[C, P], Awaitable[T]],
        *inputs: P.args,
        **named: P.kwargs,
    ) -> T | None:
        """As `step`, for what a run can do without: None, with a warning, if the model gave no valid answer.

        What a recording does not have is None without a warning.
        """
        try:
            return await self.step(artifact, make, *inputs, **named)
        except NotRecordedError:
            return None
        except AnswerError as error:
            self.emit(Warned(where=artifact, message=str(error)))
            return None

    def stored(self, make: Callable[Concatenate[C, P], Awaitable[T]], *inputs: P.args, **named: P.kwargs) -> bool:
        """Whether `step` has a stored result of `make` for these inputs."""
        return self._stored(self._key(make, inputs, named), is_observation(make)) is not None

    async def cached(self, compute: Callable[P, T], *inputs: P.args, **named: P.kwargs) -> T:
        """Return the stored result of `compute` for these inputs, or call it now in a thread.

        For results that take time but cost no money, and are not files for people.
        """
        kind = get_type_hints(compute)["return"]
        key = digest([version("papercoder"), compute.__module__, compute.__qualname__, inputs, named])
        if (stored := self.recall(f"cached-{key}")) is not None:
            return cast("T", parse_artifact("a cached result", kind, stored))
        value = await run_in_thread(compute, *inputs, **named)
        await asyncio.to_thread(self.remember, f"cached-{key}", artifact_text(value, kind))
        return value

    def recall(self, key: str) -> str | None:
        """The text that `remember` stored under this key; None if this user did not store it."""
        text = self.store.get(key)
        stored = parse_stored(_Sealed, key, text) if text else None
        return stored.text if stored and is_sealed(_sealed_text(key, stored.text), stored.seal) else None

    def remember(self, key: str, text: str) -> None:
        """Store a text with this user's seal."""
        self.store.put(key, _Sealed(text=text, seal=seal(_sealed_text(key, text))).model_dump_json())

    async def write_text(self, artifact: str, text: str) -> str:
        """Write a text that costs nothing to make, unless the user has edited the file; return the text in use."""
        key = digest(text)
        if (edited := self._edited_text(artifact, key)) is not None:
            return edited
        await asyncio.to_thread(self._write, artifact, key, text)
        return text

    async def write_output(self, artifact: str, value: Artifact | None) -> None:
        """Write a value that people and the report read, but no step; None deletes the file.

        Raises:
            RunFolderError: the folder cannot be written, or a link leads out of it.
        """
        if value is None:
            delete(self.folder, artifact)
        else:
            text = value.model_dump_json(indent=1) + "\n"
            await asyncio.to_thread(write, self.folder, artifact, text)
            await asyncio.to_thread(seal_output, self.folder, artifact, text)

    async def adopt(self, artifact: str, text: str | None = None) -> None:
        """Write a text, or keep the current one, and use it from now on even if the artifact's inputs change.

        For changes that reach an artifact by edits, after which making it again would lose or repeat them.

        Raises:
            RunFolderError: the folder cannot be written, or a link leads out of it.
        """
        text = read_text(self.folder, artifact) if text is None else text
        if text is None or self.is_edited(artifact):
            return
        ledger, name = self._ledger(artifact), digest(text)
        extended = ledger.model_copy(update={"contents": ledger.contents | {name}, "adopted": ledger.adopted | {name}})
        self.store.put(_ledger_key(artifact), extended.model_dump_json())
        if read_text(self.folder, artifact) != text:
            await asyncio.to_thread(write, self.folder, artifact, text)

    def is_edited(self, artifact: str) -> bool:
        """Whether the user wrote the current content of an artifact."""
        text = read_text(self.folder, artifact)
        return text is not None and digest(text) not in self._ledger(artifact).contents

    async def prune(self, folder: str, keep: set[str]) -> tuple[str, ...]:
        """Delete the files in a folder that earlier plans made and this one does not; the user's files stay.

        Returns:
            The deleted files' paths, relative to the folder.
        """
        paths = sorted(walk(self.folder, folder))
        deleted = [str(each) for each in paths if str(each) not in keep and self._is_generated(f"{folder}/{each}")]
        for path in deleted:
            delete(self.folder, f"{folder}/{path}")
        return tuple(deleted)

    def _key(self, make: Callable[..., object], inputs: tuple[object, ...], named: Mapping[str, object]) -> str:
        return digest([make.__module__, make.__qualname__, self.context.fingerprint(make), inputs, named])

    def _is_generated(self, artifact: str) -> bool:
        contents = self._ledger(artifact).contents
        try:
            return bool(contents) and digest(read_text(self.folder, artifact)) in contents
        except RunFolderError:
            return False  # a file that is not text comes from the user

    def _stored(self, key: str, is_observed: bool) -> _StepResult | None:
        text = self.store.get(f"step-{key}")
        if text is None:
            return None
        result = parse_stored(_StepResult, f"step-{key}", text)
        return None if is_observed and not is_sealed(_sealed_text(key, result.text), result.seal) else result

    async def _known(self, artifact: str, key: str, make: Callable[..., object]) -> str | None:
        """The text of an artifact that the user edited, that is stored, or that is taken over; None if it is made."""
        is_observed = is_observation(make)
        if not is_observed and (edited := self._edited_text(artifact, key)) is not None:
            return edited
        result = self._stored_result(artifact, key, is_observed)
        if result is None and self.present_text and (text := self.present_text(artifact, make)) is not None:
            result = _StepResult(text=text, calls=0)
            await self._keep(artifact, key, result, ArtifactReused(artifact=artifact, calls=0))
        if result is None:
            return None
        await asyncio.to_thread(self._write, artifact, key, result.text)
        return result.text

    async def _keep(self, artifact: str, key: str, result: _StepResult, event: ArtifactMade | ArtifactReused) -> None:
        """Store a result before it is used, and write the artifact."""
        await asyncio.to_thread(self.store.put, f"step-{key}", result.model_dump_json())
        self._reported.add(key)
        self.emit(event)
        await asyncio.to_thread(self._write, artifact, key, result.text)

    def _stored_result(self, artifact: str, key: str, is_observed: bool) -> _StepResult | None:
        result = self._stored(key, is_observed)
        if result is None:
            return None
        if self.replacements.get(artifact, result.text) != result.text:
            result = result.model_copy(update={"text": self.replacements[artifact]})
            self.store.put(f"step-{key}", result.model_dump_json())
        if key not in self._reported:
            self._reported.add(key)
            self.emit(ArtifactReused(artifact=artifact, calls=result.calls))
        return result

    def _edited_text(self, artifact: str, key: str) -> str | None:
        text = read_text(self.folder, artifact)
        ledger = self._ledger(artifact)
        if text is not None and digest(text) in ledger.adopted:
            return text
        if text is None or digest(text) in ledger.contents:
            return None
        self.emit(ArtifactEdited(artifact=artifact, stale=bool(ledger.keys) and key not in ledger.keys))
        return text

    def _write(self, artifact: str, key: str, text: str) -> None:
        ledger = self._ledger(artifact)
        extended = ledger.model_copy(update={"contents": ledger.contents | {digest(text)}, "keys": ledger.keys | {key}})
        if extended != ledger:
            self.store.put(_ledger_key(artifact), extended.model_dump_json())
        if read_text(self.folder, artifact) != text:
            write(self.folder, artifact, text)

    def _ledger(self, artifact: str) -> _Ledger:
        text = self.store.get(_ledger_key(artifact))
        return parse_stored(_Ledger, _ledger_key(artifact), text) if text else _Ledger()


def _sealed_text(key: str, text: str) -> str:
    return f"{key}\n{text}"


def _ledger_key(artifact: str) -> str:
    return f"written-{digest(artifact)}"
