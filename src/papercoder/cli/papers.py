"""Commands for papers, runs and repositories, and the bundled example."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from papercoder.cli.options import (
    PARTIAL,
    BaseUrlOption,
    BlacklistOption,
    BudgetOption,
    CodingOption,
    GpuOption,
    JsonOption,
    MaxCostOption,
    ModelOption,
    OutcomeOption,
    PaperArgument,
    PriceOption,
    ProfileOption,
    PromptsOption,
    QuietOption,
    ReferenceOption,
    RepositoryArgument,
    ReproduceOption,
    RunArgument,
    SandboxOption,
    ThinkingOption,
    app,
    echo,
    end_with_outcome,
    models_given,
    new_console,
    run_interruptible,
    settings_given,
    stem,
)
from papercoder.errors import RunFolderError, SettingsError


@app.command()
def read(
    paper: PaperArgument,
    as_json: JsonOption = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the paper as models read it.")] = None,
    model: ModelOption = None,
) -> None:
    """Read a paper and report what was found and what may be lost. Uses no model."""
    from papercoder.console.outcome import show
    from papercoder.models.resolve import price_of_spec
    from papercoder.operations.estimate import estimate
    from papercoder.paper.fidelity import fidelity
    from papercoder.paper.reading import read_within_limits
    from papercoder.runs.folder import write_synced

    settings = settings_given(model)
    name = settings.model_for("coding")
    found = read_within_limits(paper)
    estimated = estimate(found, name, price_of_spec(name, settings), settings.refine, coding=settings.coding)
    report = fidelity(found).model_copy(update={"estimate": estimated})
    if output:
        write_synced(output, found.model_dump_json(indent=1) if output.suffix == ".json" else found.render() + "\n")
    if as_json:
        echo(report.model_dump_json(indent=1))
    else:
        show(report, new_console())


@app.command()
def run(
    paper: PaperArgument,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Run folder. Default: runs/NAME.")] = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    thinking: ThinkingOption = None,
    profile: ProfileOption = None,
    refine: Annotated[int | None, typer.Option(help="Verify-and-revise rounds in planning.")] = None,
    coding: CodingOption = None,
    review_rounds: Annotated[int | None, typer.Option(help="Review-and-revise rounds for the code.")] = None,
    repair_rounds: Annotated[int | None, typer.Option(help="Repair rounds for failed steps.")] = None,
    sandbox: SandboxOption = None,
    reproduce: ReproduceOption = None,
    budget: BudgetOption = None,
    gpu: GpuOption = None,
    max_cost: MaxCostOption = None,
    concurrency: Annotated[int | None, typer.Option(help="Concurrent model calls.")] = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="Limit for requests per minute.")] = None,
    tokens_per_minute: Annotated[int | None, typer.Option(help="Limit for tokens per minute.")] = None,
    idle_timeout: Annotated[float | None, typer.Option(help="Seconds without a new token before a retry.")] = None,
    call_retries: Annotated[int | None, typer.Option(help="Retries after a temporary failure.")] = None,
    answer_retries: Annotated[int | None, typer.Option(help="Retries after an invalid answer.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Maximum completion tokens per answer.")] = None,
    context_window: Annotated[int | None, typer.Option(help="Context window of the model, in tokens.")] = None,
    price_prompt: PriceOption = None,
    price_cached: PriceOption = None,
    price_completion: PriceOption = None,
    prompts: PromptsOption = None,
    references: ReferenceOption = None,
    blacklist: BlacklistOption = None,
    force: Annotated[bool, typer.Option("--force", help="Use the folder of a run of another paper.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Pay for work again without asking.")] = False,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
) -> None:
    """Turn a paper into a repository. Run it again to resume."""
    given = dict(locals())
    from papercoder.console.progress import progress
    from papercoder.operations.generate import generate, made_again

    own = {"paper", "output", "model", "thinking", "force", "yes", "as_json", "quiet"}
    settings = settings_given(model, thinking, **{name: value for name, value in given.items() if name not in own})
    folder = output or Path("runs") / stem(paper)
    console = new_console(stderr=as_json, quiet=quiet)
    if not (yes or force):
        _confirm_costs(made_again(folder, settings), asks=not (as_json or quiet) and sys.stdin.isatty())
    with progress(console, "run", folder) as listener:
        run_interruptible(generate(paper, folder, settings, [listener], force=force))
    end_with_outcome(folder, console, as_json=as_json)


def _confirm_costs(again: str, *, asks: bool) -> None:
    """Ask before work is paid for again, if any is.

    Raises:
        SettingsError: nobody can be asked.
        typer.Abort: the user declined.
    """
    if again and not asks:
        raise SettingsError(f"{again} Confirm it with --yes, or choose another folder with -o.")
    if again:
        echo(again)
        typer.confirm("Continue?", abort=True)


@app.command()
def show(
    run: RunArgument,
    as_json: JsonOption = False,
    asked: Annotated[
        bool,
        typer.Option("--questions", help="Print questions for the paper's authors, ready to send."),
    ] = False,
) -> None:
    """Show a run: stages, calls, tokens, cost, open requirements and warnings."""
    from papercoder.console.outcome import show_report
    from papercoder.report import load
    from papercoder.report.questions import letter
    from papercoder.runs.overview import report

    if as_json and asked:
        raise SettingsError("Use either --json or --questions, not both.")
    if asked:
        text = letter(load(run))
        echo(text or "No open questions: nothing was assumed or only cited so far.", nl=not text)
    elif as_json:
        echo(report(run).model_dump_json(indent=1))
    else:
        show_report(run, new_console())


@app.command()
def check(repository: RepositoryArgument, as_json: JsonOption = False) -> None:
    """Check any Python repository without running it. Uses no model."""
    from papercoder.console.repositories import show_check
    from papercoder.operations.repair import check_repository

    report = check_repository(repository)
    if as_json:
        echo(report.model_dump_json(indent=1))
    else:
        show_check(report, new_console())
    if report.errors:
        raise typer.Exit(PARTIAL)


@app.command()
def execute(
    repository: RepositoryArgument,
    sandbox: SandboxOption = None,
    gpu: GpuOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Execute a repository in a sandbox, step by step: install, import, start, trials, tests, smoke."""
    from papercoder.console.repositories import show_execution_step
    from papercoder.operations.repair import execute_repository

    listener = partial(show_execution_step, console=new_console(stderr=as_json, quiet=quiet))
    report = run_interruptible(execute_repository(repository, sandbox or "auto", listener, bool(gpu)))
    if as_json:
        echo(report.model_dump_json(indent=1))
    elif report.notes and not quiet:
        echo("\n".join(report.notes))
    if report.unseen:
        raise typer.Exit(PARTIAL)


