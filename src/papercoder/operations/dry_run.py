"""A dry run: the pipeline without calls of models and without executions.

A step whose result is in the store is reused as in any run. Every other step is recorded as pending and returns its
earlier result, so that the steps after it can be checked too. The dry run works on a copy of the run folder.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar, cast, get_args, get_type_hints

from pydantic import JsonValue, TypeAdapter, ValidationError

from papercoder.agents.agent import Agents
from papercoder.agents.answers import InvalidAnswerError
from papercoder.agents.prompts import Prompts
from papercoder.artifacts import Paper
from papercoder.errors import AnswerError, PaperCoderError
from papercoder.files.regular import delete, file_status, is_file, read_bytes, walk, write
from papercoder.files.temporary import temporary_folder
from papercoder.models.contract import Answer, Price, Request
from papercoder.operations.generate import PROFILES
from papercoder.operations.references import stored_references
from papercoder.pipeline.publisher import Files, Publisher
from papercoder.repository.git import History
from papercoder.runs.events import ArtifactEdited, Event
from papercoder.runs.folder import Store, load, step_store
from papercoder.runs.run import C, Own, Run, execution_steps_of
from papercoder.settings import RUN_ROLES, Settings

P = ParamSpec("P")
T = TypeVar("T")

EditedTexts = Mapping[str, str | None]
"""Artifact -> its new text; None deletes the file, so that the run uses the generated text again."""

_MAX_BYTES = 8 * 2**20
"""The largest file to copy; the pipeline writes much smaller ones."""


@dataclass(frozen=True)
class PendingStep:
    """A step that the next run has to make."""

    artifact: str
    agents: tuple[str, ...]
    """Names of the agents that it asks."""

    runs_repository: bool


@dataclass(frozen=True)
class DryRun:
    """The result of a dry run."""

    results: dict[str, list[object]]
    """Artifact -> the results of its steps, in order."""

    cached: list[object]
    """The results of `Run.cached`, in order."""

    texts: dict[str, str | None]
    """Every artifact that the pipeline makes or reads, in its order -> the text of its file, as far as it is known."""

    pending: dict[str, PendingStep]
    edited: dict[str, bool]
    """Artifacts that the user edited -> whether their inputs have changed since."""

    deleted: tuple[str, ...]
    """Files of the repository that the run would delete."""

    error: Exception | None
    """What stopped the pipeline before its end."""


async def dry_run(
    folder: Path, settings: Settings, edits: EditedTexts, before: DryRun | None = None, *, perturb: bool = False
) -> DryRun:
    """Go through a run's pipeline with these edits.

    Args:
        folder: the run folder; it is not changed.
        settings: those with which the run was started.
        edits: are applied to the copy first.
        before: an earlier dry run with the results of pending steps; None: they are read from their files.
        perturb: change the results of pending steps a little, so that all steps that depend on them are pending too.
    """
    with _folder_copy(folder, edits) as copy:
        run = _tracing_run(copy, folder, settings, _DryExecutor(copy, before, perturb))
        error = await _run_pipeline(run, settings)
        return DryRun(
            results=run.results,
            cached=run.cached_results,
            texts={name: _text(copy, name) for name in run.artifacts},
            pending=run.executor.pending,
            edited=run.edited,
            deleted=run.deleted,
            error=error,
        )


async def _run_pipeline(run: "_TracingRun", settings: Settings) -> Exception | None:
    publish = _DryPublisher(run, _NoHistory(run.folder / "repo"))
    try:
        run.artifacts["paper.json"] = None
        paper = load(run.folder, "paper.json", Paper)
        await PROFILES[settings.profile](run, paper, publish, settings)
    except _LastStepError:
        return None
    except (PaperCoderError, InvalidAnswerError) as error:
        return error
    return None


class _NoResultError(AnswerError):
    """A pending step has no earlier result."""


class _LastStepError(Exception):
    """The pipeline has reached its last step."""


@dataclass(frozen=True)
class _StepCall:
    artifact: str
    number: int
    """Of the steps for this artifact, counted from 0."""

    is_one_of_several: bool
    """Whether `make` returns the results of several artifacts, of which this is one."""


_step_call: ContextVar[_StepCall] = ContextVar("step_call")


@dataclass
class _DryExecutor:
    """Records each step as pending and returns its earlier result."""

    folder: Path
    before: DryRun | None
    perturb: bool
    pending: dict[str, PendingStep] = field(default_factory=dict)

    async def perform(
        self,
        make: Callable[Concatenate[C, P], Awaitable[T]],
        context: C,  # noqa: ARG002
        *inputs: P.args,  # noqa: ARG002
        **named: P.kwargs,  # noqa: ARG002
    ) -> T:
        """The earlier result of this step."""
        call, kind = _step_call.get(), get_type_hints(make)["return"]
        kind = get_args(kind)[0] if call.is_one_of_several else kind
        agents = tuple(dict.fromkeys(agent.name for agent in getattr(make, "agents", ())))
        self.pending.setdefault(call.artifact, PendingStep(call.artifact, agents, bool(execution_steps_of(make))))
        value = self._earlier_result(call, kind)
        value = _perturbed(value, kind) if self.perturb else value
        return cast("T", (value,) if call.is_one_of_several else value)

    def _earlier_result(self, call: _StepCall, kind: Any) -> object:
        results = self.before.results.get(call.artifact) if self.before else None
        if results:
            return results[min(call.number, len(results) - 1)]
        if is_file(self.folder, call.artifact):
            return load(self.folder, call.artifact, kind)
        if kind is str:
            return ""
        raise _NoResultError(f"{call.artifact} has not been made yet.")


@dataclass
class _TracingRun(Run[Agents]):
    """A run that records its artifacts and results."""

    executor: _DryExecutor = field(kw_only=True)
    results: dict[str, list[object]] = field(default_factory=dict)
    cached_results: list[object] = field(default_factory=list)
    artifacts: dict[str, None] = field(default_factory=dict)
    """An ordered set."""

    edited: dict[str, bool] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()
    _calls: Counter[str] = field(default_factory=Counter)

    async def step(
        self,
        artifact: str,
        make: Callable[Concatenate[Agents, P], Awaitable[T]],
        *inputs: P.args,
        **named: P.kwargs,
    ) -> T:
        """As `Run.step`; records the result."""
        self._begin(artifact, is_one_of_several=False)
        value = await super().step(artifact, make, *inputs, **named)
        self.results.setdefault(artifact, []).append(value)
        return value

    async def step_together(
        self,
        artifacts: Mapping[str, Own],
        make: Callable[Concatenate[Agents, tuple[Own, ...], P], Awaitable[tuple[T, ...]]],
        *inputs: P.args,
        **named: P.kwargs,
    ) -> tuple[T, ...]:
        """As `Run.step_together`, but one artifact after the other; records the results."""
        values: list[T] = []
        for artifact, own in artifacts.items():
            self._begin(artifact, is_one_of_several=True)
            values += await super().step_together({artifact: own}, make, *inputs, **named)
            self.results.setdefault(artifact, []).append(values[-1])
        return tuple(values)

    def _begin(self, artifact: str, *, is_one_of_several: bool) -> None:
        self.artifacts[artifact] = None
        _step_call.set(_StepCall(artifact, self._calls[artifact], is_one_of_several))
        self._calls[artifact] += 1

    async def write_text(self, artifact: str, text: str) -> str:
        """As `Run.write_text`; records the artifact."""
        self.artifacts[artifact] = None
        return await super().write_text(artifact, text)

    async def cached(self, compute: Callable[P, T], *inputs: P.args, **named: P.kwargs) -> T:
        """The earlier result of this call, because computing it takes time."""
        before = self.executor.before
        if before and len(self.cached_results) < len(before.cached):
            value = cast("T", before.cached[len(self.cached_results)])
        else:
            value = await super().cached(compute, *inputs, **named)
        self.cached_results.append(value)
        return value

    async def prune(self, folder: str, keep: set[str]) -> tuple[str, ...]:
        """As `Run.prune`; records the deleted files."""
        self.deleted = await super().prune(folder, keep)
        return self.deleted


def _tracing_run(copy: Path, folder: Path, settings: Settings, executor: _DryExecutor) -> _TracingRun:
    edited: dict[str, bool] = {}

    def listener(event: Event) -> None:
        if isinstance(event, ArtifactEdited):
            edited[event.artifact] = event.stale

    agents = Agents(
        models={role: _UncalledModel(settings.model_for(role)) for role in RUN_ROLES if settings.has(role)},
        prompts=Prompts(settings.prompts),
        emit=listener,
        max_tokens=settings.max_tokens,
        answer_retries=settings.answer_retries,
        folder=str(folder),
        thinking=settings.thinking_levels,
        references=stored_references(folder, settings),
    )
    return _TracingRun(copy, agents, listener, _OverlayStore(step_store(folder)), executor=executor, edited=edited)


@dataclass(frozen=True)
class _UncalledModel:
    """Has the name of a model, which is part of a step's key, but cannot be called."""

    name: str
    context_window: int = 0
    price: Price | None = None

    async def answer(self, request: Request) -> Answer:
        """Always an error."""
        raise AnswerError(f"{request.agent} is not called in a dry run.")


