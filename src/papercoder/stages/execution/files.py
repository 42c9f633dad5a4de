"""Execution of files that are not on disk yet, as steps of a run: up to the smoke run, and the full reproduction."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from papercoder.artifacts import ExecutionReport, SourceFile, StepName, StepResult
from papercoder.errors import PaperCoderError
from papercoder.runs.events import ExecutionStepEnded, Forecast
from papercoder.runs.executor import EmitsEvents, runs_steps
from papercoder.sandbox.selection import select_sandbox
from papercoder.stages.execution.environment import LOCK
from papercoder.stages.execution.execute import execute, reproduce
from papercoder.stages.execution.forecast import forecast

UP_TO_SMOKE: tuple[StepName, ...] = ("install", "import", "start", "tests", "smoke")
REPRODUCE: tuple[StepName, ...] = ("reproduce",)


class Unobserved(PaperCoderError):
    """Nothing new of the files was observed, for what lies outside them: no sandbox, no way to the package index."""

    exit_code = 3

    def __init__(self, report: ExecutionReport) -> None:
        super().__init__(report.unseen(reproduce=True))
        self.report = report

    def __reduce__(self) -> tuple[type["Unobserved"], tuple[ExecutionReport]]:
        return Unobserved, (self.report,)  # so that it can come from another machine


@runs_steps(*UP_TO_SMOKE)
async def execute_files(
    context: EmitsEvents, files: tuple[SourceFile, ...], sandbox: str, gpu: bool = False
) -> ExecutionReport:
    """Climb the ladder up to the smoke run; `sandbox` is a setting's word, `auto` or a sandbox's name.

    Raises:
        Unobserved: nothing of them was observed; as an error, for a step must not keep it as its result.
        SandboxError: the sandbox that was asked for cannot be used.
    """
    with _laid_out(files) as folder:
        report = await execute(folder, await select_sandbox(sandbox), gpu=gpu, emit=_emit_step(context, UP_TO_SMOKE))
    if not report.observed:
        raise Unobserved(report)
    return report


@runs_steps(*REPRODUCE)
async def reproduce_files(
    context: EmitsEvents, files: tuple[SourceFile, ...], sandbox: str, before: ExecutionReport, gpu: bool = False
) -> ExecutionReport:
    """Climb the last step, after all others were seen before, with the packages of that time.

    Raises:
        Unobserved: it could not be tried, for what lies outside the files.
        SandboxError: the sandbox that was asked for cannot be used.
    """
    same = SourceFile(path=LOCK, text=before.lock or "")
    with _laid_out((*(file for file in files if file.path != LOCK), same)) as folder:
        smoke = next(step for step in before.steps if step.step == "smoke")
        context.emit(Forecast(message=forecast(folder, smoke)))
        report = await reproduce(
            folder, await select_sandbox(sandbox), before, gpu=gpu, emit=_emit_step(context, REPRODUCE)
        )
    if report.steps[-1].status == "skipped":
        raise Unobserved(report)
    return report


@contextmanager
def _laid_out(files: tuple[SourceFile, ...]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="papercoder-") as folder:
        lay_out(files, Path(folder))
        yield Path(folder)


def _emit_step(context: EmitsEvents, steps: tuple[StepName, ...]) -> Callable[[StepResult], None]:
    def tell(step: StepResult) -> None:
        if step.step in steps:
            context.emit(
                ExecutionStepEnded(step=step.step, status=step.status, seconds=step.seconds, reason=step.reason)
            )

    return tell


def lay_out(files: tuple[SourceFile, ...], folder: Path) -> None:
    """Write files into an empty folder."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8", newline="\n")
        path.chmod(0o755 if path.suffix == ".sh" else 0o644)
