"""The line walked without making anything: a step whose key is in the store is reused, another is noted and hands on
what it handed on before. Nothing is asked, run or written: the walk goes through a copy of the run folder.
"""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar, cast, get_type_hints

from pydantic import JsonValue, TypeAdapter, ValidationError

from papercoder.agents.agent import Agents
from papercoder.agents.answers import InvalidAnswerError
from papercoder.agents.prompts import Prompts
from papercoder.artifacts import Paper
from papercoder.errors import AnswerError, PaperCoderError, RunFolderError
from papercoder.models.contract import Answer, Price, Request
from papercoder.operations.generate import PROFILES
from papercoder.pipeline.publisher import Files, Publisher
from papercoder.repository.history import History
from papercoder.runs.events import ArtifactEdited, Event
from papercoder.runs.executor import H, steps_of
from papercoder.runs.folder import load, step_store
from papercoder.runs.run import Run
from papercoder.runs.store import Store
from papercoder.settings import RUN_ROLES, Settings

P = ParamSpec("P")
T = TypeVar("T")

Edits = Mapping[str, str | None]
"""From artifact to the text that it would have; None: deleted, to be as the run makes it."""

_LARGEST = 8 * 2**20
"""Bytes of a file that is looked at; what the line writes is smaller by far."""


@dataclass(frozen=True)
class Step:
    """What would be made."""

    artifact: str
    agents: tuple[str, ...]
    """Whom it would ask."""

    is_run: bool
    """It runs the repository."""


@dataclass(frozen=True)
class Walked:
    """What a walk came by."""

    values: dict[str, list[object]]
    """Artifact -> what its steps handed on, one after the other."""

    found: list[object]
    """What was recalled, one after the other."""

    texts: dict[str, str | None]
    """All artifacts that the line makes or reads, in its order -> what the file would hold, as far as that is known."""

    unmade: dict[str, Step]
    """What would have to be made."""

    edited: dict[str, bool]
    """What is the user's own -> is it stale?"""

    gone: tuple[str, ...]
    """Files of the repository that would be deleted."""

    trouble: Exception | None
    """Why the line could not be walked to its end."""


async def walk(
    folder: Path, settings: Settings, edits: Edits, before: Walked | None = None, *, shaken: bool = False
) -> Walked:
    """Walk a run's line with these edits.

    Args:
        folder: the run's; it is left as it is.
        settings: as the run was started with.
        edits: are made in the copy first.
        before: where the values come from that unmade steps hand on; None: from their files.
        shaken: hand on values a little changed, so that all that depends on them is found unmade too.
    """
    with _copy(folder, edits) as copy:
        walking = _walking(copy, folder, settings, _Handing(copy, before, shaken))
        trouble = await _walked(walking, settings)
        return Walked(
            values=walking.values,
            found=walking.found,
            texts={name: _text(copy / name) for name in walking.met},
            unmade=walking.executor.unmade,
            edited=walking.edited,
            gone=walking.gone,
            trouble=trouble,
        )


async def _walked(walking: "_Walking", settings: Settings) -> Exception | None:
    publish = _Publisher(walking, _NoHistory(walking.folder / "repo", 0))
    try:
        walking.met["paper.json"] = None
        paper = load(walking.folder, "paper.json", Paper)
        await PROFILES[settings.profile](walking, paper, publish, settings)
    except _EndOfLineError:
        return None
    except (PaperCoderError, InvalidAnswerError) as error:
        return error
    return None


class _UnmadeError(AnswerError):
    """A step was never made, so it has nothing to hand on."""


class _EndOfLineError(Exception):
    """Nothing is made after this."""


@dataclass(frozen=True)
class _Turn:
    artifact: str
    number: int
    """Steps of the same artifact before it."""


_turn: ContextVar[_Turn] = ContextVar("turn")


@dataclass
class _Handing:
    """Performs nothing: notes what would have to be made."""

    folder: Path
    before: Walked | None
    shaken: bool
    unmade: dict[str, Step] = field(default_factory=dict)

    async def perform(
        self,
        make: Callable[Concatenate[H, P], Awaitable[T]],
        context: H,  # noqa: ARG002
        *inputs: P.args,  # noqa: ARG002
        **named: P.kwargs,  # noqa: ARG002
    ) -> T:
        """What was handed on in its place before."""
        turn, kind = _turn.get(), get_type_hints(make)["return"]
        agents = tuple(agent.name for agent in getattr(make, "agents", ()))
        self.unmade.setdefault(turn.artifact, Step(turn.artifact, agents, bool(steps_of(make))))
        value = self._value(turn, kind)
        return cast("T", _shaken(value, kind) if self.shaken else value)

    def _value(self, turn: _Turn, kind: Any) -> object:
        handed = self.before.values.get(turn.artifact) if self.before else None
        if handed:
            return handed[min(turn.number, len(handed) - 1)]
        if (self.folder / turn.artifact).is_file():
            return load(self.folder, turn.artifact, kind)
        if kind is str:
            return ""
        raise _UnmadeError(f"{turn.artifact} was never made.")


