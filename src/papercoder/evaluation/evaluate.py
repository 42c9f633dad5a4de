"""Evaluates a repository: reads its inputs, estimates calls and cost, runs all judges and writes the results.

Inputs are validated before any model call.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from papercoder.agents.agent import Agents
from papercoder.artifacts import (
    Calibration,
    ControlScores,
    Costs,
    CritiqueScore,
    Evaluation,
    JudgeName,
    MissingControl,
    Paper,
    Rubric,
    RubricScore,
)
from papercoder.concurrency import gather_all, gather_pair
from papercoder.errors import ArtifactError, RunFolderError, SettingsError
from papercoder.evaluation.calibration import Control, authors_control, calibrate, controls
from papercoder.evaluation.critique import judge
from papercoder.evaluation.rendering import to_csv, to_html
from papercoder.evaluation.repository_view import Files, Observations, judged_files, load_observations, paths_of, size
from papercoder.evaluation.rubric import code_dev, load_rubric
from papercoder.evaluation.rubric_judge import agreement, judge_rubric, load_labels
from papercoder.files.regular import is_file, write
from papercoder.models.contract import count_tokens
from papercoder.models.resolve import price_of_spec, window_of_spec
from papercoder.operations.generate import RunEnvironment, open_run, record_end, run_started
from papercoder.paper.fidelity import Estimate
from papercoder.report.formatting import amount, money, plural
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import Emit, Forecast, Warned
from papercoder.runs.folder import lock
from papercoder.runs.run import Run
from papercoder.runs.summary import summarise
from papercoder.settings import Settings


@dataclass(frozen=True)
class EvaluationOptions:
    """What to evaluate."""

    judges: tuple[JudgeName, ...] = ("reference-free",)
    """Critique judges; may be empty if there is a rubric."""

    samples: int = 8
    """Samples per critique judge."""

    gold: Path | None = None
    """The authors' repository."""

    rubric: Path | None = None
    code_dev: bool = False
    """Only the Code Development leaves of the rubric."""

    calibrate: bool = False
    """Also judge the controls."""

    labels: Path | None = None
    """A rubric graded by people."""


@dataclass(frozen=True)
class Subject:
    """A repository with everything that its judges read."""

    repository: Path
    paper: Paper
    files: Files
    paths: tuple[str, ...]
    gold: Files
    observed: Observations
    rubric: Rubric | None
    labels: dict[str, bool]
    controls: tuple[Control, ...] = ()
    missing: tuple[MissingControl, ...] = field(default=())

    @property
    def code_rubric(self) -> Rubric | None:
        """The rubric for controls, which are never executed: its code leaves, or None if it has none."""
        return code_dev(self.rubric) if self.rubric else None


def read_subject(repository: Path, paper: Paper, options: EvaluationOptions) -> Subject:
    """Read a repository and everything to compare it with.

    Raises:
        RunFolderError: a folder is missing, or a file cannot be read.
        ArtifactError: the rubric or the labels are invalid.
        SettingsError: the options contradict each other.
    """
    _check_options(options)
    _check_folder(repository, "repository to judge")
    files, paths = judged_files(repository), paths_of(repository)
    gold, authors = _authors(options.gold)
    made, missing = controls(files, paths, authors) if options.calibrate else ((), ())
    return Subject(
        repository=repository,
        paper=paper,
        files=files,
        paths=paths,
        gold=gold,
        observed=load_observations(repository),
        rubric=_rubric(options),
        labels=load_labels(options.labels) if options.labels else {},
        controls=made,
        missing=missing,
    )


def _check_options(options: EvaluationOptions) -> None:
    if options.samples < 1:
        raise SettingsError("--samples must be at least 1.")
    if "reference-based" in options.judges and not options.gold:
        raise SettingsError("The judge reference-based needs the authors' repository. Give its folder with --gold.")
    if not options.rubric and (options.code_dev or options.labels):
        flag = "--code-dev" if options.code_dev else "--labels"
        raise SettingsError(f"{flag} needs a rubric. Give its file with --rubric.")
    if not options.rubric and not options.judges:
        raise SettingsError("There is nothing to evaluate. Choose a judge with --judge or a rubric with --rubric.")


def _check_folder(folder: Path, what: str) -> None:
    if not folder.is_dir():
        raise RunFolderError(f"{folder} is not a folder. Give the folder of the {what}.")


def _authors(gold: Path | None) -> tuple[Files, Control | None]:
    if gold is None:
        return (), None
    _check_folder(gold, "authors' repository")
    files = judged_files(gold)
    if not files:
        raise RunFolderError(
            f"The authors' repository {gold} has no file that a judge can read. Give another folder with --gold."
        )
    return files, authors_control(files, paths_of(gold))


