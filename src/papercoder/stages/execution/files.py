"""Execution of files in memory, as a step of a run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from papercoder.artifacts import ExecutionReport, RunData, SourceFile, StepName, StepResult
from papercoder.errors import PaperCoderError
from papercoder.files.temporary import temporary_folder
from papercoder.runs.events import ExecutionStepEnded
from papercoder.runs.executor import EmitsEvents, runs_execution_steps
from papercoder.sandbox.selection import select_sandbox
from papercoder.stages.execution.execute import execute

UP_TO_SMOKE: tuple[StepName, ...] = ("install", "import", "start", "trials", "tests", "smoke")


class Unobserved(PaperCoderError):
    """Nothing was observed for reasons outside the files, such as no sandbox or no package index."""

    exit_code = 3

    def __init__(self, report: ExecutionReport) -> None:
        super().__init__(report.unseen)
        self.report = report

    def __reduce__(self) -> tuple[type["Unobserved"], tuple[ExecutionReport]]:
        return Unobserved, (self.report,)  # a Ray task may raise it on another machine


@runs_execution_steps(*UP_TO_SMOKE)
async def execute_files(
    context: EmitsEvents, files: tuple[SourceFile, ...], sandbox: str, gpu: bool = False, data: RunData | None = None
) -> ExecutionReport:
    """Execute files up to the smoke step; `sandbox` is `auto` or the name of a sandbox.

    Raises:
        Unobserved: nothing was observed; an error, so that no step stores it as its result.
        SandboxError: the requested sandbox is not available.
    """
    with _temporary_folder(files) as folder:
        emit = _emit_step(context, UP_TO_SMOKE)
        report = await execute(folder, await select_sandbox(sandbox), gpu=gpu, data=data, emit=emit)
    if not report.observed:
        raise Unobserved(report)
    return report


@contextmanager
def _temporary_folder(files: tuple[SourceFile, ...]) -> Iterator[Path]:
    with temporary_folder() as folder:
        write_files(files, folder)
        yield folder


def _emit_step(context: EmitsEvents, steps: tuple[StepName, ...]) -> Callable[[StepResult], None]:
    def emit(step: StepResult) -> None:
        if step.step in steps:
            context.emit(
                ExecutionStepEnded(step=step.step, status=step.status, seconds=step.seconds, reason=step.reason)
            )

    return emit


def write_files(files: tuple[SourceFile, ...], folder: Path) -> None:
    """Write files into an empty folder."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8", newline="\n")
        path.chmod(0o755 if path.suffix == ".sh" else 0o644)