@dataclass
class _Walking(Run[Agents]):
    """A run that takes notes."""

    executor: _Handing = field(kw_only=True)
    values: dict[str, list[object]] = field(default_factory=dict)
    found: list[object] = field(default_factory=list)
    met: dict[str, None] = field(default_factory=dict)
    edited: dict[str, bool] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    _turns: Counter[str] = field(default_factory=Counter)

    async def step(
        self,
        artifact: str,
        make: Callable[Concatenate[Agents, P], Awaitable[T]],
        *inputs: P.args,
        **named: P.kwargs,
    ) -> T:
        """As in a run, with a note of what was handed on."""
        self.met[artifact] = None
        _turn.set(_Turn(artifact, self._turns[artifact]))
        self._turns[artifact] += 1
        value = await super().step(artifact, make, *inputs, **named)
        self.values.setdefault(artifact, []).append(value)
        return value

    async def keep(self, artifact: str, text: str) -> str:
        """As in a run."""
        self.met[artifact] = None
        return await super().keep(artifact, text)

    async def recall(self, find: Callable[P, T], *inputs: P.args, **named: P.kwargs) -> T:
        """What was found in its place before, since finding takes time."""
        before = self.executor.before
        if before and len(self.found) < len(before.found):
            value = cast("T", before.found[len(self.found)])
        else:
            value = await super().recall(find, *inputs, **named)
        self.found.append(value)
        return value

    async def prune(self, folder: str, keep: set[str]) -> tuple[str, ...]:
        """As in a run, with a note of what is deleted."""
        self.gone = await super().prune(folder, keep)
        return self.gone


def _walking(copy: Path, folder: Path, settings: Settings, handing: _Handing) -> _Walking:
    edited: dict[str, bool] = {}

    def note(event: Event) -> None:
        if isinstance(event, ArtifactEdited):
            edited[event.artifact] = event.stale

    agents = Agents(
        models={role: _Named(settings.model_for(role)) for role in RUN_ROLES},
        prompts=Prompts(settings.prompts),
        emit=note,
        max_tokens=settings.max_tokens,
        answer_retries=settings.answer_retries,
        where=str(folder),
        thinking=settings.thinking_levels,
    )
    return _Walking(copy, agents, note, _Overlay(step_store(folder)), executor=handing, edited=edited)


@dataclass(frozen=True)
class _Named:
    """A model that is known by its name and never asked."""

    name: str
    context_window: int = 0
    price: Price | None = None

    async def answer(self, request: Request) -> Answer:
        """Nothing."""
        raise AnswerError(f"{request.agent} is not asked in a rehearsal.")


class _Overlay:
    """A store that is read, with what is put over it in memory."""

    def __init__(self, below: Store) -> None:
        self._below = below
        self._over: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """The text put here, else the one below."""
        return self._over.get(key) or self._below.get(key)

    def put(self, key: str, text: str) -> None:
        """Keep it for the walk."""
        self._over[key] = text

    def texts(self) -> Iterator[str]:
        """All of both."""
        yield from self._below.texts()
        yield from self._over.values()


class _NoHistory(History):
    """Commits nothing."""

    async def commit(self, message: str, paths: tuple[str, ...], gone: tuple[str, ...] = ()) -> None:
        """Nothing."""

    async def settle(self, message: str, paths: tuple[str, ...]) -> None:
        """Nothing."""


class _Publisher(Publisher):
    """Ends the walk where nothing is left to be made: what comes then takes seconds and is read by no step."""

    async def finish(self, files: Files) -> NoReturn:
        """As in a run, and the end."""
        await super().finish(files)
        raise _EndOfLineError


@contextmanager
def _copy(folder: Path, edits: Edits) -> Iterator[Path]:
    """The run folder's files without its store and history, with the edits made."""
    with tempfile.TemporaryDirectory(prefix="papercoder-") as place:
        copy = Path(place)
        for path in _files(folder):
            target = copy / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        for name, text in edits.items():
            _edit(copy, name, text)
        yield copy


def _files(folder: Path) -> Iterable[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if ".git" not in inside and inside[0] != ".store" and path.is_file() and path.stat().st_size <= _LARGEST:
            yield path


def _edit(copy: Path, name: str, text: str | None) -> None:
    path = copy / name
    if ".." in path.parts or not path.is_relative_to(copy):
        raise RunFolderError(f"{name} leads out of the run folder, so that it is read by nothing that the run makes.")
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _shaken(value: object, kind: Any) -> object:
    """The value with a space after each text in it that is prose or code; the value itself where that does not fit."""
    adapter = TypeAdapter(kind)
    try:
        return adapter.validate_json(json.dumps(_with_spaces(json.loads(adapter.dump_json(value)))))
    except ValidationError:
        return value


def _with_spaces(value: JsonValue) -> JsonValue:
    match value:
        case str():
            ended = value.rstrip("\n")
            return f"{ended} {value[len(ended) :]}" if not value or " " in value else value
        case list():
            return [_with_spaces(item) for item in value]
        case dict():
            return {key: _with_spaces(item) for key, item in value.items()}
    return value
