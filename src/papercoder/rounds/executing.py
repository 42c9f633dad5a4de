"""Execution as a step of a run: what was observed is kept, what could not be is tried again the next time."""

from papercoder.agent import Ask
from papercoder.artifacts import ExecutionReport, SourceFile
from papercoder.run import Run
from papercoder.stages.execution.files import Unobserved, execute_files, reproduce_files


async def observe(
    run: Run[Ask], artifact: str, files: tuple[SourceFile, ...], sandbox: str, reproduce: bool
) -> ExecutionReport:
    """Climb the ladder with these files, once, unless something outside them was in the way.

    The full reproduction is a step of its own: it may take other resources, and what it stands on is not seen twice.
    """
    try:
        report = await run.step(artifact, execute_files, files, sandbox)
        if not reproduce or "smoke" not in report.seen:
            return report
        last = f"{artifact.removesuffix('.json')}-reproduce.json"
        return await run.step(last, reproduce_files, files, sandbox, report)
    except Unobserved as nothing:
        return nothing.report
