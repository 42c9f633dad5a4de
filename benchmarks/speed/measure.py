"""Runs with the simulated model, and what they took."""

import asyncio
import selectors
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar, TypeVarTuple
from unittest.mock import patch

from benchmarks.machine import example
from benchmarks.speed.reference import Latency, Sizes
from papercoder.artifacts import LogicDesign
from papercoder.models.contract import Answer, Price, Request
from papercoder.models.recorded import Recorded
from papercoder.operations.generate import generate
from papercoder.repository.code_graph import import_order
from papercoder.runs.events import CallMade, CallStarted, Event
from papercoder.settings import Coding, Settings

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

PLANNING = ("overall_plan", "architecture", "logic", "config")
PRICE = Price(prompt=1.25, cached=0.125, completion=10.0)
"""As a typical model of today costs."""

LATENCY = Latency(ttft=1.0, tps=60.0)
RECORDED = example().parent / "recorded"

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
    seconds: float
    """Modelled seconds of waiting for the model."""

    own: float
    """Real seconds of our own work; the simulated model's work is among them."""

    critical_path: float
    """The least modelled seconds that any client could take: planning, the longest analysis, the longest chain."""

    spent: Spent
    sizes: Sizes


@dataclass(frozen=True)
class FullRuns:
    """The full pipeline with both orders of coding."""

    graph: Graph
    planning: float
    """Modelled seconds until the first file is analysed."""

    layered: float
    """Modelled seconds of the whole run."""

    parallel: float
    spent: Spent


@dataclass(frozen=True)
class Span:
    """The calls of one agent."""

    calls: int
    began: float
    """Modelled seconds from the start of the run to that of its first call."""

    ended: float
    """Modelled seconds to the end of its last call."""


@dataclass(frozen=True)
class Replayed:
    """Recorded answers of a paper, as long as the modelled model would take for them."""

    seconds: float
    """Modelled seconds of the whole run, without executions."""

    agents: dict[str, Span]
    """Agent -> its calls, in the order of their beginning."""


@dataclass(frozen=True)
class SpeedResults:
    """All runs."""

    published: tuple[Measured, ...]
    """Of the profile that can be compared with the reference, on all graphs."""

    full: tuple[FullRuns, ...]
    """On graphs of width 4."""

    example: tuple[Replayed, Replayed]
    """The recorded answers of the bundled paper, in layers and at once."""

    paper: str


def measure_all(paper: Path | None = None) -> SpeedResults:
    """One run after the other, so that each has the machine to itself."""
    source = paper or example()
    with tempfile.TemporaryDirectory() as folder:
        published = tuple(
            measure(source, Path(folder) / f"papercoder-{graph.files}x{graph.width}", graph)
            for graph in (*NARROW, *FLAT)
        )
        full = tuple(measure_full(source, Path(folder) / f"full-{graph.files}", graph) for graph in NARROW)
    return SpeedResults(published, full, replay_both(RECORDED, RECORDED, example()), source.name)


def measure(paper: Path, folder: Path, graph: Graph) -> Measured:
    """Run the pipeline as published."""
    began = time.monotonic()
    run = _run(paper, folder, graph, "papercoder")
    own = time.monotonic() - began
    logic = LogicDesign.model_validate_json((folder / "planning" / "logic.json").read_text(encoding="utf-8"))
    path, calls = critical_path(run.calls, logic, LATENCY), run.calls
    return Measured(graph, len(calls), run.seconds, own, path, _spent(calls), sizes_of(calls, logic))


def measure_full(paper: Path, folder: Path, graph: Graph) -> FullRuns:
    """Run the full pipeline twice."""
    layered = _run(paper, folder / "layered", graph, "full")
    parallel = _run(paper, folder / "parallel", graph, "full", "parallel")
    return FullRuns(graph, layered.planning, layered.seconds, parallel.seconds, _spent(layered.calls))


