"""The command that judges repositories."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from papercoder.cli.interruption import run_interruptible
from papercoder.cli.options import (
    PARTIAL,
    BaseUrlOption,
    MaxCostOption,
    ModelOption,
    OutcomeOption,
    PromptsOption,
    QuietOption,
    RepositoryArgument,
    ThinkingOption,
    app,
    echo,
    new_console,
    settings_given,
    stem,
)
from papercoder.errors import PaperError, SettingsError

if TYPE_CHECKING:
    from papercoder.artifacts import JudgeName, Paper
    from papercoder.evaluation.evaluate import EvaluationOptions
    from papercoder.settings import Settings


@app.command("eval")
def evaluate(
    repository: RepositoryArgument,
    paper: Annotated[str | None, typer.Option(help="The paper. Not needed when REPO is a run folder.")] = None,
    gold: Annotated[Path | None, typer.Option(help="The authors' repository.")] = None,
    rubric: Annotated[Path | None, typer.Option(help="rubric.json in PaperBench format.")] = None,
    judge: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="reference-free, reference-free-plain, reference-based or rubric. Repeatable."
        ),
    ] = None,
    samples: Annotated[int, typer.Option(help="Samples per judge.")] = 8,
    code_dev: Annotated[
        bool, typer.Option("--code-dev", help="Use only the Code Development leaves of the rubric.")
    ] = False,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Calibrate the judges with control repositories.")
    ] = False,
    labels: Annotated[Path | None, typer.Option(help="Rubric graded by people, to measure agreement.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Output folder. Default: RUN/evaluation or runs/eval-NAME.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the estimated cost without calling a model.")
    ] = False,
    as_json: OutcomeOption = False,
    quiet: QuietOption = False,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    thinking: ThinkingOption = None,
    max_cost: MaxCostOption = None,
    concurrency: Annotated[int | None, typer.Option(help="Concurrent model calls.")] = None,
    context_window: Annotated[int | None, typer.Option(help="Context window of the model, in tokens.")] = None,
    price_prompt: Annotated[float | None, typer.Option(help="Price in dollars per million tokens.")] = None,
    price_cached: Annotated[float | None, typer.Option(help="Price in dollars per million tokens.")] = None,
    price_completion: Annotated[float | None, typer.Option(help="Price in dollars per million tokens.")] = None,
    prompts: PromptsOption = None,
) -> None:
    """Judge a repository against its paper. Run it again to resume."""
    given = dict(locals())
    from papercoder.evaluation.evaluate import EvaluationOptions

    settings = settings_given(model, thinking, **{name: given[name] for name in _SETTINGS})
    judges = _judges(judge, gold, rubric)
    options = EvaluationOptions(judges, samples, gold, rubric, code_dev, calibrate, labels)
    if dry_run:
        _estimate(repository, paper, settings, options)
    else:
        _evaluate(repository, paper, output, settings, options, as_json, quiet)


def _estimate(repository: Path, paper: str | None, settings: "Settings", options: "EvaluationOptions") -> None:
    from papercoder.evaluation.evaluate import estimate_evaluation, estimate_text

    echo(estimate_text(estimate_evaluation(_source(repository), _paper(repository, paper), settings, options)))


def _evaluate(
    repository: Path,
    paper: str | None,
    output: Path | None,
    settings: "Settings",
    options: "EvaluationOptions",
    as_json: bool,
    quiet: bool,
) -> None:

    from papercoder.console.progress import progress
    from papercoder.console.repositories import show_evaluation
    from papercoder.evaluation.evaluate import evaluate as judged

    folder = output or _folder(repository)
    console = new_console(stderr=as_json, quiet=quiet)
    held_against = _paper(repository, paper)
    with progress(console) as listener:
        evaluation = run_interruptible(judged(_source(repository), held_against, folder, settings, options, [listener]))
    if as_json:
        echo(evaluation.model_dump_json(indent=1))
    else:
        show_evaluation(evaluation, folder, console)
    if evaluation.shortcomings:
        raise typer.Exit(PARTIAL)


_SETTINGS = (
    "base_url",
    "max_cost",
    "concurrency",
    "context_window",
    "price_prompt",
    "price_cached",
    "price_completion",
    "prompts",
)


def _judges(names: list[str] | None, gold: Path | None, rubric: Path | None) -> "tuple[JudgeName, ...]":
    """Those by critique that are named; else the reference-free one, and with gold the reference-based one."""
    from pydantic import TypeAdapter, ValidationError

    from papercoder.artifacts import JudgeName

    chosen = dict.fromkeys(names or ["reference-free", *(["reference-based"] if gold else [])])
    if "rubric" in chosen and not rubric:
        raise SettingsError("The rubric judge needs a rubric. Give its file with --rubric.")
    try:
        return TypeAdapter(tuple[JudgeName, ...]).validate_python(tuple(name for name in chosen if name != "rubric"))
    except ValidationError as error:
        raise SettingsError(
            f"--judge: there is no judge {error.errors()[0]['input']!r}; there are reference-free, "
            "reference-free-plain, reference-based and rubric."
        ) from error


def _run_of(repository: Path) -> Path | None:
    """The run folder that this is, or whose `repo` this is."""
    for folder in (repository, repository.resolve().parent):
        if (folder / "paper.json").is_file() and (folder / "repo").is_dir():
            return folder if folder == repository or repository.resolve().name == "repo" else None
    return None


def _source(repository: Path) -> Path:
    """The repository itself, where its run is named."""
    from papercoder.runs.folder import require_no_links

    run = _run_of(repository)
    if run:
        require_no_links(run)
    return repository / "repo" if run == repository else repository


def _folder(repository: Path) -> Path:
    """In the run, where the page looks for it; else among the runs."""
    run = _run_of(repository)
    return run / "evaluation" if run else Path("runs") / f"eval-{stem(repository.resolve().name)}"


def _paper(repository: Path, paper: str | None) -> "Paper":
    from papercoder.artifacts import Paper
    from papercoder.paper.limited_reading import read_within_limits
    from papercoder.runs.folder import load

    if paper is not None:
        return read_within_limits(paper)
    run = _run_of(repository)
    if run is None:
        raise PaperError(f"{repository} is no run folder, which knows its paper; name the paper with --paper.")
    return load(run, "paper.json", Paper)
