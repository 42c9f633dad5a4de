"""Tools that check and execute code, and how tools are called: errors as sentences, progress, and cancellation."""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from papercoder.artifacts import Artifact, CheckReport, StepResult, Trial, TrialList, TrialResult
from papercoder.artifacts.execution import ExecutionReport, StepName, StepStatus
from papercoder.artifacts.reproduction import OmittedTrial, ReproductionOptions
from papercoder.console.progress import line
from papercoder.errors import PaperCoderError, RunFolderError, os_error_sentence
from papercoder.files.regular import is_file
from papercoder.mcp.reading import ClaimView, RunName, claim_views
from papercoder.mcp.workspace import Workspace
from papercoder.operations.repair import check_repository, execute_repository
from papercoder.operations.reproduce import measure_trials, options_to_resume, reproduce_run
from papercoder.report.model import STEPS
from papercoder.runs.events import Emit, Event, TrialProgress
from papercoder.runs.folder import load
from papercoder.settings import Settings, parse_duration
from papercoder.text.characters import visible

P = ParamSpec("P")
T = TypeVar("T")

ToolContext = Context[Any, Any]

Report = Callable[[str], None]
"""Receives what happens, a line each."""


def sentence_on_error(tool: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """A tool whose errors reach the agent as one sentence each, as on the command line."""

    @functools.wraps(tool)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await tool(*args, **kwargs)
        except PaperCoderError as error:
            raise ToolError(visible(str(error))) from error
        except OSError as error:
            raise ToolError(visible(os_error_sentence(error))) from error

    return wrapped


@asynccontextmanager
async def reporting(context: ToolContext, total: float | None = None) -> AsyncIterator[Report]:
    """Sends lines to the client as progress, in order, while the context is open.

    Args:
        context: of the tool's call.
        total: how many lines there will be; None if nobody knows.
    """
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    async def send() -> None:
        count = 0
        while (text := await lines.get()) is not None:
            count += 1
            await context.report_progress(count, total, visible(text))

    sending = asyncio.create_task(send())
    try:
        yield lines.put_nowait
        lines.put_nowait(None)
        await sending
    finally:
        sending.cancel()


def lines_of_events(report: Report) -> Emit:
    """A listener that reports the events of a run that people want to see, and the progress of trials."""

    def listen(event: Event) -> None:
        if isinstance(event, TrialProgress):
            report(f"trial {event.trial}: {100 * event.fraction:.0f} %")
        elif text := line(event):
            report(text)

    return listen


async def run_to_end(work: Awaitable[T]) -> T:
    """Await work in a task of its own; if the call is cancelled, the work is cancelled once and ends in order."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task])
    finally:
        if not task.done():
            task.cancel()
            with anyio.CancelScope(shield=True):  # what it started is stopped and cleaned up
                await asyncio.wait([task])
    return task.result()


RepositoryName = Annotated[str, Field(description="A run's name, or a repository in a folder of this server.")]

_OUTPUT = 6_000
"""Characters of a step's output, counted from its end."""


class StepView(Artifact):
    """An execution step as it was observed."""

    step: StepName
    status: StepStatus
    seconds: float
    reason: str
    output: str
    """The end of its output if it failed."""


class Execution(Artifact):
    """All execution steps, in order."""

    steps: tuple[StepView, ...]
    sandbox: str
    notes: tuple[str, ...]
    trials: int
    """How many the repository lists."""


class MeasuredTrial(Artifact):
    """The result of a trial, and the claims after it."""

    result: TrialResult
    claims: list[ClaimView]
    """Those to which the trial contributes."""


class Reproduced(Artifact):
    """The result of a reproduction within a budget."""

    trials: int
    measured: int
    seconds: float
    omitted: tuple[OmittedTrial, ...]
    claims: list[ClaimView]


class RunningTools:
    """Tools that check and execute code; what runs is in the sandbox."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def tools(self) -> tuple[Callable[..., Any], ...]:
        """All of them."""
        return (
            self.check_repository,
            self.execute_repository,
            self.list_trials,
            self.run_trial,
            self.compare_claims,
            self.reproduce,
        )

    async def check_repository(self, repository: RepositoryName) -> CheckReport:
        """Find problems of a Python repository without running it: imports, names, made-up results, missing files."""
        return await asyncio.to_thread(check_repository, self._workspace.repository(repository))

    async def execute_repository(self, repository: RepositoryName, context: ToolContext) -> Execution:
        """Execute a repository in the sandbox: install, import, start, trials, tests, smoke. Takes minutes."""
        folder = self._workspace.repository(repository)
        sandbox = Settings().sandbox
        async with reporting(context, len(STEPS)) as report:

            def on_step(step: StepResult) -> None:
                report(f"step {step.step}: {step.status}" + (f", {step.reason}" if step.reason else ""))

            return _execution(await run_to_end(execute_repository(folder, sandbox, on_step)))

    async def list_trials(self, run: RunName) -> list[Trial]:
        """The trials of a run's repository, with the claims that each feeds."""
        folder = self._workspace.runs.run(run)
        if (listed := await asyncio.to_thread(_trials, folder)) is None:
            await run_to_end(measure_trials(folder, (), await asyncio.to_thread(_options, folder)))
            listed = load(folder, "reproduction/trials.json", TrialList)
        return list(listed.trials)

    async def run_trial(
        self,
        run: RunName,
        trial: Annotated[str, Field(description="Id of the trial, as list_trials shows it.")],
        context: ToolContext,
    ) -> MeasuredTrial:
        """Run one trial in the sandbox to its end. A trial that has a result does not run again."""
        folder = self._workspace.runs.run(run)
        options = await asyncio.to_thread(_options, folder)
        async with reporting(context) as report:
            work = measure_trials(folder, (trial,), options, [lines_of_events(report)])
            (result,), compared = await run_to_end(work)
        fed = set(result.trial.claims)
        views = claim_views(compared.items, compared.orderings)
        return MeasuredTrial(result=result, claims=[view for view in views if view.id in fed])

    async def compare_claims(
        self,
        run: RunName,
        context: ToolContext,
        tolerance: Annotated[
            float | None, Field(ge=0, description="Share of a value that the code may be off; 0.05 by default.")
        ] = None,
    ) -> list[ClaimView]:
        """Compare the paper's claims with the results of all trials so far. No trial runs."""
        folder = self._workspace.runs.run(run)
        options = await asyncio.to_thread(partial(_options, folder, tolerance=tolerance))
        async with reporting(context) as report:
            _, compared = await run_to_end(measure_trials(folder, (), options, [lines_of_events(report)]))
        return claim_views(compared.items, compared.orderings)

    async def reproduce(
        self,
        run: RunName,
        budget: Annotated[str, Field(description="How long it may take: 45m, 2h, 1h30m.")],
        context: ToolContext,
        claims: Annotated[list[str] | None, Field(description="Decide these claims only; all by default.")] = None,
    ) -> Reproduced:
        """Run trials within a budget, in the order that decides most claims, and compare. Call it again to resume."""
        folder = self._workspace.runs.run(run)
        seconds = _seconds(budget)
        options = await asyncio.to_thread(partial(_options, folder, budget=seconds, claims=tuple(claims or ())))
        async with reporting(context) as report:
            found = await run_to_end(reproduce_run(folder, options, [lines_of_events(report)]))
        return Reproduced(
            trials=found.trials,
            measured=found.measured,
            seconds=found.seconds,
            omitted=found.omitted,
            claims=claim_views(found.claims.items, found.claims.orderings),
        )


def _options(folder: Path, **given: Any) -> ReproductionOptions:
    return options_to_resume(folder, Settings(), **given)


def _seconds(budget: str) -> float:
    try:
        return parse_duration(budget)
    except ValueError as error:
        raise RunFolderError(f"budget: {error}.") from error


def _trials(folder: Path) -> TrialList | None:
    """The trials as they were listed last, by a reproduction or else by the execution; None if they were not."""
    if is_file(folder, "reproduction/trials.json"):
        return load(folder, "reproduction/trials.json", TrialList)
    if is_file(folder, "execution/report.json"):
        return load(folder, "execution/report.json", ExecutionReport).trials
    return None


def _execution(report: ExecutionReport) -> Execution:
    steps = tuple(
        StepView(
            step=step.step,
            status=step.status,
            seconds=step.seconds,
            reason=step.reason,
            output=step.output[-_OUTPUT:] if step.status == "failed" else "",
        )
        for step in report.steps
    )
    count = len(report.trials.trials) if report.trials else 0
    return Execution(steps=steps, sandbox=report.sandbox, notes=report.notes, trials=count)
