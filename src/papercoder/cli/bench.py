"""Many papers at once: `papercoder bench MANIFEST`, and the commands around it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from papercoder.cli.interruption import run_interruptible
from papercoder.cli.options import PARTIAL, OutcomeOption, QuietOption, SandboxOption, echo, group, new_console

if TYPE_CHECKING:
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
    from papercoder.bench.manifest.file import load_manifest
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
    from papercoder.bench.manifest.file import example

    echo(example(), nl=False)
