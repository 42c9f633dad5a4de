"""`papercoder bench compare`: which differences between two result sets are significant."""

from pathlib import Path
from typing import Annotated

import typer

from papercoder.cli.bench import benches
from papercoder.cli.options import JsonOption, echo, new_console

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
