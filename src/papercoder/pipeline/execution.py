"""Execution as steps of a run: observed results are kept, and what could not be observed is tried again next time."""

from collections.abc import Iterator
from typing import Any

from papercoder.agents.agent import Agents
from papercoder.artifacts import ExecutionReport, SourceFile, StepName
from papercoder.concurrency import run_in_thread
from papercoder.datasets.lock import read_data
from papercoder.pipeline.publisher import Files
from papercoder.runs.executor import execution_steps_of
from papercoder.runs.run import Run
from papercoder.stages.checking import check
from papercoder.stages.execution.files import Unobserved, execute_files, reproduce_files


async def execute_in_run(
    run: Run[Agents], artifact: str, files: tuple[SourceFile, ...], sandbox: str, reproduce: bool, gpu: bool = False
) -> ExecutionReport:
    """Execute these files once, up to the smoke run, then the full reproduction if asked.

    The full reproduction is a step of its own, because it may need other resources and repeats no earlier step.
    """
    # Absent where they change nothing, so that the keys of steps without a GPU and without data stay the same.
    named: dict[str, Any] = {"gpu": True} if gpu else {}
    if (data := read_data(run.folder)).needs_files:
        named["data"] = data
    try:
        report = await run.step(artifact, execute_files, files, sandbox, **named)
        if not reproduce or "smoke" not in report.passed:
            return report
        last = f"{artifact.removesuffix('.json')}-reproduce.json"
        return await run.step(last, reproduce_files, files, sandbox, report, **named)
    except Unobserved as nothing:
        return nothing.report


def expected_executions(sandbox: str, reproduce: bool) -> Iterator[tuple[StepName, ...]]:
    """The execution steps of each run step in `execute_in_run` with these settings, if all of them pass."""
    if sandbox != "none":
        yield execution_steps_of(execute_files)
        if reproduce:
            yield execution_steps_of(reproduce_files)


async def check_and_execute(
    run: Run[Agents], files: Files, sandbox: str, reproduce: bool, gpu: bool = False
) -> ExecutionReport | None:
    """Check and execute a repository without repairing it, for pipelines that do not; None if the sandbox is `none`.

    Both results are written for people and the report.
    """
    await run.write_output("checking/report.json", await run_in_thread(check, run.folder / "repo"))
    if sandbox == "none":
        return None
    report = await execute_in_run(run, "execution/final.json", files, sandbox, reproduce, gpu)
    await run.write_output("execution/report.json", report)
    return report
