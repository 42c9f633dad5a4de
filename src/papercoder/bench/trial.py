"""One trial: from the paper to a repository, to what is seen of it, to what judges say."""

import asyncio
import traceback
from dataclasses import replace
from pathlib import Path

from papercoder.artifacts import ExecutionReport, Paper, Repository, TrialResult
from papercoder.bench.budget import Watched
from papercoder.bench.manifest.trials import Judging, Trial
from papercoder.bench.observation import JUDGED, observe
from papercoder.bench.papers import with_addendum
from papercoder.bench.trial_end import Ending, forget, keep
from papercoder.concurrency import wait_until_done
from papercoder.errors import PaperCoderError
from papercoder.evaluation.evaluate import Wanted, evaluate
from papercoder.models.budget import LocalBudget
from papercoder.operations.environment import RunEnvironment
from papercoder.operations.generate import generate, open_run
from papercoder.pipeline.execution import check_and_execute
from papercoder.report import write_report
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import Emit, RunEnded
from papercoder.runs.folder import load, lock
from papercoder.runs.store import write_synced


async def run_trial(trial: Trial, environment: RunEnvironment, emit: Emit) -> TrialResult:
    """Carry a trial out, or go on with it; whatever goes wrong stands in the result, and stops no other trial.

    Args:
        trial: what is to be done.
        environment: what it shares with other trials.
        emit: is told every event.
    """
    await asyncio.to_thread(forget, trial)
    budget = Watched(environment.budget or LocalBudget(None))
    work = await wait_until_done(_carry_out(trial, replace(environment, budget=budget), emit))
    ending = _ending(trial, work, budget)
    await asyncio.to_thread(keep, trial, ending)
    return await asyncio.to_thread(observe, trial)


async def _carry_out(trial: Trial, environment: RunEnvironment, emit: Emit) -> str:
    """The whole way.

    Returns:
        What was asked for and could not be observed; empty where all was.
    """
    here = replace(environment, read=with_addendum(environment.read, trial.addendum))
    repository = await generate(trial.source, trial.folder, trial.settings, [emit], here)
    execution = repository.execution or await _survey(trial, repository, here, emit)
    short = await _judge(trial, trial.judging, here, emit) if trial.judging else ()
    unseen = "" if execution is None or execution.observed else execution.unseen(trial.settings.reproduce)
    return "; ".join(filter(None, [unseen, *short]))


async def _survey(
    trial: Trial, repository: Repository, environment: RunEnvironment, emit: Emit
) -> ExecutionReport | None:
    """Look at a repository whose line did not, so that all variants are seen by the same eyes."""
    with lock(trial.folder):
        log = EventLog(trial.folder, emit)
        run, _ = open_run(trial.folder, trial.settings, log, environment)
        asked = trial.settings
        report = await check_and_execute(run, repository.files, asked.sandbox, asked.reproduce, asked.gpu)
        log(RunEnded(status="complete"))
        await asyncio.to_thread(write_report, trial.folder)
        return report


async def _judge(trial: Trial, judging: Judging, environment: RunEnvironment, emit: Emit) -> tuple[str, ...]:
    """Let judges say what they think of the repository, and tell what they did not say."""
    paper = load(trial.folder, "paper.json", Paper)
    wanted = Wanted(
        judges=judging.judges,
        samples=judging.samples,
        gold=judging.gold,
        rubric=judging.rubric,
        code_dev=judging.code_dev,
    )
    folder = trial.folder / JUDGED
    evaluation = await evaluate(trial.folder / "repo", paper, folder, judging.settings, wanted, [emit], environment)
    return evaluation.shortcomings


def _ending(trial: Trial, work: "asyncio.Future[str]", budget: Watched) -> Ending:
    if work.cancelled():
        return Ending(reason="it was interrupted")
    error = work.exception()
    if error is None:
        return Ending(complete=not work.result(), reason=work.result())
    if isinstance(error, PaperCoderError):
        return Ending(reason=str(error), capped=budget.refused)
    return Ending(reason=_unexpected(trial.folder, error))


def _unexpected(folder: Path, error: BaseException) -> str:
    path = folder / "error.txt"
    write_synced(path, "".join(traceback.format_exception(error)))
    return f"an error that PaperCoder did not expect, {type(error).__name__}: {error}; all of it is in {path}"