class _OverlayStore:
    """A read-only store, with new entries in memory."""

    def __init__(self, base: Store) -> None:
        self._base = base
        self._entries: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """The new entry, else that of the base."""
        return self._entries.get(key) or self._base.get(key)

    def put(self, key: str, text: str) -> None:
        """Add an entry in memory."""
        self._entries[key] = text

    def texts(self) -> Iterator[str]:
        """The texts of the base, then the new ones."""
        yield from self._base.texts()
        yield from self._entries.values()


class _NoHistory(History):
    """Commits nothing."""

    async def commit(self, message: str, paths: tuple[str, ...], deleted: tuple[str, ...] = ()) -> None:
        """Do nothing."""

    async def commit_remaining(self, message: str, paths: tuple[str, ...]) -> None:
        """Do nothing."""


class _DryPublisher(Publisher):
    """Stops the pipeline after its last step; what follows takes seconds, and no step reads it."""

    async def finish(self, files: Files) -> NoReturn:
        """Finish as in any run, then stop."""
        await super().finish(files)
        raise _LastStepError


@contextmanager
def _folder_copy(folder: Path, edits: EditedTexts) -> Iterator[Path]:
    """A copy of the run folder's files, without store and history, with the edits applied."""
    with temporary_folder() as copy:
        for path in walk(folder, enters=lambda each: each.name not in {".git", ".store"}):
            status = file_status(folder, str(path))
            if status and status.st_size <= _MAX_BYTES:
                target = copy / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(read_bytes(folder, str(path)) or b"")
        for name, text in edits.items():
            if text is None:
                delete(copy, name)
            else:
                write(copy, name, text)
        yield copy


def _text(folder: Path, name: str) -> str | None:
    content = read_bytes(folder, name)
    return None if content is None else content.decode(errors="replace")


def _perturbed(value: object, kind: Any) -> object:
    """The value with a space after each text that is prose or code; the value itself if that would be invalid."""
    adapter = TypeAdapter(kind)
    try:
        return adapter.validate_json(json.dumps(_with_spaces(json.loads(adapter.dump_json(value)))))
    except ValidationError:
        return value


def _with_spaces(value: JsonValue) -> JsonValue:
    match value:
        case str():
            line = value.rstrip("\n")
            return f"{line} {value[len(line) :]}" if not value or " " in value else value
        case list():
            return [_with_spaces(item) for item in value]
        case dict():
            return {key: _with_spaces(item) for key, item in value.items()}
    return value
