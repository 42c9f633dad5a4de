"""`papercoder bench fetch`: download the data of a public benchmark."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from papercoder.cli.bench import benches
from papercoder.cli.options import PARTIAL, OutcomeOption, QuietOption, echo, new_console
from papercoder.errors import SettingsError

if TYPE_CHECKING:
    from papercoder.bench.data.benchmarks import Benchmark, Hosts
    from papercoder.bench.data.folder import DataFolder


@benches.command("fetch")
def fetch_data(
    benchmark: Annotated[Literal["paper2codebench", "paperbench"], typer.Argument(help="Benchmark.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder for the data and manifest.yaml.")],
    gold: Annotated[
        bool, typer.Option("--gold", help="Also fetch the authors' repositories (Paper2CodeBench).")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Fetch only this paper or conference. Repeatable.")
    ] = None,
    listed: Annotated[
        Path | None,
        typer.Option(
            "--list", metavar="FILE", help="File with paper ids to use instead of the built-in list (PaperBench)."
        ),
    ] = None,
    mirror: Annotated[str | None, typer.Option("--from", metavar="URL", help="Mirror with the same paths.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds without data before a retry.", min=1)] = 60.0,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
) -> None:
    """Download a public benchmark and write its manifest. Run it again to fetch what is missing."""

    from papercoder.bench.data.benchmarks import fetch, hosts_at
    from papercoder.bench.data.folder import DataFolder
    from papercoder.console.bench import show_downloaded
    from papercoder.console.resources import show_progress
    from papercoder.datasets.downloads import Downloads, web_client

    console = new_console(stderr=True, quiet=quiet)
    with web_client(timeout) as client, show_progress(console) as on_progress:
        data = DataFolder(folder, Downloads(client, on_progress))
        done = fetch(_list(benchmark, data, hosts_at(mirror), gold, listed), data, only or ())
    if as_json:
        echo(done.model_dump_json(indent=1))
    else:
        show_downloaded(done, new_console(quiet=quiet))
    if done.problems:
        raise typer.Exit(PARTIAL)


def _list(benchmark: str, data: "DataFolder", hosts: "Hosts", gold: bool, listed: Path | None) -> "Benchmark":
    from papercoder.bench.data.benchmarks import Paper2CodeBench, PaperBench

    if benchmark == PaperBench.name:
        if gold:
            raise SettingsError("--gold is not available for PaperBench: its rules blacklist the authors' code.")
        return PaperBench(data, hosts, listed)
    if listed:
        raise SettingsError("--list is not available for Paper2CodeBench. Choose papers from its own list with --only.")
    return Paper2CodeBench(data, hosts, gold)