@app.command()
def repair(
    repository: RepositoryArgument,
    error: Annotated[Path, typer.Option(metavar="FILE", help="File with the output of the failure.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Run folder for the repair. Default: runs/repair-NAME.")
    ] = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    max_cost: MaxCostOption = None,
    sandbox: SandboxOption = None,
    gpu: GpuOption = None,
    thinking: ThinkingOption = None,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
) -> None:
    """Repair a failure that you observed: edit the repository so that it works."""

    from papercoder.console.progress import progress
    from papercoder.operations.repair import repair_repository
    from papercoder.runs.overview import report as outcome_of

    settings = settings_given(model, thinking, base_url=base_url, max_cost=max_cost, sandbox=sandbox, gpu=gpu)
    folder = output or Path("runs") / f"repair-{repository.resolve().name}"
    console = new_console(stderr=as_json, quiet=quiet)
    with progress(console) as listener:
        changes = run_interruptible(repair_repository(repository, error, folder, settings, [listener]))
    if as_json:
        echo(outcome_of(folder).model_dump_json(indent=1))
    console.print(changes or "No changes: the agent found nothing to edit.", soft_wrap=True)
    if not changes:
        raise typer.Exit(PARTIAL)


@app.command()
def revise(
    run: RunArgument,
    note: Annotated[str, typer.Argument(help="What you or the authors say. Leave it out to apply your edits.")] = "",
    paper: Annotated[str | None, typer.Option(help="New version of the paper.")] = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    thinking: ThinkingOption = None,
    max_cost: MaxCostOption = None,
    price_prompt: PriceOption = None,
    price_cached: PriceOption = None,
    price_completion: PriceOption = None,
    sandbox: SandboxOption = None,
    reproduce: ReproduceOption = None,
    budget: BudgetOption = None,
    gpu: GpuOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply the note without asking.")] = False,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
) -> None:
    """Apply a note, your edits or a new version of the paper, and update only what they change."""
    given = dict(locals())

    from papercoder.console.progress import progress
    from papercoder.operations import revise as revision
    from papercoder.operations.generate import generate
    from papercoder.paper.reading import read_within_limits

    own = {"run", "note", "paper", "model", "thinking", "yes", "as_json", "quiet"}
    console = new_console(stderr=as_json, quiet=quiet)
    flags = {name: value for name, value in given.items() if name not in own}
    former = revision.source_to_resume(run)
    settings = revision.settings_to_resume(run, {**models_given(model, thinking), **flags})
    if warning := revision.cost_warning(run, settings):
        console.print(warning, soft_wrap=True)
    with progress(console, "run", run) as listener:
        if note and paper:
            read_within_limits(paper)  # fail before the note is paid for
        if note:

            def confirm(planned: revision.PlannedRevision) -> bool:
                console.print(planned.description, soft_wrap=True)
                return yes or as_json or quiet or not sys.stdin.isatty() or listener.ask("Apply it?")

            if not run_interruptible(revision.apply_note(run, note, settings, [listener], confirm)):
                console.print("Nothing was changed.")
                return
        before = revision.repository_texts(run)
        run_interruptible(generate(paper or former, run, settings, [listener], force=bool(paper)))
    console.print(revision.changed_files(before, revision.repository_texts(run)), soft_wrap=True)
    end_with_outcome(run, console, as_json=as_json)


