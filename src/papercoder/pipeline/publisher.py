"""Writes the generated repository to disk and commits it; its execution and its results as steps of a run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from papercoder.agents.agent import Agents
from papercoder.artifacts import ExecutionReport, Paper, SourceFile, StepName
from papercoder.artifacts.design import Design
from papercoder.artifacts.reproduction import DrawnFigures, Reproduction
from papercoder.concurrency import run_in_thread
from papercoder.datasets.run_data import read_data
from papercoder.environments.installers import LOCK
from papercoder.errors import RunFolderError
from papercoder.files.regular import delete, write
from papercoder.pipeline.reproduction import PreparedTrials
from papercoder.repository.git import History
from papercoder.repository.traceability import trace
from papercoder.runs.events import Warned
from papercoder.runs.folder import load
from papercoder.runs.run import Run, execution_steps_of
from papercoder.stages import packaging
from papercoder.stages.checking import check
from papercoder.stages.execution.execute import Unobserved, execute_files
from papercoder.stages.reproduction.figures import Drawing
from papercoder.stages.reproduction.trial import show_arrays

Files = tuple[SourceFile, ...]

FIGURES = "reproduction/figures.json"

_DOCUMENTS = frozenset(
    "README.md TRACEABILITY.md TRACEABILITY.json CITATION.cff Dockerfile pyproject.toml results.json results.md".split()
)
"""Files that no execution step reads."""


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
    """Execute these files once, up to the smoke run.

    The same code is executed once in a run, whatever documents lie beside it; packages are resolved for each execution.
    """
    files = tuple(sorted((file for file in files if file.path not in {*_DOCUMENTS, LOCK}), key=lambda file: file.path))
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
    prepared: PreparedTrials, paper: Paper, design: Design, found: Reproduction, publish: Publisher
) -> Files:
    """Write what the trials measured into the repository; nothing if none has a result.

    Raises:
        RunFolderError: the repository cannot be written.
    """
    if not found.measured:
        return ()
    trials = await prepared.results()
    text = f"{packaging.conditions(trials)}\n\n{packaging.results_table(found.claims)}"
    code = tuple(file for file in prepared.files if file.path.endswith(".py"))
    documents = packaging.documents(paper, design, trace(design.requirements, design.architecture, code), text)
    readme = tuple(file for file in documents if file.path == "README.md")
    for result in trials:
        await run_in_thread(show_arrays, publish.run.folder, result, f"repo/results/{result.trial.id}")
    await _add_figures(await prepared.draw(trials), publish)
    return await publish((*packaging.result_files(found.claims, trials), *readme), "Reproduction: results")


async def _add_figures(drawing: Drawing, publish: Publisher) -> None:
    """Write the figures in place of those that an earlier reproduction drew."""
    run = publish.run
    if drawing.problem:
        run.emit(Warned(where="figures", message=drawing.problem))
    try:
        before = load(run.folder, FIGURES, DrawnFigures).names
    except RunFolderError:  # there are none, or someone edited the list
        before = ()
    for name in set(before) - set(drawing.pictures):
        delete(run.folder, f"repo/figures/{name}")
    for name, picture in drawing.pictures.items():
        await run_in_thread(write, run.folder, f"repo/figures/{name}", picture)
    await run.write_output(FIGURES, DrawnFigures(names=tuple(drawing.pictures)) if drawing.pictures else None)
    if drawing.pictures:
        paths = tuple(f"figures/{name}" for name in drawing.pictures)
        await publish.history.commit("Reproduction: figures", paths)
