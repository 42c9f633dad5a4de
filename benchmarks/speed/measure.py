"""One run of the papercoder profile with the simulated model, and what it took."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.reference import Latency, Sizes
from papercoder.artifacts import LogicDesign
from papercoder.events import CallMade
from papercoder.generation import generate
from papercoder.graph import order
from papercoder.run import read_events
from papercoder.settings import Settings

PLANNING = ("overall_plan", "architecture", "logic", "config")


@dataclass(frozen=True)
class Measured:
    """What a run took, in modelled seconds and counted tokens."""

    seconds: float
    critical_path: float
    """The least that any client could take: planning, the longest analysis, the longest chain of files."""

    prompt: int
    cached: int
    sizes: Sizes


@dataclass(frozen=True)
class Graph:
    """The files of an invented repository: layers of this width, each importing from the layer below."""

    files: int
    width: int


def measure(paper: Path, folder: Path, graph: Graph, latency: Latency, speed: float) -> Measured:
    """Run the line; seconds are multiplied by `speed`, as the model's were divided."""
    clock = f"ttft={latency.ttft:g},tps={latency.tps:g},speed={speed:g}"
    model = f"simulated:files={graph.files},width={graph.width},{clock},seed=0"
    settings = Settings(model=model, profile="papercoder", concurrency=64)
    began = time.monotonic()
    asyncio.run(generate(paper, folder, settings))
    took = (time.monotonic() - began) * speed
    calls = [event for event in read_events(folder) if isinstance(event, CallMade)]
    logic = LogicDesign.model_validate_json((folder / "planning" / "logic.json").read_text(encoding="utf-8"))
    return Measured(
        seconds=took,
        critical_path=critical_path(calls, logic, latency),
        prompt=sum(call.prompt for call in calls),
        cached=sum(call.cached for call in calls),
        sizes=_sizes(calls, logic),
    )


def critical_path(calls: list[CallMade], logic: LogicDesign, latency: Latency) -> float:
    """Seconds of the longest chain of calls in which each needs the one before."""
    planning = sum(latency.seconds(call.completion) for call in calls if call.agent in PLANNING)
    seconds = {(call.agent, call.subject): latency.seconds(call.completion) for call in calls}
    ends: dict[str, float] = {}
    for path in order(logic):
        needed = [ends[item.path] for item in logic.file(path).imports]
        ends[path] = max([seconds["analysis", path], *needed]) + seconds["coding", path]
    return planning + max(ends.values())


def _sizes(calls: list[CallMade], logic: LogicDesign) -> Sizes:
    answers = {(call.agent, call.subject): call.completion for call in calls}
    first = next(call for call in calls if call.agent == "overall_plan")
    return Sizes(
        paper=first.prompt,
        planning=[answers[agent, ""] for agent in PLANNING],
        analyses=[answers["analysis", path] for path in order(logic)],
        codes=[answers["coding", path] for path in order(logic)],
    )
