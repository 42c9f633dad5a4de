"""What is seen of a repository whose line did not look at it: findings and steps, with nothing repaired."""

from papercoder.agents.agent import Agents
from papercoder.artifacts import ExecutionReport
from papercoder.concurrency import run_in_thread
from papercoder.pipeline.execution import observe
from papercoder.pipeline.publisher import Files
from papercoder.runs.run import Run
from papercoder.stages.checking import check


async def survey(
    run: Run[Agents], files: Files, sandbox: str, reproduce: bool, gpu: bool = False
) -> ExecutionReport | None:
    """Check and run a repository as it is, and note both for people and the report; None where nothing is to be run."""
    await run.note("checking/report.json", await run_in_thread(check, run.folder / "repo"))
    if sandbox == "none":
        return None
    report = await observe(run, "execution/surveyed.json", files, sandbox, reproduce, gpu)
    await run.note("execution/report.json", report)
    return report
