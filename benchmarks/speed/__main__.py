"""`python -m benchmarks.speed [PAPER]`: modelled wall time and prompt tokens for 4 to 32 files."""

import math
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.speed import reference
from benchmarks.speed.measure import Graph, Measured, measure

NARROW = tuple(Graph(files, 4) for files in (4, 8, 16, 32))
"""Width 4: the more files, the longer the chain of imports."""

FLAT = (Graph(16, 5), Graph(32, 10))
"""As many files, but the chain of imports stays as short."""

LATENCY = reference.Latency(ttft=1.0, tps=60.0)
SPEED = 8.0
"""Modelled seconds in one real second; a higher one makes our own overhead look larger than it is."""

EXAMPLE = Path(__file__).parents[2] / "examples" / "kiln" / "paper.pdf"


HEADS = (
    "files",
    "width",
    "seconds",
    "critical path",
    "over it",
    "reference",
    "times faster",
    "tokens",
    "reference",
    "share",
)


def main() -> None:
    """Measure and print."""
    paper = Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLE
    with tempfile.TemporaryDirectory() as folder:
        measured = {
            graph: measure(paper, Path(folder) / f"{graph.files}x{graph.width}", graph, LATENCY, SPEED)
            for graph in (*NARROW, *FLAT)
        }
    console = Console(width=140)
    console.print(_table(measured))
    fewest, most = NARROW[0], NARROW[-1]
    growth = math.log(measured[most].prompt / measured[fewest].prompt) / math.log(most.files / fewest.files)
    console.print(f"Prompt tokens grow as N^{growth:.2f} from {fewest.files} to {most.files} files of width 4.")
    console.print(
        "The reference is modelled from the same answers: serial, and each code prompt with all code before it. "
        f"Model: {LATENCY.ttft:g} s to the first token, {LATENCY.tps:g} tokens/s, {paper.name}."
    )


def _table(measured: dict[Graph, Measured]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    heads = (
        "files",
        "seconds",
        "critical path",
        "over it",
        "reference",
        "times faster",
        "prompt tokens",
        "reference",
        "share",
    )
    for head in heads:
        table.add_column(head, justify="right")
    for graph, each in measured.items():
        serial, sent = reference.seconds(each.sizes, LATENCY), reference.prompt_tokens(each.sizes)
        table.add_row(
            str(graph.files),
            str(graph.width),
            f"{each.seconds:.0f}",
            f"{each.critical_path:.0f}",
            f"{each.seconds / each.critical_path - 1:.1%}",
            f"{serial:.0f}",
            f"{serial / each.seconds:.1f}",
            f"{each.prompt:,}",
            f"{sent:,}",
            f"{each.prompt / sent:.0%}",
        )
    return table


if __name__ == "__main__":
    main()
