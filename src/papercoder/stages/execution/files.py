"""Execution of files that are not on disk yet, as a step of a run."""

import tempfile
from pathlib import Path

from papercoder.agent import Ask
from papercoder.artifacts import ExecutionReport, RungResult, SourceFile
from papercoder.errors import PaperCoderError
from papercoder.events import Forecast, RungEnded
from papercoder.sandbox.choosing import choose
from papercoder.stages.execution.forecast import forecast
from papercoder.stages.execution.ladder import execute


class Unobserved(PaperCoderError):
    """Nothing of the files was observed, for what lies outside them: no sandbox, no way to the package index."""

    exit_code = 3

    def __init__(self, report: ExecutionReport) -> None:
        super().__init__(report.unseen(reproduce=False))
        self.report = report


async def execute_files(ask: Ask, files: tuple[SourceFile, ...], sandbox: str, reproduce: bool) -> ExecutionReport:
    """Climb the ladder with these files; `sandbox` is a setting's word, `auto` or a sandbox's name.

    Raises:
        Unobserved: nothing of them was observed; as an error, for a step must not keep it as its result.
        SandboxError: the sandbox that was asked for cannot be used.
    """

    with tempfile.TemporaryDirectory(prefix="papercoder-") as folder:
        lay_out(files, Path(folder))

        def tell(rung: RungResult) -> None:
            ask.emit(RungEnded(rung=rung.rung, status=rung.status, seconds=rung.seconds, reason=rung.reason))
            if reproduce and rung.rung == "smoke" and rung.status == "seen":
                ask.emit(Forecast(message=forecast(Path(folder), rung)))

        chosen = await choose(None if sandbox == "auto" else sandbox)
        report = await execute(Path(folder), chosen, reproduce=reproduce, emit=tell)
    if not report.observed:
        raise Unobserved(report)
    return report


def lay_out(files: tuple[SourceFile, ...], folder: Path) -> None:
    """Write files into an empty folder."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8", newline="\n")
        path.chmod(0o755 if path.suffix == ".sh" else 0o644)
