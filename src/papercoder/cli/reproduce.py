"""`papercoder reproduce` and `papercoder diagnose`: measure the paper's claims, and explain those that differ."""

from typing import Annotated, Literal

import typer

from papercoder.cli.options import (
    BaseUrlOption,
    BudgetOption,
    GpuOption,
    MaxCostOption,
    ModelOption,
    OutcomeOption,
    QuietOption,
    RunArgument,
    SandboxOption,
    ThinkingOption,
    app,
    echo,
    models_given,
    new_console,
    run_interruptible,
    settings_given,
)


@app.command()
def reproduce(
    run: RunArgument,
    budget: BudgetOption = None,
    max_trials: Annotated[int | None, typer.Option(min=1, help="The most trials to run now.")] = None,
    claims: Annotated[str | None, typer.Option(metavar="C1,O2", help="Decide only these claims, or `all`.")] = None,
    tables: Annotated[str | None, typer.Option(metavar="1,2", help="Decide only these tables, or `all`.")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="The most seeds of each kind of trial.")] = None,
    scale: Annotated[
        float | None, typer.Option(help="Shrink steps, samples and sizes to this share, up to 1; results are toy.")
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option(min=0, help="Largest share of a value that code may be off; 0.05.")
    ] = None,
    gpu: GpuOption = None,
    on: Annotated[
        Literal["local", "ray", "slurm"] | None,
        typer.Option(help="Where trials run: here, on a Ray cluster (RAY_ADDRESS, or a local one), or on Slurm."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Trials side by side; as the machine allows.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Also run trials that failed before.")] = False,
    sandbox: SandboxOption = None,
    data: Annotated[
        list[str] | None, typer.Option("--data", metavar="NAME=PATH", help="Use data that you have. Repeatable.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Run the plan without asking.")] = False,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run a run's trials within a budget and compare the paper's claims. Run it again to resume."""
    given = dict(locals())
    from papercoder.console.outcome import show_reproduction
    from papercoder.console.progress import progress
    from papercoder.operations.data import give_data
    from papercoder.operations.reproduce import options_to_resume, reproduce_run

    settings = settings_given(None, budget=budget, gpu=gpu, sandbox=sandbox)
    own = {"run", "retry_failed", "data", "yes", "as_json", "quiet"}
    flags = {name: value for name, value in given.items() if name not in own}
    now = {"budget": settings.budget if budget else None, "claims": _listed(claims), "tables": _listed(tables)}
    options = options_to_resume(run, settings, **{**flags, **now})
    if data:
        give_data(run, data)
    console = new_console(stderr=as_json, quiet=quiet)
    with progress(console, "reproduce", run) as listener:
        ask = None if yes or as_json or quiet else listener.confirm
        found = run_interruptible(reproduce_run(run, options, [listener], retry_failed=retry_failed, confirm=ask))
    if as_json:
        echo(found.model_dump_json(indent=1))
    else:
        show_reproduction(found, run, console)


def _listed(text: str | None) -> tuple[str, ...] | None:
    """The parts of `C1,C7`; none of them, which means no limit, for `all`."""
    if text is None:
        return None
    return () if text.strip() == "all" else tuple(part.strip() for part in text.split(",") if part.strip())


@app.command()
def diagnose(
    run: RunArgument,
    budget: Annotated[str | None, typer.Option(help="How long to try: 45m, 2h, 1h30m.")] = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    thinking: ThinkingOption = None,
    max_cost: MaxCostOption = None,
    sandbox: SandboxOption = None,
    gpu: GpuOption = None,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find out why claims differ: try other readings and suspected faults, and keep what the results support."""
    from papercoder.console.outcome import show_diagnosis
    from papercoder.console.progress import progress
    from papercoder.operations.reproduce import diagnose_run, options_to_resume
    from papercoder.operations.revise import settings_to_resume

    flags = {"base_url": base_url, "max_cost": max_cost, "sandbox": sandbox, "gpu": gpu, "budget": budget}
    settings = settings_to_resume(run, {**models_given(model, thinking), **flags})
    options = options_to_resume(run, settings, budget=settings.budget, sandbox=sandbox, gpu=gpu)
    console = new_console(stderr=as_json, quiet=quiet)
    with progress(console, "diagnose", run) as listener:
        found = run_interruptible(diagnose_run(run, options, settings, [listener]))
    if as_json:
        echo(found.model_dump_json(indent=1))
    else:
        show_diagnosis(found, run, console)
