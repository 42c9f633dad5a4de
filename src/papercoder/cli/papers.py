"""The commands that turn papers into repositories, and look after both."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from papercoder.cli.interruption import run_interruptible
from papercoder.cli.options import (
    PARTIAL,
    BaseUrlOption,
    GpuOption,
    JsonOption,
    MaxCostOption,
    ModelOption,
    PaperArgument,
    PriceOption,
    ProfileOption,
    PromptsOption,
    RepositoryArgument,
    ReproduceOption,
    RunArgument,
    SandboxOption,
    app,
    models_given,
    new_console,
    settings_given,
    stem,
)
from papercoder.errors import RunFolderError, SettingsError

if TYPE_CHECKING:
    from papercoder.artifacts import StepResult


@app.command()
def read(
    paper: PaperArgument,
    as_json: JsonOption = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the paper, as the models read it.")
    ] = None,
    model: ModelOption = None,
) -> None:
    """Read a paper and report what was found and what may be lost. No model, no money."""
    from papercoder.console.fidelity import show
    from papercoder.models.resolve import price_of_spec
    from papercoder.operations.estimate import estimate
    from papercoder.paper.fidelity import fidelity
    from papercoder.paper.reading import read as read_paper
    from papercoder.runs.store import write_synced

    settings = settings_given(model)
    name = settings.model_for("coding")
    found = read_paper(paper)
    estimated = estimate(found, name, price_of_spec(name, settings), settings.refine)
    report = fidelity(found).model_copy(update={"estimate": estimated})
    if output:
        write_synced(output, found.model_dump_json(indent=1) if output.suffix == ".json" else found.render() + "\n")
    if as_json:
        typer.echo(report.model_dump_json(indent=1))
    else:
        show(report, new_console())


@app.command()
def run(
    paper: PaperArgument,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Run folder; default: runs/NAME.")] = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    profile: ProfileOption = None,
    refine: Annotated[int | None, typer.Option(help="Rounds of verify and revise in planning.")] = None,
    review_rounds: Annotated[int | None, typer.Option(help="Rounds of reviewing and revising the code.")] = None,
    repair_rounds: Annotated[int | None, typer.Option(help="Rounds of repairing what failed.")] = None,
    sandbox: SandboxOption = None,
    reproduce: ReproduceOption = None,
    gpu: GpuOption = None,
    max_cost: MaxCostOption = None,
    concurrency: Annotated[int | None, typer.Option(help="Calls at the same time.")] = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="Limit.")] = None,
    tokens_per_minute: Annotated[int | None, typer.Option(help="Limit.")] = None,
    call_timeout: Annotated[float | None, typer.Option(help="Seconds for one try of a call.")] = None,
    call_retries: Annotated[int | None, typer.Option(help="Further tries after a failure in passing.")] = None,
    answer_retries: Annotated[int | None, typer.Option(help="Times an unfit answer is sent back.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Completion tokens of one answer.")] = None,
    context_window: Annotated[int | None, typer.Option(help="Tokens that the model can read and write.")] = None,
    price_prompt: PriceOption = None,
    price_cached: PriceOption = None,
    price_completion: PriceOption = None,
    prompts: PromptsOption = None,
) -> None:
    """Turn a paper into a repository; run it again to go on where it stopped."""
    given = dict(locals())

    from papercoder.console.progress import progress
    from papercoder.console.terminal import show_report
    from papercoder.operations.generate import generate

    flags = {name: value for name, value in given.items() if name not in {"paper", "output", "model"}}
    settings = settings_given(model, **flags)
    folder = output or Path("runs") / stem(paper)
    with progress(new_console()) as listener:
        run_interruptible(generate(paper, folder, settings, [listener]))
    if show_report(folder, new_console()).status != "complete":
        raise typer.Exit(PARTIAL)


@app.command()
def show(
    run: RunArgument,
    as_json: JsonOption = False,
    asked: Annotated[
        bool,
        typer.Option("--questions", help="Print the questions for the paper's authors instead, as a text to send."),
    ] = False,
) -> None:
    """Show a run: stages, files, calls, tokens, cost, open requirements, warnings."""
    from papercoder.console.terminal import show_report
    from papercoder.report import load
    from papercoder.report.questions import questions
    from papercoder.runs.overview import report

    if as_json and asked:
        raise SettingsError("show prints one thing: give --json or --questions, not both.")
    if asked:
        text = questions(load(run))
        typer.echo(text or "Nothing is open so far: no requirement or value was assumed or only cited.", nl=not text)
    elif as_json:
        typer.echo(report(run).model_dump_json(indent=1))
    else:
        show_report(run, new_console())


@app.command()
def check(repository: RepositoryArgument, as_json: JsonOption = False) -> None:
    """Check a repository before anything of it runs. No model, no money; any Python repository will do."""
    from papercoder.console.check import show_check
    from papercoder.stages.checking import check as check_repository

    report = check_repository(repository)
    if as_json:
        typer.echo(report.model_dump_json(indent=1))
    else:
        show_check(report, new_console())
    if report.errors:
        raise typer.Exit(PARTIAL)


@app.command()
def execute(
    repository: RepositoryArgument,
    sandbox: SandboxOption = None,
    reproduce: ReproduceOption = None,
    gpu: GpuOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a repository in a sandbox, step by step: install, import, start, tests, smoke, and reproduce if asked."""

    from papercoder.console.terminal import show_execution_step
    from papercoder.operations.repair import climb, foretold

    console = new_console()

    def tell(step: "StepResult") -> None:
        show_execution_step(step, console, foretold(repository, step) if reproduce else "")

    listener = None if as_json else tell
    report = run_interruptible(climb(repository, sandbox or "auto", bool(reproduce), listener, bool(gpu)))
    if as_json:
        typer.echo(report.model_dump_json(indent=1))
    elif report.notes:
        typer.echo("\n".join(report.notes))
    if report.unseen(bool(reproduce)):
        raise typer.Exit(PARTIAL)


