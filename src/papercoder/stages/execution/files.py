"""Execution of files that are not on disk yet, as steps of a run: up to the smoke run, and the full reproduction."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from papercoder.artifacts import ExecutionReport, RungName, RungResult, SourceFile
from papercoder.errors import PaperCoderError
from papercoder.runs.events import Forecast, RungEnded
from papercoder.runs.executor import Telling, climbs
from papercoder.sandbox.choosing import choose
from papercoder.sandbox.contract import Sandbox
from papercoder.stages.execution.environment import LOCK
from papercoder.stages.execution.forecast import forecast
from papercoder.stages.execution.ladder import execute, reproduce

UP_TO_SMOKE: tuple[RungName, ...] = ("install", "import", "start", "tests", "smoke")
REPRODUCE: tuple[RungName, ...] = ("reproduce",)


class Unobserved(PaperCoderError):
    """Nothing new of the files was observed, for what lies outside them: no sandbox, no way to the package index."""

    exit_code = 3

    def __init__(self, report: ExecutionReport) -> None:
        super().__init__(report.unseen(reproduce=True))
        self.report = report

    def __reduce__(self) -> tuple[type["Unobserved"], tuple[ExecutionReport]]:
        return Unobserved, (self.report,)  # so that it can come from another machine


@climbs(*UP_TO_SMOKE)
async def execute_files(
    hand: Telling, files: tuple[SourceFile, ...], sandbox: str, gpu: bool = False
) -> ExecutionReport:
    """Climb the ladder up to the smoke run; `sandbox` is a setting's word, `auto` or a sandbox's name.

    Raises:
        Unobserved: nothing of them was observed; as an error, for a step must not keep it as its result.
        SandboxError: the sandbox that was asked for cannot be used.
    """
    with _laid_out(files) as folder:
        report = await execute(folder, await _chosen(sandbox), gpu=gpu, emit=_telling(hand, UP_TO_SMOKE))
    if not report.observed:
        raise Unobserved(report)
    return report


@climbs(*REPRODUCE)
async def reproduce_files(
    hand: Telling, files: tuple[SourceFile, ...], sandbox: str, before: ExecutionReport, gpu: bool = False
) -> ExecutionReport:
    """Climb the last rung, after all others were seen before, with the packages of that time.

    Raises:
        Unobserved: it could not be tried, for what lies outside the files.
        SandboxError: the sandbox that was asked for cannot be used.
    """
    same = SourceFile(path=LOCK, text=before.lock or "")
    with _laid_out((*(file for file in files if file.path != LOCK), same)) as folder:
        smoke = next(rung for rung in before.rungs if rung.rung == "smoke")
        hand.emit(Forecast(message=forecast(folder, smoke)))
        report = await reproduce(folder, await _chosen(sandbox), before, gpu=gpu, emit=_telling(hand, REPRODUCE))
    if report.rungs[-1].status == "not_run":
        raise Unobserved(report)
    return report


@contextmanager
def _laid_out(files: tuple[SourceFile, ...]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="papercoder-") as folder:
        lay_out(files, Path(folder))
        yield Path(folder)


async def _chosen(sandbox: str) -> Sandbox | None:
    return await choose(None if sandbox == "auto" else sandbox)


def _telling(hand: Telling, rungs: tuple[RungName, ...]) -> Callable[[RungResult], None]:
    def tell(rung: RungResult) -> None:
        if rung.rung in rungs:
            hand.emit(RungEnded(rung=rung.rung, status=rung.status, seconds=rung.seconds, reason=rung.reason))

    return tell


def lay_out(files: tuple[SourceFile, ...], folder: Path) -> None:
    """Write files into an empty folder."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8", newline="\n")
        path.chmod(0o755 if path.suffix == ".sh" else 0o644)
