"""Benchmark downloads in a terminal: a progress bar, then what is present and what is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from papercoder.bench.data.fetch import FetchResult
from papercoder.datasets.downloads import OnProgress
from papercoder.report.formatting import plural


@contextmanager
def showing(console: Console) -> Iterator[OnProgress]:
    """Show downloads: a progress bar in a terminal, one line per download elsewhere."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("")
        seen = set[str]()

        def on_progress(address: str, done: int, total: int | None) -> None:
            if address not in seen:
                seen.add(address)
                progress.reset(task)
                if not console.is_terminal:
                    console.print(address, soft_wrap=True)
            progress.update(task, description="/".join(address.split("/")[-3:]), completed=done, total=total)

        yield on_progress


def show_downloaded(done: FetchResult, console: Console) -> None:
    """Show what is present and what is missing."""
    console.print(f"{plural(len(done.papers), 'paper')} ready; {done.manifest}", soft_wrap=True)
    for problem in done.problems:
        console.print(f"missing: {problem}", soft_wrap=True)
    if done.problems:
        console.print("Run the same command again to fetch what is missing.")