@app.command()
def repair(
    repository: RepositoryArgument,
    error: Annotated[Path, typer.Option(metavar="FILE", help="What was printed when it failed.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where answers are kept.")] = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    max_cost: MaxCostOption = None,
    sandbox: SandboxOption = None,
    gpu: GpuOption = None,
) -> None:
    """Repair a failure that was seen elsewhere: edit the repository so that what failed works."""

    from papercoder.console.progress import progress
    from papercoder.operations.repair import mend

    settings = settings_given(model, base_url=base_url, max_cost=max_cost, sandbox=sandbox, gpu=gpu)
    folder = output or Path("runs") / f"repair-{repository.resolve().name}"
    with progress(new_console()) as listener:
        changes = run_interruptible(mend(repository, error, folder, settings, [listener]))
    typer.echo(changes or "Nothing was changed: the agent found nothing to edit.")
    if not changes:
        raise typer.Exit(PARTIAL)


@app.command()
def revise(
    run: RunArgument,
    note: Annotated[str, typer.Argument(help="What the authors, or you, say; left out: take up edits.")] = "",
    paper: Annotated[str | None, typer.Option(help="A new version of the paper.")] = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    max_cost: MaxCostOption = None,
    price_prompt: PriceOption = None,
    price_cached: PriceOption = None,
    price_completion: PriceOption = None,
    sandbox: SandboxOption = None,
    reproduce: ReproduceOption = None,
    gpu: GpuOption = None,
) -> None:
    """Take up a note, your edits or a new version of the paper: make what they change anew, and run it again."""
    given = dict(locals())

    from papercoder.console.progress import progress
    from papercoder.console.terminal import show_report
    from papercoder.operations.generate import generate
    from papercoder.operations.revise import amend_run, changes, overspent, paper_of, settings_of, tree_of
    from papercoder.paper.reading import read as read_paper

    flags = {name: value for name, value in given.items() if name not in {"run", "note", "paper", "model"}}
    former = paper_of(run)
    settings = settings_of(run, {**models_given(model), **flags})
    if told := overspent(run, settings):
        typer.echo(told)
    with progress(new_console()) as listener:
        if note and paper:
            read_paper(paper)  # one that cannot be read is told before the note is paid for
        if note:
            typer.echo(run_interruptible(amend_run(run, note, settings, [listener])) or "The note changes nothing.")
        before = tree_of(run)
        run_interruptible(generate(paper or former, run, settings, [listener]))
    typer.echo(changes(before, tree_of(run)))
    if show_report(run, new_console()).status != "complete":
        raise typer.Exit(PARTIAL)


@app.command()
def report(run: RunArgument) -> None:
    """Write the report of a run, report.html and report.md, from what is in its folder."""
    from papercoder.report import write_report

    write_report(run)
    typer.echo(f"{run / 'report.html'}\n{run / 'report.md'}")


@app.command()
def models(model: ModelOption = None, base_url: BaseUrlOption = None) -> None:
    """Check which models are configured, and what is known of them."""
    from papercoder.console.terminal import show_models
    from papercoder.models.check import check_providers
    from papercoder.models.resolve import price_of_spec
    from papercoder.settings import ROLES

    settings = settings_given(model, base_url=base_url)
    for role in ROLES:
        price_of_spec(settings.model_for(role), settings)  # raises where there is no such provider
    show_models(check_providers(settings), new_console())


@app.command()
def prompts(
    name: Annotated[str | None, typer.Argument(help="Show this one.")] = None,
    export: Annotated[Path | None, typer.Option(metavar="DIR", help="Write all of them, for --prompts.")] = None,
    overrides: Annotated[Path | None, typer.Option("--prompts", help="Show with these replacements.")] = None,
) -> None:
    """Show or export the prompts."""
    from papercoder.agents.prompts import Prompts, names

    shipped = Prompts(overrides)
    if export:
        written = shipped.export(export)
        typer.echo(f"{len(written)} prompts written to {export}; edit them and run with --prompts {export}.")
    elif name:
        typer.echo(shipped.text(name))
    else:
        typer.echo("\n".join(names()))


@app.command()
def record(
    run: RunArgument,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the recording goes.")],
    by: Annotated[str, typer.Option(help="Who answered: which model, or who in its place.")],
    how: Annotated[str, typer.Option(help="How, in a sentence or two.")],
) -> None:
    """Export a run's answers, for --model recorded:FOLDER."""
    import datetime

    from papercoder.models.journaled import calls
    from papercoder.models.recorded import Recording, write_recording
    from papercoder.runs.folder import answer_store

    kept = list(calls(answer_store(run)))
    if not kept:
        raise RunFolderError(f"{run} has no answers to record. `papercoder run PAPER -o {run}` makes some.")
    recording = Recording(model=by, made=datetime.datetime.now(datetime.UTC).date(), how=how)
    write_recording(folder, ((call.request, call.answer) for call in kept), recording)
    typer.echo(f"{len(kept)} answers written to {folder}; use them with --model recorded:{folder}.")