def replay_both(layered: Path, parallel: Path, paper: Path) -> tuple[Replayed, Replayed]:
    """Replay recordings of a paper that were made with each order; they may be the same one."""
    return replay(layered, paper, "layered"), replay(parallel, paper, "parallel")


def replay(recorded: Path, paper: Path, coding: Coding) -> Replayed:
    """Run the full pipeline with recorded answers, each after the time that the modelled model takes for it."""
    answer_at_once = Recorded.answer

    async def answer(model: Recorded, request: Request) -> Answer:
        found = await answer_at_once(model, request)
        await asyncio.sleep(LATENCY.seconds(found.usage.completion))
        return found

    settings = Settings(model=f"recorded:{recorded}", coding=coding, concurrency=64, sandbox="none")
    with tempfile.TemporaryDirectory() as folder, patch.object(Recorded, "answer", answer):
        seconds, events = _timed(paper, Path(folder) / "run", settings)
    agents: dict[str, Span] = {}
    for at, event in events:
        if isinstance(event, CallStarted):
            before = agents.setdefault(event.agent, Span(0, at, at))
            agents[event.agent] = Span(before.calls + 1, before.began, at)
        elif isinstance(event, CallMade):
            agents[event.agent] = replace(agents[event.agent], ended=at)
    return Replayed(seconds, agents)


class _Selector(selectors.DefaultSelector):
    """Waits for our own work alone; where there is none, the loop's clock passes the time at once."""

    def __init__(self) -> None:
        super().__init__()
        self.passed, self.at_work = 0.0, 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready; nothing, after the time has passed."""
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        if self.at_work or len(self.get_map()) > 1:  # besides the loop's own pipe, those of a process
            return super().select(None)
        ready = super().select(0)
        self.passed += 0 if ready else timeout
        return ready


class ModelledTime(asyncio.SelectorEventLoop):
    """An event loop whose clock counts what is waited for, at once, and stands still while we work.

    What a run takes in it does not depend on the machine, and a run of ten minutes takes seconds.
    """

    def __init__(self) -> None:
        self._waiting = _Selector()
        super().__init__(self._waiting)

    def time(self) -> float:
        """Seconds that were waited for."""
        return self._waiting.passed

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> "asyncio.Future[T]":
        """Run in a thread, while the clock stands still."""
        self._waiting.at_work += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._end_work)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002
        """Wait for the threads: a time limit, which Python 3.12 and later give, would pass at once on this clock."""
        await super().shutdown_default_executor()

    def _end_work(self, _: object) -> None:
        self._waiting.at_work -= 1


@dataclass(frozen=True)
class _Run:
    calls: list[CallMade]
    seconds: float
    """Modelled, as below."""

    planning: float


def _run(paper: Path, folder: Path, graph: Graph, profile: Profile, coding: Coding = "layered") -> _Run:
    speed = 60.0  # few pieces of each answer
    clock = f"ttft={LATENCY.ttft:g},tps={LATENCY.tps:g},speed={speed:g}"
    price = f"price_in={PRICE.prompt:g},price_cached={PRICE.cached:g},price_out={PRICE.completion:g}"
    model = f"simulated:files={graph.files},width={graph.width},{clock},{price},seed=0"
    settings = Settings(model=model, profile=profile, coding=coding, concurrency=64, sandbox="none")
    seconds, events = _timed(paper, folder, settings)
    analysed = (at for at, event in events if isinstance(event, CallStarted) and event.agent == "analysis")
    calls = [event for _, event in events if isinstance(event, CallMade)]
    return _Run(calls, seconds * speed, min(analysed) * speed)


def _timed(paper: Path, folder: Path, settings: Settings) -> tuple[float, list[tuple[float, Event]]]:
    """The seconds that a run waits, and its events with the time at which they happened."""
    loop = ModelledTime()
    events: list[tuple[float, Event]] = []
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(generate(paper, folder, settings, [lambda event: events.append((loop.time(), event))]))
        return loop.time(), events


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
