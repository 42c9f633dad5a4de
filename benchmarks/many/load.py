"""`python -m benchmarks.many.load PAPERS FILES SPEED FOLDER [--ray]`: a process that runs all papers at once.

It is a process of its own, so that what it holds can be watched from without. It prints what it saw, as JSON.
"""

import argparse
import asyncio
import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import example
from benchmarks.many.heartbeat import Heartbeat, Lag
from benchmarks.speed.measure import LATENCY
from papercoder.artifacts import BenchEntryResult, BenchResults
from papercoder.bench.bench import bench
from papercoder.bench.manifest.manifest import Manifest, ModelChoice, PaperEntry, Variant
from papercoder.bench.placement import LocalPlacement, Placement
from papercoder.runs.events import Event

_RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "180"}
"""No request leaves the machine, so the time limits can be long."""


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


class Silent:
    """A listener that shows nothing."""

    def on_start(self, results: BenchResults) -> None:
        """All entries."""

    def on_warning(self, message: str) -> None:
        """Something should be known."""

    def on_event(self, entry: str, event: Event) -> None:
        """Something happened."""

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


async def load(todo: Manifest, folder: Path, placement: Placement) -> Load:
    """Run all papers at once with a heartbeat."""
    cpu, others, wall = _cpu(resource.RUSAGE_SELF), _cpu(resource.RUSAGE_CHILDREN), time.perf_counter()
    async with Heartbeat() as heart:
        results = await bench(todo, folder, placement, Silent())
    return Load(
        papers=len(results.entries),
        complete=sum(entry.status == "complete" for entry in results.entries),
        calls=sum(entry.calls for entry in results.entries),
        wall=time.perf_counter() - wall,
        cpu=_cpu(resource.RUSAGE_SELF) - cpu,
        cpu_of_others=_cpu(resource.RUSAGE_CHILDREN) - others,
        lag=heart.lag,
        reasons=tuple(sorted({_nameless(entry, folder) for entry in results.entries if entry.status != "complete"})),
    )


def _nameless(entry: BenchEntryResult, folder: Path) -> str:
    """The reason without the name of the temporary folder."""
    reason = entry.reason.replace(str(entry.entry), "PAPER").replace(str(folder.resolve()), "FOLDER")
    return f"{entry.status}: {' '.join(reason.split())}"


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


@contextmanager
def placed(*, on_ray: bool) -> Iterator[Placement]:
    """This process, or a temporary cluster of two nodes on this machine with one CPU each."""
    if not on_ray:
        yield LocalPlacement()
        return
    os.environ |= _RAY
    from ray.cluster_utils import Cluster  # noqa: PLC0415, an extra

    from papercoder.bench.ray.placement import RayPlacement  # noqa: PLC0415

    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=1)
        yield RayPlacement(str(cluster.address))
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
    given = parser.parse_args()
    with placed(on_ray=given.ray) as placement:
        seen = asyncio.run(load(manifest(given.papers, given.files, given.speed), given.folder, placement))
    print(json.dumps(asdict(seen)))


if __name__ == "__main__":
    main()
