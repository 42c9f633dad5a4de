"""Runs with a model that answers at once, with the time of each part."""

import asyncio
import os
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from unittest.mock import patch

import papercoder.agents.agent
import papercoder.models.simulated.model
import papercoder.models.stack
import papercoder.operations.generate
import papercoder.runs.run
from benchmarks.machine import example
from benchmarks.overhead.clock import Clock, Timed
from papercoder.agents.prompts import Prompts
from papercoder.artifacts import Paper
from papercoder.models.simulated.answers import Answers
from papercoder.models.simulated.model import PromptCache
from papercoder.operations.generate import RunEnvironment, generate
from papercoder.paper.reading import read
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import CallMade
from papercoder.runs.folder import FileStore
from papercoder.settings import Settings

FILES = 16
INSTANT = "ttft=0,tps=1e15,speed=1e9"
MODEL = "the simulated model itself"
REPORT = "the report, divided by calls"


def _answers(store: FileStore, *_: object) -> bool:
    return store.folder.name == "answers"


def _steps(store: FileStore, *_: object) -> bool:
    return store.folder.name == "steps"


def _timed() -> tuple[Timed, ...]:
    """Our methods that every call uses, and those of the model."""
    return (
        Timed(Prompts, "render", "prompts: rendered"),
        Timed(Prompts, "text", "prompts: rendered"),
        Timed(papercoder.agents.agent, "fit", "prompts: fitted to the window"),
        Timed(papercoder.agents.agent, "_read", "answers: read and checked"),
        Timed(papercoder.models.stack, "journal_key", "journal"),
        Timed(FileStore, "get", "journal", _answers),
        Timed(FileStore, "put", "journal", _answers),
        Timed(papercoder.runs.run, "digest", "step store"),
        Timed(FileStore, "get", "step store", _steps),
        Timed(FileStore, "put", "step store", _steps),
        Timed(papercoder.runs.run, "write", "artifacts, as files"),
        Timed(EventLog, "__call__", "events"),
        Timed(papercoder.operations.generate, "write_report", REPORT),
        Timed(Answers, "write", MODEL),
        Timed(papercoder.models.simulated.model, "count_tokens", MODEL),
        Timed(papercoder.models.simulated.model, "prompt_tokens", MODEL),
        Timed(PromptCache, "shared", MODEL),
        Timed(PromptCache, "remember", MODEL),
    )


@dataclass(frozen=True)
class Part:
    """Milliseconds of a part per call."""

    name: str
    cpu: float
    wall: float
    """On its own thread; writes run outside the event loop."""

    wall_unsynced: float
    """Without waiting for the disk."""


@dataclass(frozen=True)
class OverheadResults:
    """Milliseconds per call of a run, without the work of the simulated model."""

    calls: int
    cpu: float
    wall: float
    wall_unsynced: float
    parts: tuple[Part, ...]
    model_cpu: float
    """The work of the simulated model."""

    reading: float
    """Seconds to read the paper, not included in the others."""


@dataclass(frozen=True)
class _Course:
    calls: int
    cpu: float
    wall: float
    clock: Clock


def measure(paper: Path | None = None, files: int = FILES, repeats: int = 3) -> OverheadResults:
    """Medians of several runs, alternately with and without syncing, after a warm-up."""
    began = time.perf_counter()
    found = read(paper or example())
    reading = time.perf_counter() - began
    _run(found, files, synced=True)
    pairs = [(_run(found, files, synced=True), _run(found, files, synced=False)) for _ in range(repeats)]
    synced, unsynced = [with_it for with_it, _ in pairs], [without for _, without in pairs]
    names = [name for name in dict.fromkeys(each.part for each in _timed()) if name not in {MODEL, REPORT}]
    return OverheadResults(
        calls=synced[0].calls,
        cpu=median(_each(run, run.cpu - run.clock.cpu[MODEL] - run.clock.cpu[REPORT]) for run in synced),
        wall=median(_own_wall(run) for run in synced),
        wall_unsynced=median(_own_wall(run) for run in unsynced),
        parts=tuple(_part(name, synced, unsynced) for name in (*names, REPORT)),
        model_cpu=median(_each(run, run.clock.cpu[MODEL]) for run in synced),
        reading=reading,
    )


def _own_wall(run: _Course) -> float:
    return _each(run, run.wall - run.clock.wall[MODEL] - run.clock.wall[REPORT])


def _each(run: _Course, seconds: float) -> float:
    return 1000 * seconds / run.calls


def _part(name: str, synced: list[_Course], unsynced: list[_Course]) -> Part:
    return Part(
        name=name,
        cpu=median(_each(run, run.clock.cpu[name]) for run in synced),
        wall=median(_each(run, run.clock.wall[name]) for run in synced),
        wall_unsynced=median(_each(run, run.clock.wall[name]) for run in unsynced),
    )


def _run(paper: Paper, files: int, *, synced: bool) -> _Course:
    async def given(_: str | Path) -> Paper:
        return paper

    clock = Clock()
    settings = Settings(model=f"simulated:files={files},width=4,{INSTANT},seed=0", profile="papercoder", sandbox="none")
    with (
        tempfile.TemporaryDirectory() as folder,
        nullcontext() if synced else patch.object(os, "fsync", lambda _: None),
        clock.on(_timed()),
    ):
        cpu, wall = time.process_time(), time.perf_counter()
        asyncio.run(generate("paper", Path(folder), settings, environment=RunEnvironment(read=given)))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        calls = sum(isinstance(event, CallMade) for event in read_events(Path(folder)))
    return _Course(calls, cpu, wall, clock)
