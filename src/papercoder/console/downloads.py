"""The progress of downloads in a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from papercoder.datasets.downloads import OnProgress


@contextmanager
def show_progress(console: Console) -> Iterator[OnProgress]:
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
                    size = f" ({decimal(total)})" if total else ""
                    console.print(f"{address}{size}", soft_wrap=True)
            progress.update(task, description="/".join(address.split("/")[-3:]), completed=done, total=total)

        yield on_progress
