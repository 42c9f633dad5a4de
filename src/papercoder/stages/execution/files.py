"""Execution of files that are not on disk yet, as a step of a run."""

import tempfile
from pathlib import Path

from papercoder.agent import Ask
from papercoder.artifacts import ExecutionReport, RungResult, SourceFile
from papercoder.events import RungEnded
from papercoder.sandbox.choosing import choose
from papercoder.stages.execution.ladder import execute


async def execute_files(ask: Ask, files: tuple[SourceFile, ...], sandbox: str, reproduce: bool) -> ExecutionReport:
    """Climb the ladder with these files; `sandbox` is a setting's word, `auto` or a sandbox's name."""

    def tell(rung: RungResult) -> None:
        ask.emit(RungEnded(rung=rung.rung, status=rung.status, seconds=rung.seconds, reason=rung.reason))

    with tempfile.TemporaryDirectory(prefix="papercoder-") as folder:
        for file in files:
            path = Path(folder) / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8", newline="\n")
            path.chmod(0o755 if path.suffix == ".sh" else 0o644)
        chosen = await choose(None if sandbox == "auto" else sandbox)
        return await execute(Path(folder), chosen, reproduce=reproduce, emit=tell)
