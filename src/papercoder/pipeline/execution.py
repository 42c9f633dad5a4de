"""Execution as steps of a run: observed results are kept, and what could not be observed is tried again next time."""

from collections.abc import Iterator
from typing import Any

from papercoder.agents.agent import Agents
from papercoder.artifacts import ExecutionReport, SourceFile, StepName
from papercoder.concurrency import run_in_thread
from papercoder.datasets.run_data import read_data
from papercoder.pipeline.publisher import Files
from papercoder.runs.run import Run, execution_steps_of
from papercoder.stages.checking import check
from papercoder.stages.execution.execute import Unobserved, execute_files


async def execute_in_run(
    run: Run[Agents], artifact: str, files: tuple[SourceFile, ...], sandbox: str, gpu: bool = False
) -> ExecutionReport:
    """Execute these files once, up to the smoke run."""
    # Absent where they change nothing, so that the keys of steps without a GPU and without data stay the same.
    named: dict[str, Any] = {"gpu": True} if gpu else {}
    if (data := read_data(run.folder)).needs_files:
        named["data"] = data
    try:
        return await run.step(artifact, execute_files, files, sandbox, **named)
    except Unobserved as nothing:
        return nothing.report


def expected_executions(sandbox: str) -> Iterator[tuple[StepName, ...]]:
    """The execution steps of each run step in `execute_in_run` with these settings, if all of them pass."""
    if sandbox != "none":
        yield execution_steps_of(execute_files)


async def check_and_execute(run: Run[Agents], files: Files, sandbox: str, gpu: bool = False) -> ExecutionReport | None:
    """Check and execute a repository without repairing it, for pipelines that do not; None if the sandbox is `none`.

    Both results are written for people and the report.
    """
    await run.write_output("checking/report.json", await run_in_thread(check, run.folder / "repo"))
    if sandbox == "none":
        return None
    report = await execute_in_run(run, "execution/final.json", files, sandbox, gpu)
    await run.write_output("execution/report.json", report)
    return report