def _rubric(options: EvaluationOptions) -> Rubric | None:
    if options.rubric is None:
        return None
    rubric = load_rubric(options.rubric)
    if not options.code_dev:
        return rubric
    pruned = code_dev(rubric)
    if pruned is None:
        raise ArtifactError(f"{options.rubric} has no Code Development leaf. Omit --code-dev.")
    return pruned


INSTRUCTIONS = 1_500
"""Prompt tokens of system message, task and answer format."""

SAMPLE, LEAF, SELECTION = 1_200, 400, 300
"""Completion tokens per answer."""


@dataclass(frozen=True)
class _Calls:
    """Similar calls."""

    number: int
    prompt: int
    completion: int


def estimate_costs(subject: Subject, options: EvaluationOptions, settings: Settings) -> Estimate:
    """Estimate an evaluation to an order of magnitude, from typical lengths of answers.

    It assumes an empty folder and no prompt cache. It needs no API key.

    Raises:
        SettingsError: the judges' model is invalid.
    """
    model = settings.model_for("judge")
    window = window_of_spec(model, settings)
    room = window - min(settings.max_tokens, window // 3)
    calls = [*_critique_calls(subject, options, room), *_rubric_calls(subject, room)]
    prompt = sum(each.number * each.prompt for each in calls)
    completion = sum(each.number * each.completion for each in calls)
    price = price_of_spec(model, settings)
    return Estimate(
        model=model,
        calls=sum(each.number for each in calls),
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost_usd=price.of(prompt, 0, completion) if price else None,
        note="cached prompts cost less and existing results are free",
    )


def estimate_text(estimate: Estimate) -> str:
    """The estimate in a sentence."""
    dollars = "price unknown" if estimate.cost_usd is None else f"about {money(estimate.cost_usd)}"
    return (
        f"Estimate: {plural(estimate.calls, 'call')} to {estimate.model}, {amount(estimate.prompt_tokens)} prompt "
        f"tokens and {amount(estimate.completion_tokens)} completion tokens, {dollars}; {estimate.note}."
    )


def _critique_calls(subject: Subject, options: EvaluationOptions, room: int) -> Iterator[_Calls]:
    """Samples of each judge for the repository and each control."""
    for files in (subject.files, *(control.files for control in subject.controls)):
        for name in options.judges:
            gold = _size(subject.gold) if name == "reference-based" else 0
            paper = count_tokens(subject.paper.render())
            needed = paper + _size(files) + gold + INSTRUCTIONS
            if needed > room:
                yield _Calls(1, paper + INSTRUCTIONS, SELECTION)
            yield _Calls(options.samples, min(needed, room), SAMPLE)


def _rubric_calls(subject: Subject, room: int) -> Iterator[_Calls]:
    """The leaves that need a judge, for the repository and each control that has files."""
    yield from _leaves(subject, subject.rubric, subject.files, subject.observed, room)
    for control in subject.controls:
        yield from _leaves(subject, subject.code_rubric, control.files, Observations(), room)


def _leaves(
    subject: Subject, rubric: Rubric | None, files: Files, observed: Observations, room: int
) -> Iterator[_Calls]:
    if rubric is None or not files:
        return
    categories = [leaf.task_category for leaf in rubric.leaves if leaf.task_category]
    judged = sum(not observed.unmet(category) for category in categories)
    needed = count_tokens(subject.paper.render()) + _size(files) + INSTRUCTIONS
    yield _Calls(judged, min(needed, room), LEAF)


def _size(files: Files) -> int:
    return sum(map(size, files))


async def evaluate(
    repository: Path,
    paper: Paper,
    folder: Path,
    settings: Settings,
    options: EvaluationOptions,
    listeners: Iterable[Emit] = (),
    environment: RunEnvironment | None = None,
) -> Evaluation:
    """Judge a repository, or resume an evaluation in its folder.

    Writes `evaluation.json`, `evaluation.csv` and `evaluation.html`, and one file per sample and leaf.

    Args:
        repository: the folder to judge; may be empty.
        paper: the paper to compare with.
        folder: output folder, created if missing.
        settings: models, cost cap and limits.
        options: judges, rubric and references.
        listeners: receive every event.
        environment: where the models run; None: this machine, without shared limits.

    Raises:
        PaperCoderError: the evaluation stopped. Results are kept, and the same call resumes.
    """
    _check_output(repository, folder)
    subject = await asyncio.to_thread(read_subject, repository, paper, options)
    with lock(folder):
        emit = EventLog(folder, *listeners)
        run, _ = open_run(folder, settings, emit, environment, roles=("judge",))
        emit(run_started(run.context, paper.title, settings))
        with record_end(emit) as end:
            expected = await asyncio.to_thread(estimate_costs, subject, options, settings)
            emit(Forecast(message=estimate_text(expected)))
            evaluation = await _evaluate(run, subject, options)
            await asyncio.to_thread(_write, folder, evaluation)
            end.reason = "; ".join(evaluation.shortcomings)
        return evaluation


def estimate_evaluation(repository: Path, paper: Paper, settings: Settings, options: EvaluationOptions) -> Estimate:
    """Estimate an evaluation without calling a model or writing a file.

    Raises:
        PaperCoderError: see `evaluate`.
    """
    return estimate_costs(read_subject(repository, paper, options), options, settings)


def _check_output(repository: Path, folder: Path) -> None:
    """Keep results out of the judged repository and out of a run folder."""
    if folder.resolve().is_relative_to(repository.resolve()):
        raise RunFolderError(
            f"{folder} is inside the repository to judge, {repository}. Choose another folder with -o."
        )
    if is_file(folder, "paper.json"):
        raise RunFolderError(
            f"{folder} is a run folder. Choose another folder with -o, such as {folder / 'evaluation'}."
        )


async def _evaluate(run: Run[Agents], subject: Subject, options: EvaluationOptions) -> Evaluation:
    for control in subject.missing:
        run.emit(Warned(where=f"control {control.control}", message=f"not created: {control.reason}"))
    own = gather_pair(
        _by_critique(run, subject, options, subject.files, subject.paths, "judges"),
        _by_rubric(run, subject, subject.rubric, subject.files, subject.paths, subject.observed, "rubric"),
    )
    asked = (_control(run, subject, options, control) for control in subject.controls)
    (scores, rubric), controls = await gather_pair(own, gather_all(asked))
    return Evaluation(
        paper=subject.paper.title,
        repository=str(subject.repository),
        files=len(subject.paths),
        model=run.context.models["judge"].name,
        scores=scores,
        rubric=rubric,
        tree=subject.rubric,
        calibration=_calibration(subject, scores, rubric, tuple(controls)) if options.calibrate else None,
        agreement=agreement(rubric.leaves, subject.labels) if rubric and subject.labels else None,
        costs=_costs(run.folder),
    )


async def _control(run: Run[Agents], subject: Subject, options: EvaluationOptions, control: Control) -> ControlScores:
    """Judge a control with the same judges; controls are never executed."""
    folder, unchanged = f"controls/{control.name}", frozenset(subject.files)
    scores, rubric = await gather_pair(
        _by_critique(run, subject, options, control.files, control.paths, folder),
        _by_rubric(run, subject, subject.code_rubric, control.files, control.paths, Observations(), f"{folder}/rubric"),
    )
    changed = tuple(file.path for file in control.files if file not in unchanged)
    return ControlScores(control=control.name, made=control.made, changed=changed, scores=scores, rubric=rubric)


async def _by_critique(
    run: Run[Agents], subject: Subject, options: EvaluationOptions, files: Files, paths: tuple[str, ...], folder: str
) -> tuple[CritiqueScore, ...]:
    """All critique judges, concurrently."""
    samples = options.samples
    asked = [judge(run, name, subject.paper, files, paths, subject.gold, samples, folder) for name in options.judges]
    return tuple(await gather_all(asked))


async def _by_rubric(
    run: Run[Agents],
    subject: Subject,
    rubric: Rubric | None,
    files: Files,
    paths: tuple[str, ...],
    observed: Observations,
    folder: str,
) -> RubricScore | None:
    return await judge_rubric(run, subject.paper, rubric, files, paths, observed, folder) if rubric else None


def _calibration(
    subject: Subject, scores: tuple[CritiqueScore, ...], rubric: RubricScore | None, controls: tuple[ControlScores, ...]
) -> Calibration:
    leaves = (subject.rubric, rubric) if subject.rubric and rubric else None
    return calibrate(scores, controls, subject.missing, leaves)


def _costs(folder: Path) -> Costs:
    """Total of all processes that worked in the folder."""
    summary = summarise(read_events(folder))
    return Costs(
        calls=summary.calls.made,
        prompt=summary.tokens.prompt,
        cached=summary.tokens.cached,
        completion=summary.tokens.completion,
        cost_usd=summary.cost_usd,
        unpriced=summary.unpriced,
        seconds=summary.seconds,
    )


def _write(folder: Path, evaluation: Evaluation) -> None:
    write(folder, "evaluation.json", evaluation.model_dump_json(indent=1) + "\n")
    write(folder, "evaluation.csv", to_csv(evaluation))
    write(folder, "evaluation.html", to_html(evaluation))
