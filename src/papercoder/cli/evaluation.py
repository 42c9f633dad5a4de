"""The commands that judge repositories, draft rubrics, and let people compare repositories blindly."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from papercoder.cli.options import (
    PARTIAL,
    BaseUrlOption,
    JsonOption,
    MaxCostOption,
    ModelOption,
    OutcomeOption,
    PaperArgument,
    PromptsOption,
    QuietOption,
    RepositoryArgument,
    ThinkingOption,
    app,
    echo,
    group,
    new_console,
    run_interruptible,
    settings_given,
    stem,
)
from papercoder.errors import PaperError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from papercoder.artifacts import JudgeName, Paper, Rubric
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
    from papercoder.paper.reading import read_within_limits
    from papercoder.runs.folder import load

    if paper is not None:
        return read_within_limits(paper)
    run = _run_of(repository)
    if run is None:
        raise PaperError(f"{repository} is no run folder, which knows its paper; name the paper with --paper.")
    return load(run, "paper.json", Paper)


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


studies = group("study", "People compare repositories of a paper without knowing who made them.")

StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of the study.")]


@studies.command("example")
def print_example() -> None:
    """Print an example manifest with comments."""
    from papercoder.evaluation.study.package import example

    echo(example(), nl=False)


@studies.command("new")
def new(
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="A YAML file; `papercoder study example` prints one.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="STUDY", help="Folder to make.")],
) -> None:
    """Blind the repositories of a manifest and write what participants get."""
    from papercoder.console.repositories import show_new_study
    from papercoder.evaluation.study.package import load_manifest, new_study

    show_new_study(new_study(load_manifest(manifest), output), output, new_console())


@studies.command("open")
def open_page(
    study: StudyArgument,
    participant: Annotated[str, typer.Option("--as", metavar="NAME", help="Name or code of the participant.")] = "me",
    port: Annotated[int, typer.Option(help="Port; 0 picks a free one.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Answer the questionnaire in a page on this machine. Stop it with Ctrl-C; open it again to continue."""
    try:
        from papercoder.web.server.study import serve_study
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("papercoder"):
            raise
        raise SettingsError(
            "The page needs the extra `web`: pip install 'papercoder[web]'. The file send/study.html of the study asks "
            "the same and needs nothing."
        ) from None

    serve_study(study, participant, port, echo, browser=browser)


@studies.command("results")
def results(
    study: StudyArgument,
    answers: Annotated[
        list[Path] | None, typer.Argument(metavar="[ANSWERS]...", help="Files beside those in STUDY/answers.")
    ] = None,
    open_early: Annotated[
        bool, typer.Option("--open-early", help="Open the key although too few questionnaires are complete.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the answers, open the key and compare the makers."""
    from papercoder.console.repositories import show_collected, show_study_results
    from papercoder.evaluation.study.answers import collect, open_key, read_study
    from papercoder.evaluation.study.pages import write_results
    from papercoder.evaluation.study.results import results as compared

    console = new_console(stderr=as_json)
    blinded = read_study(study)
    collected = collect(blinded, study, answers or [])
    show_collected(collected, blinded.wait_for, console)
    key = open_key(study, blinded, collected.complete, early=open_early)
    found = compared(blinded, key, collected)
    page = write_results(study, found, key, collected.responses)
    if as_json:
        echo(found.model_dump_json(indent=1))
    else:
        show_study_results(found, page, console)
