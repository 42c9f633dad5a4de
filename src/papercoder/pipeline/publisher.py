"""Writes the generated repository to disk and commits it; its execution and its results as steps of a run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from papercoder.agents.agent import Agents
from papercoder.artifacts import ExecutionReport, Paper, SourceFile, StepName
from papercoder.artifacts.design import Design
from papercoder.artifacts.reproduction import Reproduction, ReproductionOptions
from papercoder.concurrency import run_in_thread
from papercoder.datasets.run_data import read_data
from papercoder.pipeline.reproduction import recall
from papercoder.repository.git import History
from papercoder.repository.traceability import trace
from papercoder.runs.run import Run, execution_steps_of
from papercoder.stages import packaging
from papercoder.stages.checking import check
from papercoder.stages.execution.execute import Unobserved, execute_files
from papercoder.stages.reproduction.trial import show_arrays

Files = tuple[SourceFile, ...]


@dataclass(frozen=True)
class Publisher:
    """Writes files into `repo/` and commits them."""

    run: Run[Any]
    history: History

    async def __call__(self, files: Files, message: str) -> Files:
        """Write and commit files; returns them as they are used: with the user's text if the user edited a file."""
        used = []
        for file in files:
            text = await self.run.write_text(f"repo/{file.path}", file.text)
            used.append(SourceFile(path=file.path, text=text))
            if file.path.endswith(".sh"):
                (self.run.folder / "repo" / file.path).chmod(0o755)
        if files:
            await self.history.commit(message, tuple(file.path for file in files))
        return tuple(used)

    def edited(self, files: Files) -> frozenset[str]:
        """The paths of the files that the user edited; they are used unchanged."""
        return self.edited_paths(file.path for file in files)

    def edited_paths(self, paths: Iterable[str]) -> frozenset[str]:
        """Those of these paths whose files the user edited."""
        return frozenset(path for path in paths if self.run.is_edited(f"repo/{path}"))

    async def finish(self, files: Files) -> None:
        """Delete files of earlier plans that are not among these, and commit every remaining change."""
        deleted = await self.run.prune("repo", {file.path for file in files})
        if deleted:
            await self.history.commit("Remove files that the plan no longer has", (), deleted)
        await self.history.commit_remaining("Files in use", tuple(file.path for file in files))


async def execute_in_run(
    run: Run[Agents], artifact: str, files: tuple[SourceFile, ...], sandbox: str, gpu: bool = False
) -> ExecutionReport:
    """Execute these files once, up to the smoke run."""
    # Absent where they change nothing, so that the keys of steps without a GPU and without data stay the same.
    named: dict[str, Any] = {"gpu": True} if gpu else {}
    if (data := read_data(run.folder)).needs_files:
        named["data"] = data
    try:
        return await run.step(artifact, execute_files, files, sandbox, **named)
    except Unobserved as nothing:
        return nothing.report


def expected_executions(sandbox: str) -> Iterator[tuple[StepName, ...]]:
    """The execution steps of each run step in `execute_in_run` with these settings, if all of them pass."""
    if sandbox != "none":
        yield execution_steps_of(execute_files)


async def check_and_execute(run: Run[Agents], files: Files, sandbox: str, gpu: bool = False) -> ExecutionReport | None:
    """Check and execute a repository without repairing it, for pipelines that do not; None if the sandbox is `none`.

    Both results are written for people and the report.
    """
    await run.write_output("checking/report.json", await run_in_thread(check, run.folder / "repo"))
    if sandbox == "none":
        return None
    report = await execute_in_run(run, "execution/final.json", files, sandbox, gpu)
    await run.write_output("execution/report.json", report)
    return report


async def add_results(
    run: Run[Any],
    paper: Paper,
    design: Design,
    files: Files,
    options: ReproductionOptions,
    found: Reproduction,
    publish: Publisher,
) -> Files:
    """Write what the trials measured into the repository; nothing if none has a result.

    Raises:
        ReproductionError: the repository lists no trials, or its packages cannot be installed.
        RunFolderError: the repository cannot be written.
    """
    if not found.measured:
        return ()
    _, trials = await recall(run, files, design.config.values, options)
    text = f"{packaging.conditions(trials)}\n\n{packaging.results_table(found.claims)}"
    code = tuple(file for file in files if file.path.endswith(".py"))
    documents = packaging.documents(paper, design, trace(design.requirements, design.architecture, code), text)
    readme = tuple(file for file in documents if file.path == "README.md")
    for result in trials:
        await run_in_thread(show_arrays, run.folder, result, f"repo/results/{result.trial.id}")
    return await publish((*packaging.result_files(found.claims, trials), *readme), "Reproduction: results")
