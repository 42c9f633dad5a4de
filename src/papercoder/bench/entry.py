"""One entry: from the paper to a repository, its execution and its evaluation."""

import asyncio
import traceback
from dataclasses import dataclass, replace

from papercoder.artifacts import BenchEntryResult, ExecutionReport, Paper, Repository
from papercoder.artifacts.reproduction import ReproductionOptions
from papercoder.bench.manifest import Entry, EvaluationSpec, ReproductionSpec, reads_claims
from papercoder.bench.observation import EVALUATION_FOLDER, EntryEnd, clear_end, observe, save_end, seconds_of_trials
from papercoder.bench.shared import LocalShares, TrialShares, with_addendum
from papercoder.concurrency import wait_until_done
from papercoder.errors import CostCapReached, PaperCoderError, ReproductionError, SandboxError
from papercoder.evaluation.evaluate import EvaluationOptions, evaluate
from papercoder.models.limits import Budget, LocalBudget
from papercoder.operations.generate import RunEnvironment, generate, open_run
from papercoder.operations.reproduce import diagnose_run, reproduce_run
from papercoder.pipeline.publisher import check_and_execute
from papercoder.report import write_report
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import Emit, RunEnded
from papercoder.runs.folder import load, lock, write_synced

_NO_TIME = 0.001
"""Seconds of a budget that is used up: known results are compared, and nothing runs."""


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


async def run_entry(
    entry: Entry, environment: RunEnvironment, emit: Emit, shares: TrialShares | None = None
) -> BenchEntryResult:
    """Run or resume an entry. Errors become part of its result, so that other entries continue.

    Args:
        entry: the paper, settings and judges.
        environment: what it shares with other entries.
        emit: receives every event.
        shares: where its trials run; None: the whole machine is theirs.
    """
    await asyncio.to_thread(clear_end, entry)
    budget = EntryBudget(environment.budget or LocalBudget(None))
    work = await wait_until_done(_run(entry, replace(environment, budget=budget), emit, shares or LocalShares(1)))
    await asyncio.to_thread(save_end, entry, _end_of(entry, work, budget))
    return await asyncio.to_thread(observe, entry)


async def _run(entry: Entry, environment: RunEnvironment, emit: Emit, shares: TrialShares) -> EntryEnd:
    """Generate, execute, reproduce, diagnose and evaluate; it is complete if it has everything that was requested."""
    environment = replace(environment, read=with_addendum(environment.read, entry.addendum))
    repository = await generate(entry.source, entry.folder, entry.settings, [emit], environment)
    is_full = reads_claims(entry.settings)  # such a pipeline checks and executes
    execution = repository.execution if is_full else await _execute(entry, repository, environment, emit)
    missing = [] if execution is None or execution.observed else [execution.unseen]
    remark = ""
    if entry.reproduction and execution and "smoke" in execution.passed:
        try:
            await _reproduce(entry, entry.reproduction, environment, emit, shares)
        except ReproductionError as error:  # a repository that has no trials is a result too
            remark = str(error)
        except SandboxError as error:
            missing.append(str(error))
    if entry.evaluation:
        missing += await _evaluate(entry, entry.evaluation, environment, emit)
    reason = "; ".join(filter(None, missing))
    return EntryEnd(complete=not reason, reason=reason or remark)


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


async def _reproduce(
    entry: Entry, spec: ReproductionSpec, environment: RunEnvironment, emit: Emit, shares: TrialShares
) -> None:
    """Run trials within the budget, and then the diagnosis; what earlier processes used of the budgets is used up."""
    asked = spec.model_dump(exclude={"diagnosis", "budget"})
    settings = entry.settings.model_dump(include={"gpu", "sandbox", "tolerance"})
    spent = seconds_of_trials(read_events(entry.folder))
    async with shares.take() as open_place:
        environment = replace(environment, open_place=open_place)
        options = ReproductionOptions(budget=max(spec.budget - spent.reproduction, _NO_TIME), **asked, **settings)
        await reproduce_run(entry.folder, options, [emit], environment=environment)
        if spec.diagnosis:
            options = options.model_copy(update={"budget": max(spec.diagnosis - spent.diagnosis, _NO_TIME)})
            await diagnose_run(entry.folder, options, entry.settings, [emit], environment)


async def _evaluate(entry: Entry, spec: EvaluationSpec, environment: RunEnvironment, emit: Emit) -> tuple[str, ...]:
    """Ask the judges; returns what they did not answer."""
    paper = load(entry.folder, "paper.json", Paper)
    options = EvaluationOptions(
        judges=spec.judges, samples=spec.samples, gold=spec.gold, rubric=spec.rubric, code_dev=spec.code_dev
    )
    folder = entry.folder / EVALUATION_FOLDER
    evaluation = await evaluate(entry.folder / "repo", paper, folder, spec.settings, options, [emit], environment)
    return evaluation.shortcomings


def _end_of(entry: Entry, work: "asyncio.Future[EntryEnd]", budget: EntryBudget) -> EntryEnd:
    if work.cancelled():
        return EntryEnd(reason="it was interrupted")
    error = work.exception()
    if error is None:
        return work.result()
    if isinstance(error, PaperCoderError):
        return EntryEnd(reason=str(error), capped=budget.refused)
    path = entry.folder / "error.txt"
    write_synced(path, "".join(traceback.format_exception(error)))
    return EntryEnd(reason=f"unexpected error {type(error).__name__}: {error}; the traceback is in {path}")
