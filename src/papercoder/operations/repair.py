"""Repositories outside a run: check one, execute it step by step, or repair a failure that someone observed."""

import asyncio
import difflib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from papercoder.agents.edits import apply
from papercoder.artifacts import ExecutionReport, Requirement, StepResult, Traceability
from papercoder.artifacts.coding import CheckReport
from papercoder.errors import ModelError, RunFolderError
from papercoder.files.regular import is_file, read_bytes, walk, write
from papercoder.operations.generate import open_run
from papercoder.pipeline.publisher import Files, execute_in_run
from papercoder.repository.files import read_files
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import Emit
from papercoder.runs.folder import load, lock
from papercoder.sandbox.selection import select_sandbox
from papercoder.settings import Settings
from papercoder.stages.checking import check
from papercoder.stages.execution.execute import execute
from papercoder.stages.repair import Failure, repair

_TRACEABILITY = "TRACEABILITY.json"
_MAX_OUTPUT = 12_000
"""Characters of the failure's output that the agent reads; the last ones."""


def check_repository(repository: Path) -> CheckReport:
    """Find problems of any Python repository without running it.

    Raises:
        RunFolderError: there is no such repository.
    """
    return check(repository)


async def execute_repository(
    repository: Path,
    sandbox: str,
    on_step: Callable[[StepResult], None] | None = None,
    gpu: bool = False,
) -> ExecutionReport:
    """Execute a repository step by step.

    Args:
        repository: any Python repository with the conventions of a generated one.
        sandbox: `auto` or a sandbox's name.
        on_step: receives the result of each step.
        gpu: let the code use this machine's GPUs.

    Raises:
        RunFolderError: there is no such repository.
        SandboxError: the sandbox cannot be used.
    """
    _require_repository(repository)
    chosen = await select_sandbox(sandbox)
    return await execute(repository, chosen, gpu=gpu, emit=on_step or (lambda _: None))


async def repair_repository(
    repository: Path, error: Path, folder: Path, settings: Settings, listeners: Iterable[Emit] = ()
) -> str:
    """Edit a repository so that an observed failure does not happen again.

    Nothing is written if the edits make an execution step fail that passed before.

    Args:
        repository: is edited in place.
        error: a file with the output of the failing command.
        folder: the run folder, which keeps the answers.
        settings: model, cost limit, sandbox.
        listeners: receive every event.

    Returns:
        The edits as a diff; empty if there are none.

    Raises:
        RunFolderError: a folder or the error file cannot be used.
        ModelError: the model gave no valid edits, or they made another step fail.
    """
    _require_repository(repository)
    files = read_files(repository)
    output = _read_output(error)[-_MAX_OUTPUT:]
    failure = Failure(what="a failure on another machine", command="not known", output=output)
    with lock(folder):
        run, _ = open_run(folder, settings, EventLog(folder, *listeners))
        edits = await run.step("edits.json", repair, failure, files, _requirements(repository), ())
        repaired = apply(files, edits)
        if settings.sandbox != "none" and repaired != files:
            before, after = [
                await execute_in_run(run, f"execution/{name}.json", tree, settings.sandbox, settings.gpu)
                for name, tree in (("before", files), ("after", repaired))
            ]
            _require_no_regression(before, after, folder)
    await asyncio.to_thread(_write, repository, files, repaired)
    return "\n".join(_diff(files, repaired))


def _read_output(error: Path) -> str:
    try:
        text = error.read_bytes().decode(errors="replace")  # a log may end within a character
    except OSError:
        text = ""
    if not text.strip() or "\0" in text:
        raise RunFolderError(f"{error} has no error output. Save the output of the failing command in it.")
    return text


def _require_repository(repository: Path) -> None:
    if not repository.is_dir() or not any(path.suffix == ".py" for path in walk(repository)):
        raise RunFolderError(f"{repository} is not a folder with Python files. Give the path of a repository.")


def _requirements(repository: Path) -> tuple[Requirement, ...]:
    """The requirements in the repository's `TRACEABILITY.json`, if it has one."""
    if not is_file(repository, _TRACEABILITY):
        return ()
    return tuple(trace.requirement for trace in load(repository, _TRACEABILITY, Traceability).traces)


def _require_no_regression(before: ExecutionReport, after: ExecutionReport, folder: Path) -> None:
    lost = [step for step in before.passed if step not in after.passed]
    if lost:
        raise ModelError(
            f"The edits made {lost[0]} fail, which passed before; nothing was written. The edits are in {folder}. "
            "Try another model: --model PROVIDER:NAME."
        )


def _write(repository: Path, before: Files, after: Files) -> None:
    changed = [file for file in after if file not in before]
    for file in changed:
        read_bytes(repository, file.path)  # raises before anything is written
    for file in changed:
        write(repository, file.path, file.text)


def _diff(before: Files, after: Files) -> Iterator[str]:
    old = {file.path: file.text for file in before}
    for file in after:
        lines = old.get(file.path, "").splitlines(), file.text.splitlines()
        yield from difflib.unified_diff(*lines, f"a/{file.path}", f"b/{file.path}", lineterm="")
