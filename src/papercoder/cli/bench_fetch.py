"""`papercoder bench fetch`: the data of a public benchmark, on a machine with a network."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from papercoder.cli.bench import benches
from papercoder.cli.options import PARTIAL, JsonOption
from papercoder.errors import SettingsError

if TYPE_CHECKING:
    from papercoder.bench.data.folder import DataFolder
    from papercoder.bench.data.hosts import Hosts
    from papercoder.bench.data.lists import PublicList


@benches.command("fetch")
def fetch_data(
    benchmark: Annotated[Literal["paper2codebench", "paperbench"], typer.Argument(help="Which one.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where its data and manifest.yaml go.")],
    gold: Annotated[
        bool, typer.Option("--gold", help="Fetch the authors' repositories too (Paper2CodeBench).")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this paper, or this conference; may be repeated.")
    ] = None,
    listed: Annotated[
        Path | None, typer.Option("--list", metavar="FILE", help="Ids in place of the known ones (PaperBench).")
    ] = None,
    mirror: Annotated[
        str | None, typer.Option("--from", metavar="URL", help="A mirror that serves the same paths.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Seconds without a sign of life after which it tries again.", min=1)
    ] = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Lay out a public benchmark and write its manifest; run it again to fetch what is still missing."""
    from rich.console import Console

    from papercoder.bench.data.downloads import Downloads, web_client
    from papercoder.bench.data.fetch import fetch
    from papercoder.bench.data.folder import DataFolder
    from papercoder.bench.data.hosts import hosts_at
    from papercoder.console.bench_fetch import showing, tell_laid_out

    console = Console(stderr=True)
    with web_client(timeout) as client, showing(console) as tell:
        data = DataFolder(folder, Downloads(client, tell))
        done = fetch(_list(benchmark, data, hosts_at(mirror), gold, listed), data, only or ())
    if as_json:
        typer.echo(done.model_dump_json(indent=1))
    else:
        tell_laid_out(done, Console())
    if done.problems:
        raise typer.Exit(PARTIAL)


def _list(benchmark: str, data: "DataFolder", hosts: "Hosts", gold: bool, listed: Path | None) -> "PublicList":
    from papercoder.bench.data.lists import Paper2CodeBench, PaperBench

    if benchmark == PaperBench.name:
        if gold:
            raise SettingsError("--gold: PaperBench's blacklists name its authors' code, which is not fetched for it.")
        return PaperBench(data, hosts, listed)
    if listed:
        raise SettingsError("--list: Paper2CodeBench has a list of its own; choose from it with --only.")
    return Paper2CodeBench(data, hosts, gold)
