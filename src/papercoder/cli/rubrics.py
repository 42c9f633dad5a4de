"""The command that drafts rubrics."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from papercoder.cli.interruption import run_interruptible
from papercoder.cli.options import (
    BaseUrlOption,
    MaxCostOption,
    ModelOption,
    OutcomeOption,
    PaperArgument,
    QuietOption,
    app,
    echo,
    new_console,
    settings_given,
    stem,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from papercoder.artifacts import Rubric


@app.command()
def rubric(
    paper: PaperArgument,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also write the rubric to this file.")] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Use the requirements and claims of this run.")
    ] = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    max_cost: MaxCostOption = None,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draft a rubric in PaperBench format from a paper's requirements and claims. Run it again to resume."""

    from papercoder.console.progress import progress
    from papercoder.evaluation.rubric import draft_rubric, to_json
    from papercoder.report.formatting import cost
    from papercoder.runs.event_log import read_events
    from papercoder.runs.folder import write_synced
    from papercoder.runs.summary import summarise

    settings = settings_given(model, base_url=base_url, max_cost=max_cost)
    folder = Path("runs") / f"rubric-{stem(paper)}"
    console = new_console(stderr=as_json, quiet=quiet)
    with progress(console) as listener:
        drafted = run_interruptible(draft_rubric(paper, folder, settings, [listener], planned=run))
    if as_json:
        echo(to_json(drafted))
    spent = summarise(read_events(folder))
    price = cost(spent.cost_usd, spent.unpriced, spent.calls.made)
    for line in (*_counts(drafted), f"{spent.calls.made} calls made, {price}, in {folder}"):
        console.print(line, soft_wrap=True)
    console.print(f"rubric: {folder / 'rubric.json'}", soft_wrap=True)
    if output:
        write_synced(output, to_json(drafted))
        console.print(f"copy: {output}", soft_wrap=True)


def _counts(rubric: "Rubric") -> "Iterator[str]":
    from collections import Counter

    leaves = list(rubric.leaves)
    yield f"{len(leaves)} leaves in {len(rubric.sub_tasks)} groups:"
    for category, count in Counter(leaf.task_category for leaf in leaves).items():
        yield f"  {category}: {count}"
