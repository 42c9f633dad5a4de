"""Repositories outside any run: climb the ladder with them, mend a failure that was seen elsewhere."""

import asyncio
import difflib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from papercoder.agents.agent import Agents
from papercoder.agents.edits import apply
from papercoder.artifacts import ExecutionReport, Requirement, StepResult, Traceability
from papercoder.errors import ModelError, RunFolderError
from papercoder.operations.generate import open_run
from papercoder.pipeline.execution import observe
from papercoder.pipeline.publisher import Files
from papercoder.repository.files import read_files
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import Emit
from papercoder.runs.folder import is_outside, load, lock
from papercoder.runs.run import Run
from papercoder.runs.store import write_synced
from papercoder.sandbox.selection import select_sandbox
from papercoder.settings import Settings
from papercoder.stages.execution.execute import execute
from papercoder.stages.execution.forecast import forecast
from papercoder.stages.repair import Failure, repair

_TRACED = "TRACEABILITY.json"
_TAIL = 12_000
"""Characters of an error that are shown to the agent."""


async def climb(
    repository: Path,
    sandbox: str,
    reproduce: bool,
    tell: Callable[[StepResult], None] | None = None,
    gpu: bool = False,
) -> ExecutionReport:
    """Run a repository step by step; `sandbox` is `auto` or a sandbox's name, `gpu` lets its code use GPUs.

    Raises:
        RunFolderError: there is no such repository.
        SandboxError: the sandbox that was asked for cannot be used.
    """
    _there(repository)
    chosen = await select_sandbox(sandbox)
    return await execute(repository, chosen, reproduce=reproduce, gpu=gpu, emit=tell or (lambda _: None))


def foretold(repository: Path, step: StepResult) -> str:
    """What is told after a step and before the next: how long the full reproduction may take, else nothing."""
    return forecast(repository, step) if step.step == "smoke" and step.status == "passed" else ""


async def mend(repository: Path, error: Path, folder: Path, settings: Settings, listeners: Iterable[Emit] = ()) -> str:
    """Edit a repository so that a failure which someone saw does not come again.

    Nothing is written where the edits make a step fail that was seen before.

    Args:
        repository: is edited in place.
        error: a file with what was printed.
        folder: where answers are kept.
        settings: model, cap, sandbox.
        listeners: are told every event.

    Returns:
        The edits as a diff; empty where there were none.

    Raises:
        RunFolderError: a folder or the error's file cannot be used.
        ModelError: no edits were fit, or they made things worse.
    """
    _there(repository)
    files = read_files(repository)
    printed = _printed(error)
    failure = Failure(what="a failure on another machine", command="not known", output=printed[-_TAIL:])
    with lock(folder):
        run, _ = open_run(folder, settings, EventLog(folder, *listeners))
        edits = await run.step("edits.json", repair, failure, files, _requirements(repository), ())
        mended = apply(files, edits)
        if settings.sandbox != "none" and mended != files:
            before, after = await _seen(run, "before", files, settings), await _seen(run, "after", mended, settings)
            _not_worse(before, after, folder)
    await asyncio.to_thread(_write, repository, files, mended)
    return "\n".join(_diff(files, mended))


async def _seen(run: Run[Agents], when: str, files: Files, settings: Settings) -> ExecutionReport:
    return await observe(run, f"execution/{when}.json", files, settings.sandbox, reproduce=False, gpu=settings.gpu)


def _printed(error: Path) -> str:
    """What a failing command printed; a log may have been cut within a letter."""
    try:
        text = error.read_bytes().decode(errors="replace")
    except OSError:
        text = ""
    if not text.strip() or "\0" in text:
        raise RunFolderError(f"{error} holds no error to read. Write what the failing command printed into it.")
    return text


def _there(repository: Path) -> None:
    if not repository.is_dir() or not any(repository.rglob("*.py")):
        raise RunFolderError(f"{repository} is no repository: there is no folder with Python files of this name.")


def _requirements(repository: Path) -> tuple[Requirement, ...]:
    """Those that its own `TRACEABILITY.json` names; none where it has none."""
    if not (repository / _TRACED).is_file():
        return ()
    return tuple(trace.requirement for trace in load(repository, _TRACED, Traceability).traces)


def _not_worse(before: ExecutionReport, after: ExecutionReport, folder: Path) -> None:
    lost = [step for step in before.passed if step not in after.passed]
    if lost:
        raise ModelError(
            f"The edits made {lost[0]} fail, which worked before; nothing was written. They are kept in {folder}. "
            "Another model may do better: --model PROVIDER:NAME."
        )


def _write(repository: Path, before: Files, after: Files) -> None:
    changed = [file for file in after if file not in before]
    for file in changed:
        if is_outside(repository / file.path, repository):
            raise RunFolderError(f"{repository / file.path} leads out of {repository}, by a link; nothing was written.")
    for file in changed:
        write_synced(repository / file.path, file.text)


def _diff(before: Files, after: Files) -> Iterator[str]:
    old = {file.path: file.text for file in before}
    for file in after:
        lines = old.get(file.path, "").splitlines(), file.text.splitlines()
        yield from difflib.unified_diff(*lines, f"a/{file.path}", f"b/{file.path}", lineterm="")
