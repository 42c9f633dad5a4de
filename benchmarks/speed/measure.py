"""One run with the simulated model, and what it took."""

import asyncio
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.machine import example
from benchmarks.speed.reference import Latency, Sizes
from papercoder.artifacts import LogicDesign
from papercoder.models.contract import Price
from papercoder.operations.generate import generate
from papercoder.repository.import_graph import import_order
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade
from papercoder.settings import Settings

PLANNING = ("overall_plan", "architecture", "logic", "config")
PRICE = Price(prompt=1.25, cached=0.125, completion=10.0)
"""As a typical model of today costs."""

LATENCY = Latency(ttft=1.0, tps=60.0)
SPEED = 16.0
"""Modelled seconds in a real one; our own time weighs as many times more than it does with a real model."""

TOKENS_SPEED = 60.0
"""Where only tokens are counted."""

Profile = Literal["papercoder", "full"]


@dataclass(frozen=True)
class Graph:
    """The files of an invented repository: layers of this width, each importing from the layer below."""

    files: int
    width: int


NARROW = tuple(Graph(files, 4) for files in (4, 8, 16, 32))
"""Width 4: the more files, the longer the chain of imports."""

FLAT = (Graph(16, 5), Graph(32, 10))
"""As many files, but the chain of imports stays as short."""


@dataclass(frozen=True)
class Spent:
    """Tokens and dollars."""

    prompt: int
    cached: int
    completion: int
    usd: float


@dataclass(frozen=True)
class Measured:
    """What a run took."""

    graph: Graph
    calls: int
    wall: float
    """Real seconds."""

    speed: float
    critical_path: float
    """The least modelled seconds that any client could take: planning, the longest analysis, the longest chain."""

    spent: Spent
    sizes: Sizes

    @property
    def seconds(self) -> float:
        """Modelled seconds, as they would be were everything as much slower as the model is."""
        return self.wall * self.speed

    @property
    def own(self) -> float:
        """Real seconds beyond the critical path: our own work, and what waited for its turn."""
        return self.wall - self.critical_path / self.speed


@dataclass(frozen=True)
class SpeedResults:
    """All runs."""

    published: tuple[Measured, ...]
    """Of the profile that can be compared with the reference, on all graphs."""

    full: tuple[tuple[Graph, Spent], ...]
    """Of the whole line, on graphs of width 4."""

    paper: str


def measure_all(paper: Path | None = None) -> SpeedResults:
    """One run after the other, so that each has the machine to itself."""
    source = paper or example()
    with tempfile.TemporaryDirectory() as folder:
        published = tuple(measure(source, _own(folder, graph), graph, SPEED) for graph in (*NARROW, *FLAT))
        full = tuple((graph, spend(source, _own(folder, graph, "full"), graph, "full")) for graph in NARROW)
    return SpeedResults(published, full, source.name)


def _own(folder: str, graph: Graph, profile: Profile = "papercoder") -> Path:
    return Path(folder) / f"{profile}-{graph.files}x{graph.width}"


def measure(paper: Path, folder: Path, graph: Graph, speed: float) -> Measured:
    """Run the line as published."""
    began = time.monotonic()
    calls = _run(paper, folder, graph, "papercoder", speed)
    wall = time.monotonic() - began
    logic = LogicDesign.model_validate_json((folder / "planning" / "logic.json").read_text(encoding="utf-8"))
    return Measured(
        graph, len(calls), wall, speed, critical_path(calls, logic, LATENCY), _spent(calls), sizes_of(calls, logic)
    )


def spend(paper: Path, folder: Path, graph: Graph, profile: Profile) -> Spent:
    """Run a profile for its tokens alone."""
    return _spent(_run(paper, folder, graph, profile, TOKENS_SPEED))


def _run(paper: Path, folder: Path, graph: Graph, profile: Profile, speed: float) -> list[CallMade]:
    clock = f"ttft={LATENCY.ttft:g},tps={LATENCY.tps:g},speed={speed:g}"
    price = f"price_in={PRICE.prompt:g},price_cached={PRICE.cached:g},price_out={PRICE.completion:g}"
    model = f"simulated:files={graph.files},width={graph.width},{clock},{price},seed=0"
    settings = Settings(model=model, profile=profile, concurrency=64, sandbox="none")
    asyncio.run(generate(paper, folder, settings))
    return [event for event in read_events(folder) if isinstance(event, CallMade)]


def _spent(calls: Iterable[CallMade]) -> Spent:
    calls = list(calls)
    return Spent(
        prompt=sum(call.prompt for call in calls),
        cached=sum(call.cached for call in calls),
        completion=sum(call.completion for call in calls),
        usd=sum(call.cost_usd or 0.0 for call in calls),
    )


def critical_path(calls: Iterable[CallMade], logic: LogicDesign, latency: Latency) -> float:
    """Seconds of the longest chain of calls in which each needs the one before."""
    seconds: dict[tuple[str, str], float] = {}
    for call in calls:
        asked = (call.agent, call.subject)
        seconds[asked] = seconds.get(asked, 0.0) + latency.seconds(call.completion)
    ends: dict[str, float] = {}
    for path in import_order(logic):
        needed = [ends[item.path] for item in logic.file(path).imports]
        ends[path] = max([seconds["analysis", path], *needed]) + seconds["coding", path]
    return sum(seconds[agent, ""] for agent in PLANNING) + max(ends.values())


def sizes_of(calls: list[CallMade], logic: LogicDesign) -> Sizes:
    """Tokens of the paper and of the answers of a run."""
    answers = {(call.agent, call.subject): call.completion for call in calls}
    first = next(call for call in calls if call.agent == "overall_plan")
    return Sizes(
        paper=first.prompt,
        planning=[answers[agent, ""] for agent in PLANNING],
        analyses=[answers["analysis", path] for path in import_order(logic)],
        codes=[answers["coding", path] for path in import_order(logic)],
    )
