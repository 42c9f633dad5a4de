"""`python -m benchmarks.many.load PAPERS FILES SPEED FOLDER [--ray] [--claims] [--lose-node]`: runs all papers at once.

It is a process of its own, so that what it holds can be watched from without. It prints what it saw, as JSON.
"""

import argparse
import asyncio
import json
import os
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import example
from benchmarks.many.heartbeat import Heartbeat, Lag
from benchmarks.many.trials import NoProcessHost, claims_manifest, start_no_processes
from benchmarks.speed.measure import LATENCY
from papercoder.artifacts import BenchEntryResult, BenchResults
from papercoder.bench.bench import bench
from papercoder.bench.manifest import Manifest, ModelChoice, PaperEntry, Variant
from papercoder.bench.placement import LocalPlacement, Placement
from papercoder.bench.ray.host import Host
from papercoder.bench.results.metrics import shares
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade, Event, TrialEnded

_RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "180"}
"""No request leaves the machine, so the time limits can be long."""


_CALLS_BEFORE_LOSS = 10
"""Calls of each paper, on average, after which a node is lost."""


@dataclass(frozen=True)
class Load:
    """The results as measured by the process."""

    papers: int
    complete: int
    calls: int
    wall: float
    """Seconds without the start of a cluster."""

    cpu: float
    """CPU seconds of the process with its threads."""

    cpu_of_others: float
    """CPU seconds of finished child processes: git, the type checker, the PDF reader."""

    lag: Lag
    reasons: tuple[str, ...] = ()
    """Reasons of incomplete papers."""

    answers: int = 0
    """Different answers that are kept; a call more than these was paid for twice."""

    trials: int = 0
    """Trials with a result."""

    trials_again: int = 0
    """Trials that ended with a result more than once."""

    outcomes: tuple[tuple[str, int], ...] = ()
    """What the claims of the papers came to, and how many papers."""

    lost_nodes: int = 0


@dataclass
class Silent:
    """A listener that shows nothing, and may lose a node after a number of calls."""

    lose_node: Callable[[], None] | None = None
    after: int = 0
    calls: int = 0

    def on_start(self, results: BenchResults) -> None:
        """All entries."""

    def on_warning(self, message: str) -> None:
        """Something should be known."""

    def on_event(self, entry: str, event: Event) -> None:  # noqa: ARG002
        """Something happened."""
        self.calls += isinstance(event, CallMade)
        if self.lose_node and self.calls >= self.after:
            lose, self.lose_node = self.lose_node, None
            lose()

    def on_entry_end(self, result: BenchEntryResult) -> None:
        """An entry ended."""


def manifest(papers: int, files: int, speed: float) -> Manifest:
    """The same paper many times, each with its own repository."""
    clock = f"ttft={LATENCY.ttft:g},tps={LATENCY.tps:g},speed={speed:g}"
    return Manifest(
        name="many",
        papers=tuple(PaperEntry(id=f"paper{number:02}", paper=str(example())) for number in range(papers)),
        variants=(Variant.model_validate({"name": "full", "sandbox": "none"}),),
        models=(ModelChoice(name="simulated", model=f"simulated:files={files},width=4,{clock}"),),
        papers_at_once=papers,
        concurrency=10_000,
    )


async def load(todo: Manifest, folder: Path, placement: Placement, listener: Silent | None = None) -> Load:
    """Run all papers at once with a heartbeat."""
    listener = listener or Silent()
    disturbed = listener.lose_node is not None
    cpu, others, wall = _cpu(resource.RUSAGE_SELF), _cpu(resource.RUSAGE_CHILDREN), time.perf_counter()
    async with Heartbeat() as heart:
        results = await bench(todo, folder, placement, listener)
    return Load(
        papers=len(results.entries),
        complete=sum(entry.status == "complete" for entry in results.entries),
        calls=sum(entry.calls for entry in results.entries),
        wall=time.perf_counter() - wall,
        cpu=_cpu(resource.RUSAGE_SELF) - cpu,
        cpu_of_others=_cpu(resource.RUSAGE_CHILDREN) - others,
        lag=heart.lag,
        **_kept(folder),
        outcomes=tuple((name, share.count) for one in results.claims for name, share in shares(one)),
        lost_nodes=int(disturbed and listener.lose_node is None),
        reasons=tuple(sorted({_nameless(entry, folder) for entry in results.entries if entry.status != "complete"})),
    )


def _kept(folder: Path) -> dict[str, int]:
    """How many answers are kept, how many trials have a result, and how many have had one more than once."""
    answers = sum(1 for _ in folder.glob("*/.store/answers/call-*"))
    ended = Counter(
        (log.parent.name, event.trial)
        for log in folder.glob("*/events.jsonl")
        for event in read_events(log.parent)
        if isinstance(event, TrialEnded) and event.status == "done"
    )
    return {"answers": answers, "trials": len(ended), "trials_again": sum(count > 1 for count in ended.values())}


def _nameless(entry: BenchEntryResult, folder: Path) -> str:
    """The reason without the name of the temporary folder."""
    reason = entry.reason.replace(str(entry.entry), "PAPER").replace(str(folder.resolve()), "FOLDER")
    return f"{entry.status}: {' '.join(reason.split())}"


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


@contextmanager
def placed(*, on_ray: bool, claims: bool = False) -> Iterator[tuple[Placement, Callable[[], None] | None]]:
    """This process, or a temporary cluster of two nodes on this machine with one CPU each, of which one can be lost."""
    if not on_ray:
        yield LocalPlacement(), None
        return
    os.environ |= _RAY
    from ray.cluster_utils import Cluster  # noqa: PLC0415, an extra

    from papercoder.bench.ray.placement import RayPlacement  # noqa: PLC0415

    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        second = cluster.add_node(num_cpus=1)
        placement = RayPlacement(str(cluster.address), NoProcessHost if claims else Host)
        yield placement, lambda: cluster.remove_node(second, allow_graceful=False)
    finally:
        cluster.shutdown()


def main() -> None:
    """Print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", type=int)
    parser.add_argument("files", type=int)
    parser.add_argument("speed", type=float)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--claims", type=int, metavar="AT_ONCE", default=0)
    parser.add_argument("--lose-node", action="store_true")
    given = parser.parse_args()
    todo = manifest(given.papers, given.files, given.speed)
    if given.claims:
        todo = claims_manifest(given.papers, given.claims, given.folder / ".papers")
        start_no_processes()
    with placed(on_ray=given.ray, claims=bool(given.claims)) as (placement, lose_node):
        listener = Silent(lose_node if given.lose_node else None, after=_CALLS_BEFORE_LOSS * given.papers)
        seen = asyncio.run(load(todo, given.folder, placement, listener))
    print(json.dumps(asdict(seen)))


if __name__ == "__main__":
    main()
