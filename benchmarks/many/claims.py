"""`python -m benchmarks.many.claims [PAPERS] [--on-ray PAPERS]`: the claims of many papers, whose trials are simulated.

One paper alone, then many on one machine, then some on a cluster of two nodes of which one is lost.
"""

import argparse
import importlib.util
from dataclasses import dataclass

from benchmarks.many.measure import Watched, watched
from benchmarks.results import Section, Table

PAPERS, ON_RAY = 500, 60
AT_ONCE = 40
"""Papers that are worked on at the same time."""


@dataclass(frozen=True)
class ClaimsResults:
    """The results."""

    alone: Watched
    together: Watched
    on_ray: Watched | None
    """None if Ray is not installed."""


def measure(papers: int = PAPERS, on_ray: int = ON_RAY) -> ClaimsResults:
    """One after the other.

    Raises:
        LoadError: a process ended without its result.
    """
    has_ray = on_ray > 0 and importlib.util.find_spec("ray") is not None
    return ClaimsResults(
        alone=watched(1, 3, 1.0, "--claims", "1"),
        together=watched(papers, 3, 1.0, "--claims", str(AT_ONCE)),
        on_ray=watched(on_ray, 3, 1.0, "--claims", str(AT_ONCE), "--ray", "--lose-node") if has_ray else None,
    )


def section(results: ClaimsResults) -> Section:
    """The section about the claims of many papers."""
    alone, together = results.alone, results.together
    rows = {"one paper alone": alone, f"{together.load.papers} in one process": together}
    if results.on_ray:
        rows[f"{results.on_ray.load.papers} on two nodes, one lost"] = results.on_ray
    time, memory = together.load.wall / alone.load.wall, together.held.memory_mib / alone.held.memory_mib
    meaning = (
        f"{together.load.papers} papers with trials and diagnosis take {time:.0f} times as long as one alone "
        f"({time / together.load.papers:.2f} times for each paper) and {memory:.1f} times its memory. "
        f"{together.load.complete} of {together.load.papers} ended complete."
    )
    if results.on_ray:
        far = results.on_ray.load
        meaning += (
            f" On two nodes, of which {far.lost_nodes} was lost, {far.complete} of {far.papers} ended complete; "
            f"{max(0, far.calls - far.answers)} of {far.calls:,} calls were paid for twice, and {far.trials_again} of "
            f"{far.trials:,} trials have two results."
        )
    heads = (
        "",
        "of one paper's time",
        "of its memory",
        "complete",
        "calls",
        "answers kept",
        "trials",
        "again",
        "wall, s",
    )
    outcomes = Table(
        ("", *(name for name, _ in together.load.outcomes)),
        [[name, *(f"{count} of {each.load.papers}" for _, count in each.load.outcomes)] for name, each in rows.items()],
    )
    return Section(
        title=f"The claims of {together.load.papers} papers",
        command="python -m benchmarks.many.claims [PAPERS] [--on-ray PAPERS]",
        meaning=meaning,
        tables=(Table(heads, [_row(name, each, alone) for name, each in rows.items()]), outcomes),
        notes=(
            "Simulated papers that state two results each: a quarter is met, a quarter differs, a quarter is toy and a "
            "quarter has no trial. Models answer at once; execution steps and trials start no process; "
            f"{AT_ONCE} papers are worked on at the same time. What is measured is the bench.",
            *(f"Not complete, {name}: {reason}" for name, each in rows.items() for reason in each.load.reasons),
            "" if results.on_ray else "Not measured on Ray: it is not installed, or was left out.",
        ),
    )


def _row(name: str, each: Watched, alone: Watched) -> list[str]:
    load = each.load
    return [
        name,
        f"{load.wall / alone.load.wall:.1f}",
        f"{each.held.memory_mib / alone.held.memory_mib:.1f}",
        f"{load.complete} of {load.papers}",
        f"{load.calls:,}",
        f"{load.answers:,}",
        f"{load.trials:,}",
        f"{load.trials_again:,}",
        f"{load.wall:.0f}",
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", nargs="?", type=int, default=PAPERS)
    parser.add_argument("--on-ray", type=int, metavar="PAPERS", default=ON_RAY)
    given = parser.parse_args()
    print(section(measure(given.papers, given.on_ray)).render())


if __name__ == "__main__":
    main()
