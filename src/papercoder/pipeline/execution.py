"""Execution as a step of a run: what was observed is kept, what could not be is tried again the next time."""

from collections.abc import Iterator

from papercoder.agents.agent import Agents
from papercoder.artifacts import ExecutionReport, SourceFile, StepName
from papercoder.runs.executor import steps_of
from papercoder.runs.run import Run
from papercoder.stages.execution.files import Unobserved, execute_files, reproduce_files


async def observe(
    run: Run[Agents], artifact: str, files: tuple[SourceFile, ...], sandbox: str, reproduce: bool, gpu: bool = False
) -> ExecutionReport:
    """Climb the ladder with these files, once, unless something outside them was in the way.

    The full reproduction is a step of its own: it may take other resources, and what it stands on is not seen twice.
    A GPU is an input only where it was asked for, so that what was seen before there was such a setting stays in use.
    """
    lent = {"gpu": True} if gpu else {}
    try:
        report = await run.step(artifact, execute_files, files, sandbox, **lent)
        if not reproduce or "smoke" not in report.passed:
            return report
        last = f"{artifact.removesuffix('.json')}-reproduce.json"
        return await run.step(last, reproduce_files, files, sandbox, report, **lent)
    except Unobserved as nothing:
        return nothing.report


def executions(sandbox: str, reproduce: bool) -> Iterator[tuple[StepName, ...]]:
    """The steps of each step that `observe` makes with these settings, where all goes well."""
    if sandbox != "none":
        yield steps_of(execute_files)
        if reproduce:
            yield steps_of(reproduce_files)
