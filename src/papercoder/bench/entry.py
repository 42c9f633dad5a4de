"""One entry: from the paper to a repository, its execution and its evaluation."""

import asyncio
import traceback
from dataclasses import dataclass, replace

from papercoder.artifacts import BenchEntryResult, ExecutionReport, Paper, Repository
from papercoder.bench.entry_end import EntryEnd, clear_end, save_end
from papercoder.bench.manifest.entries import Entry, EvaluationSpec
from papercoder.bench.observation import EVALUATION_FOLDER, observe
from papercoder.bench.papers import with_addendum
from papercoder.concurrency import wait_until_done
from papercoder.errors import CostCapReached, PaperCoderError
from papercoder.evaluation.evaluate import EvaluationOptions, evaluate
from papercoder.models.budget import Budget, LocalBudget
from papercoder.operations.environment import RunEnvironment
from papercoder.operations.generate import generate, open_run
from papercoder.pipeline.execution import check_and_execute
from papercoder.report import write_report
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import Emit, RunEnded
from papercoder.runs.folder import load, lock
from papercoder.runs.store import write_synced


@dataclass
class EntryBudget:
    """The shared budget, and whether it refused a call: then it stopped the entry, and not a cap of the entry's own."""

    shared: Budget
    refused: bool = False

    @property
    def cap(self) -> float | None:
        """The shared budget's cap, in dollars."""
        return self.shared.cap

    async def reserve(self, cost: float, what: str) -> None:
        """Reserve money in the shared budget.

        Raises:
            CostCapReached: too little is left.
        """
        try:
            await self.shared.reserve(cost, what)
        except CostCapReached:
            self.refused = True
            raise

    async def settle(self, reserved: float, cost: float) -> None:
        """Replace a reservation in the shared budget by the cost."""
        await self.shared.settle(reserved, cost)


async def run_entry(entry: Entry, environment: RunEnvironment, emit: Emit) -> BenchEntryResult:
    """Run or resume an entry. Errors become part of its result, so that other entries continue.

    Args:
        entry: the paper, settings and judges.
        environment: what it shares with other entries.
        emit: receives every event.
    """
    await asyncio.to_thread(clear_end, entry)
    budget = EntryBudget(environment.budget or LocalBudget(None))
    work = await wait_until_done(_run(entry, replace(environment, budget=budget), emit))
    await asyncio.to_thread(save_end, entry, _end_of(entry, work, budget))
    return await asyncio.to_thread(observe, entry)


async def _run(entry: Entry, environment: RunEnvironment, emit: Emit) -> str:
    """Generate, execute and evaluate.

    Returns:
        What was requested and could not be observed; empty if nothing is missing.
    """
    environment = replace(environment, read=with_addendum(environment.read, entry.addendum))
    repository = await generate(entry.source, entry.folder, entry.settings, [emit], environment)
    execution = repository.execution or await _execute(entry, repository, environment, emit)
    unseen = "" if execution is None or execution.observed else execution.unseen
    shortcomings = await _evaluate(entry, entry.evaluation, environment, emit) if entry.evaluation else ()
    return "; ".join(filter(None, [unseen, *shortcomings]))


async def _execute(
    entry: Entry, repository: Repository, environment: RunEnvironment, emit: Emit
) -> ExecutionReport | None:
    """Check and run a repository whose variant does not, so that all variants are observed in the same way."""
    with lock(entry.folder):
        log = EventLog(entry.folder, emit)
        run, _ = open_run(entry.folder, entry.settings, log, environment)
        settings = entry.settings
        report = await check_and_execute(run, repository.files, settings.sandbox, settings.gpu)
        log(RunEnded(status="complete"))
        await asyncio.to_thread(write_report, entry.folder)
        return report


async def _evaluate(entry: Entry, spec: EvaluationSpec, environment: RunEnvironment, emit: Emit) -> tuple[str, ...]:
    """Ask the judges; returns what they did not answer."""
    paper = load(entry.folder, "paper.json", Paper)
    options = EvaluationOptions(
        judges=spec.judges, samples=spec.samples, gold=spec.gold, rubric=spec.rubric, code_dev=spec.code_dev
    )
    folder = entry.folder / EVALUATION_FOLDER
    evaluation = await evaluate(entry.folder / "repo", paper, folder, spec.settings, options, [emit], environment)
    return evaluation.shortcomings


def _end_of(entry: Entry, work: "asyncio.Future[str]", budget: EntryBudget) -> EntryEnd:
    if work.cancelled():
        return EntryEnd(reason="it was interrupted")
    error = work.exception()
    if error is None:
        return EntryEnd(complete=not work.result(), reason=work.result())
    if isinstance(error, PaperCoderError):
        return EntryEnd(reason=str(error), capped=budget.refused)
    path = entry.folder / "error.txt"
    write_synced(path, "".join(traceback.format_exception(error)))
    return EntryEnd(reason=f"unexpected error {type(error).__name__}: {error}; the traceback is in {path}")
