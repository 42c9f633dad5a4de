"""Evaluates a repository: runs all judges concurrently and writes the results."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from papercoder.agents.agent import Agents
from papercoder.artifacts import Calibration, ControlScores, CritiqueScore, Evaluation, Paper, Rubric, RubricScore
from papercoder.artifacts.evaluated import Costs
from papercoder.concurrency import gather_all, gather_pair
from papercoder.errors import RunFolderError
from papercoder.evaluation.calibration.calibrate import calibrate
from papercoder.evaluation.calibration.controls import Control
from papercoder.evaluation.costs import estimate_costs, estimate_text
from papercoder.evaluation.critique.judge import judge
from papercoder.evaluation.execution import Observations
from papercoder.evaluation.rendering import to_csv, to_html
from papercoder.evaluation.repository_view import Files
from papercoder.evaluation.rubric.agreement import agreement
from papercoder.evaluation.rubric.judge import judge_rubric
from papercoder.evaluation.subject import EvaluationOptions as EvaluationOptions
from papercoder.evaluation.subject import Subject, read_subject
from papercoder.files.regular import is_file, write
from papercoder.operations.environment import RunEnvironment
from papercoder.operations.generate import open_run, record_end, run_started
from papercoder.paper.fidelity import Estimate
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import Emit, Forecast, Warned
from papercoder.runs.folder import lock
from papercoder.runs.run import Run
from papercoder.runs.summary import summarise
from papercoder.settings import Settings


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
    _check_folder(repository, folder)
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


def _check_folder(repository: Path, folder: Path) -> None:
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