@app.command()
def report(run: RunArgument) -> None:
    """Write report.html and report.md of a run."""
    from papercoder.report import write_report

    write_report(run)
    echo(f"{run / 'report.html'}\n{run / 'report.md'}")


@app.command()
def export(
    run: RunArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write; it must not exist or be empty.")],
    redact: Annotated[
        bool, typer.Option("--redact", help="Leave out the paper's words and what models answered.")
    ] = False,
    answers: Annotated[bool, typer.Option("--answers", help="Add all prompts and answers.")] = False,
) -> None:
    """Write a run as a static folder that others can audit, on a disk or as a Hugging Face Space."""
    from papercoder.operations.export import export as export_run

    written = export_run(run, output, redact=redact, answers=answers)
    echo(f"{len(written)} files written to {output}; open {output / 'index.html'}.")


@app.command()
def models(
    provider: Annotated[str | None, typer.Argument(help="List the current models of this provider.")] = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """List providers, what they need to be configured, and prices."""
    from papercoder.console.resources import show_models, show_provider

    settings = settings_given(model, base_url=base_url)
    if provider:
        show_provider(provider, settings, new_console())
    else:
        show_models(settings, new_console())


@app.command()
def login() -> None:
    """Sign in with ChatGPT in a browser, to use your plan with --model openai-chatgpt:NAME."""
    import webbrowser

    from papercoder.models.provider_registry import sign_in

    def show(url: str) -> None:
        echo(f"Sign in at:\n{url}")
        webbrowser.open(url)

    path = run_interruptible(sign_in(show))
    echo(f"You are signed in; the login is saved in {path}. Use it with --model openai-chatgpt:gpt-6.1-sol.")


@app.command()
def prompts(
    name: Annotated[str | None, typer.Argument(help="Prompt to show.")] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write all prompts to this folder, for use with --prompts.")
    ] = None,
    overrides: Annotated[Path | None, typer.Option("--prompts", help="Folder with replacements.")] = None,
) -> None:
    """Show or export the prompts."""
    from papercoder.agents.prompts import Prompts, names

    shipped = Prompts(overrides)
    if export:
        written = shipped.export(export)
        echo(f"{len(written)} prompts written to {export}; edit them and run with --prompts {export}.")
    elif name:
        echo(shipped.text(name))
    else:
        echo("\n".join(names()))


@app.command()
def record(
    run: RunArgument,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder for the recording.")],
    by: Annotated[str, typer.Option(help="Who answered, such as the model's name.")],
    how: Annotated[str, typer.Option(help="How the answers were made, in a sentence or two.")],
) -> None:
    """Export the answers of a run for --model recorded:FOLDER."""
    import datetime

    from papercoder.models.recorded import Recording, write_recording
    from papercoder.models.stack import calls
    from papercoder.runs.folder import answer_store

    kept = list(calls(answer_store(run)))
    if not kept:
        raise RunFolderError(f"{run} has no answers to record. Make some with `papercoder run PAPER -o {run}`.")
    recording = Recording(model=by, made=datetime.datetime.now(datetime.UTC).date(), how=how)
    write_recording(folder, ((call.request, call.answer) for call in kept), recording)
    echo(f"{len(kept)} answers written to {folder}; use them with --model recorded:{folder}.")


@app.command()
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="Run folder.")] = Path("runs/kiln"),
    sandbox: SandboxOption = None,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run the bundled example with recorded answers, up to the full reproduction. No API key, no cost."""
    from papercoder.console.progress import progress
    from papercoder.operations.generate import example, generate

    bundled = example()
    if bundled is None:
        raise SettingsError("This installation does not contain the example; reinstall papercoder.")
    console = new_console(stderr=as_json, quiet=quiet)
    with progress(console, "run", output) as listener:
        run_interruptible(generate(bundled.paper, output, bundled.settings(sandbox), [listener]))
    end_with_outcome(output, console, as_json=as_json)
