"""Execution as a step of a run: what was observed is kept, what could not be is tried again the next time."""

from papercoder.agent import Ask
from papercoder.artifacts import ExecutionReport, SourceFile
from papercoder.run import Run
from papercoder.stages.execution.files import Unobserved, execute_files


async def observe(
    run: Run[Ask], artifact: str, files: tuple[SourceFile, ...], sandbox: str, reproduce: bool
) -> ExecutionReport:
    """Climb the ladder with these files, once, unless something outside them was in the way."""
    try:
        return await run.step(artifact, execute_files, files, sandbox, reproduce)
    except Unobserved as nothing:
        return nothing.report
