"""What is present and what is missing of a benchmark, in a terminal."""

from rich.console import Console

from papercoder.bench.data.fetch import FetchResult
from papercoder.report.formatting import plural


def show_downloaded(done: FetchResult, console: Console) -> None:
    """Show what is present and what is missing."""
    console.print(f"{plural(len(done.papers), 'paper')} ready; {done.manifest}", soft_wrap=True)
    for problem in done.problems:
        console.print(f"missing: {problem}", soft_wrap=True)
    if done.problems:
        console.print("Run the same command again to fetch what is missing.")
