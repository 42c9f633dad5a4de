"""The door of an evaluation: opens the folder, asks all judges at once, and writes what they say."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from papercoder.agents.agent import Agents
from papercoder.artifacts import Calibration, ControlScores, CritiqueScore, Evaluation, Paper, Rubric, RubricScore
from papercoder.artifacts.evaluated import Costs
from papercoder.concurrency import gather_all, gather_pair
from papercoder.errors import RunFolderError
from papercoder.evaluation.calibration.calibrate import calibrated
from papercoder.evaluation.calibration.controls import Control
from papercoder.evaluation.costs import forecast, in_words
from papercoder.evaluation.critique.judge import judge
from papercoder.evaluation.execution import Observed
from papercoder.evaluation.page import to_html
from papercoder.evaluation.repository_view import Files
from papercoder.evaluation.rubric.agreement import agreement
from papercoder.evaluation.rubric.judge import judge_rubric
from papercoder.evaluation.subject import Subject, read_subject
from papercoder.evaluation.subject import Wanted as Wanted
from papercoder.evaluation.tables import to_csv
from papercoder.operations.environment import RunEnvironment
from papercoder.operations.generate import open_run, record_end, run_started
from papercoder.paper.fidelity import Estimate
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import Emit, Forecast, Warned
from papercoder.runs.folder import lock
from papercoder.runs.run import Run
from papercoder.runs.store import write_synced
from papercoder.runs.summary import summarise
from papercoder.settings import Settings


async def evaluate(
    repository: Path,
    paper: Paper,
    folder: Path,
    settings: Settings,
    wanted: Wanted,
    listeners: Iterable[Emit] = (),
    environment: RunEnvironment | None = None,
) -> Evaluation:
    """Judge a repository; on a folder of an earlier evaluation, go on with it.

    Writes `evaluation.json`, `evaluation.csv` and `evaluation.html`; every sample and leaf has a file too.

    Args:
        repository: to be judged; may be empty.
        paper: what it is held against.
        folder: the evaluation's; made where it is missing.
        settings: models, cap and limits.
        wanted: which judges, and against what.
        listeners: are told every event.
        environment: None: this machine, with nothing shared.

    Raises:
        PaperCoderError: it stopped; what was judged is kept, and the same call goes on from there.
    """
    _apart(repository, folder)
    subject = await asyncio.to_thread(read_subject, repository, paper, wanted)
    with lock(folder):
        emit = EventLog(folder, *listeners)
        run, _ = open_run(folder, settings, emit, environment, roles=("judge",))
        emit(run_started(run.context, paper.title, settings))
        with record_end(emit) as end:
            foreseen = await asyncio.to_thread(forecast, subject, wanted, settings)
            emit(Forecast(message=in_words(foreseen)))
            evaluation = await _judged(run, subject, wanted)
            await asyncio.to_thread(_write, folder, evaluation)
            end.reason = "; ".join(evaluation.shortcomings)
        return evaluation


def foresee(repository: Path, paper: Paper, settings: Settings, wanted: Wanted) -> Estimate:
    """What an evaluation would take; asks nothing and writes nothing.

    Raises:
        PaperCoderError: as for evaluate.
    """
    return forecast(read_subject(repository, paper, wanted), wanted, settings)


def _apart(repository: Path, folder: Path) -> None:
    """What is written must not be judged the next time, nor be taken for what a run did and cost."""
    if folder.resolve().is_relative_to(repository.resolve()):
        raise RunFolderError(f"{folder} lies in {repository}, which is to be judged; choose another folder with -o.")
    if (folder / "paper.json").is_file():
        raise RunFolderError(
            f"{folder} is a run's own folder; choose another with -o, such as {folder / 'evaluation'}."
        )


async def _judged(run: Run[Agents], subject: Subject, wanted: Wanted) -> Evaluation:
    for control in subject.missing:
        run.emit(Warned(where=f"control {control.control}", message=f"it could not be made: {control.reason}"))
    own = gather_pair(
        _by_critique(run, subject, wanted, subject.files, subject.paths, "judges"),
        _by_rubric(run, subject, subject.rubric, subject.files, subject.paths, subject.observed, "rubric"),
    )
    asked = (_control(run, subject, wanted, control) for control in subject.controls)
    (scores, rubric), controls = await gather_pair(own, gather_all(asked))
    return Evaluation(
        paper=subject.paper.title,
        repository=str(subject.repository),
        files=len(subject.paths),
        model=run.context.models["judge"].name,
        scores=scores,
        rubric=rubric,
        tree=subject.rubric,
        calibration=_calibration(subject, scores, rubric, tuple(controls)) if wanted.calibrate else None,
        agreement=agreement(rubric.leaves, subject.labels) if rubric and subject.labels else None,
        costs=_costs(run.folder),
    )


async def _control(run: Run[Agents], subject: Subject, wanted: Wanted, control: Control) -> ControlScores:
    """A control before the same judges; it is code that nobody executed."""
    folder, unchanged = f"controls/{control.name}", frozenset(subject.files)
    scores, rubric = await gather_pair(
        _by_critique(run, subject, wanted, control.files, control.paths, folder),
        _by_rubric(run, subject, subject.code_rubric, control.files, control.paths, Observed(), f"{folder}/rubric"),
    )
    changed = tuple(file.path for file in control.files if file not in unchanged)
    return ControlScores(control=control.name, made=control.made, changed=changed, scores=scores, rubric=rubric)


async def _by_critique(
    run: Run[Agents], subject: Subject, wanted: Wanted, files: Files, paths: tuple[str, ...], folder: str
) -> tuple[CritiqueScore, ...]:
    """The judges by critique, all at once."""
    samples = wanted.samples
    asked = [judge(run, name, subject.paper, files, paths, subject.gold, samples, folder) for name in wanted.judges]
    return tuple(await gather_all(asked))


async def _by_rubric(
    run: Run[Agents],
    subject: Subject,
    rubric: Rubric | None,
    files: Files,
    paths: tuple[str, ...],
    observed: Observed,
    folder: str,
) -> RubricScore | None:
    return await judge_rubric(run, subject.paper, rubric, files, paths, observed, folder) if rubric else None


def _calibration(
    subject: Subject, scores: tuple[CritiqueScore, ...], rubric: RubricScore | None, controls: tuple[ControlScores, ...]
) -> Calibration:
    leaves = (subject.rubric, rubric) if subject.rubric and rubric else None
    return calibrated(scores, controls, subject.missing, leaves)


def _costs(folder: Path) -> Costs:
    """Over all processes that worked in the folder."""
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
    write_synced(folder / "evaluation.json", evaluation.model_dump_json(indent=1) + "\n")
    write_synced(folder / "evaluation.csv", to_csv(evaluation))
    write_synced(folder / "evaluation.html", to_html(evaluation))
