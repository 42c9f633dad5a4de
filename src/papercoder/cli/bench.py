"""Many papers at once: `papercoder bench MANIFEST`, `compare` for two result sets, `fetch` for public benchmarks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from papercoder.cli.options import (
    PARTIAL,
    JsonOption,
    OutcomeOption,
    QuietOption,
    SandboxOption,
    echo,
    group,
    new_console,
    run_interruptible,
)
from papercoder.errors import SettingsError

if TYPE_CHECKING:
    from papercoder.bench.benchmarks import Benchmark, Hosts
    from papercoder.bench.data_folder import DataFolder
    from papercoder.bench.placement import Placement


class ManifestFirst(TyperGroup):
    """A command group that runs a manifest when its first argument is not a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert `run` unless the first argument is a command or a help option."""
        named = not args or args[0] in self.commands or args[0] in ctx.help_option_names
        return super().parse_args(ctx, args if named else ["run", *args])


benches = group(
    "bench",
    "Run a manifest: papers, variants, models, repeats. `papercoder bench MANIFEST` is short for `bench run`.",
    ManifestFirst,
)


@benches.command("run")
def run_manifest(
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="A YAML file; `papercoder bench example` prints one.")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Results folder. Default: runs/bench-NAME.")
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option(help="Cost limit for all entries together, in dollars.", min=0)
    ] = None,
    papers_at_once: Annotated[int | None, typer.Option(help="Entries to run at the same time.", min=1)] = None,
    sandbox: SandboxOption = None,
    on: Annotated[Literal["local", "ray"], typer.Option(help="Where to run: this process or a Ray cluster.")] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A running Ray cluster, HOST:PORT or `auto`. Default: start one here."),
    ] = None,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run all entries of a manifest. Run it again to resume."""

    from papercoder.bench.bench import bench
    from papercoder.bench.manifest_file import load_manifest
    from papercoder.bench.results.page import write_page
    from papercoder.console.bench import show_results, watching

    given = {"max_cost": max_cost, "papers_at_once": papers_at_once}
    flags = {name: value for name, value in given.items() if value is not None}
    chosen = load_manifest(manifest).model_copy(update=flags)
    folder = output or Path("runs") / f"bench-{chosen.name}"
    placement = _placement(on, ray_address)
    console = new_console(stderr=as_json, quiet=quiet)
    with watching(console) as listener:
        results = run_interruptible(bench(chosen, folder, placement, listener, sandbox=sandbox))
    page = write_page(folder, results)
    if as_json:
        echo(results.model_dump_json(indent=1))
    else:
        show_results(results, console)
        paths = f"{folder / 'results.json'}, {folder / 'results.csv'}, {page}"
        console.print(f"results: {paths}", soft_wrap=True, highlight=False)
    if any(entry.status != "complete" for entry in results.entries):
        raise typer.Exit(PARTIAL)


def _placement(on: Literal["local", "ray"], ray_address: str | None) -> "Placement":
    if on == "ray":
        from papercoder.bench.ray.placement import RayPlacement

        return RayPlacement(ray_address)
    if ray_address:
        raise typer.BadParameter("requires --on ray", param_hint="--ray-address")
    from papercoder.bench.placement import LocalPlacement

    return LocalPlacement()


@benches.command("example")
def show_example() -> None:
    """Print an example manifest: the ablation of the Paper2Code paper."""
    from papercoder.bench.manifest_file import example

    echo(example(), nl=False)


_RESULTS = "A bench folder or its results.json."


@benches.command("compare")
def compare_results(
    before: Annotated[Path, typer.Argument(metavar="A", help=_RESULTS)],
    after: Annotated[
        Path | None, typer.Argument(metavar="[B]", help="Another one. Default: compare variants or models within A.")
    ] = None,
    variants: Annotated[
        tuple[str, str] | None, typer.Option(metavar="X Y", help="Compare variant X of A with variant Y of B.")
    ] = None,
    models: Annotated[
        tuple[str, str] | None, typer.Option(metavar="X Y", help="Compare model X of A with model Y of B.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Page to write. Default: compare.html in the last folder.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two result sets, or two variants or models of one, paper by paper."""
    from papercoder.bench.results.comparison import compare
    from papercoder.bench.results.files import read_results
    from papercoder.bench.results.page import write_comparison
    from papercoder.console.bench import show_comparison

    first = read_results(before)
    second = read_results(after) if after else first
    comparison = compare(first, second, variants, models)
    last = after or before
    page = output or (last if last.is_dir() else last.parent) / "compare.html"
    write_comparison(page, comparison)
    if as_json:
        echo(comparison.model_dump_json(indent=1))
        return
    console = new_console()
    show_comparison(comparison, console)
    console.print(f"page: {page}", soft_wrap=True, highlight=False)


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

    from papercoder.bench.benchmarks import fetch, hosts_at
    from papercoder.bench.data_folder import DataFolder
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
    from papercoder.bench.benchmarks import Paper2CodeBench, PaperBench

    if benchmark == PaperBench.name:
        if gold:
            raise SettingsError("--gold is not available for PaperBench: its rules blacklist the authors' code.")
        return PaperBench(data, hosts, listed)
    if listed:
        raise SettingsError("--list is not available for Paper2CodeBench. Choose papers from its own list with --only.")
    return Paper2CodeBench(data, hosts, gold)
