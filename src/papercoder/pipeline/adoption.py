"""Adoption: a change reaches a finished run by edits, and what it does not touch stays as it is, byte for byte.

A changed requirement, setting or plan is an input of many steps, which would all be made again: at the cost of a new
repository, and without the edits. In the first pass after a change, the steps therefore take over the present artifacts
as their results. Later changes are followed as always. A change that was not completed is pending, and the next pass
completes it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast, get_type_hints

from papercoder.agents.agent import Agents
from papercoder.artifacts import Artifact, Edits
from papercoder.artifacts.design import Design
from papercoder.files.regular import delete, is_file, read_text
from papercoder.pipeline.publisher import Files
from papercoder.runs.event_log import artifact_in_progress
from papercoder.runs.folder import artifact_text, load, parse_artifact
from papercoder.runs.run import C, Executor, Run, execution_steps_of

P = ParamSpec("P")
T = TypeVar("T")

PENDING = "pending_change.json"
_PLANNING = ("plan", "requirements", "architecture", "logic", "config")


class Change(Artifact):
    """A change of a run's design and code."""

    texts: dict[str, str]
    """Artifact -> its text after the change: the changed results of planning, and the code."""

    affected: tuple[str, ...]
    """Paths of the files that changed, and of those that own a changed requirement."""


def change_between(before: tuple[Design, Files], after: tuple[Design, Files]) -> Change:
    """The change from one state of a run to another."""
    (old_design, old_files), (design, files) = before, after
    planned = {name: (getattr(old_design, name), getattr(design, name)) for name in _PLANNING}
    texts = {
        f"planning/{name}.json": artifact_text(new, type(new)) for name, (old, new) in planned.items() if old != new
    }
    texts |= {f"repo/{file.path}": file.text for file in files if file.path.endswith(".py")}
    old = set(old_design.requirements.items)
    owners = {design.architecture.owner_of(item.id) for item in design.requirements.items if item not in old}
    changed = {file.path for file in files if file not in old_files}
    return Change(texts=texts, affected=tuple(sorted({*changed, *filter(None, owners)})))


async def save_change(run: Run[Any], change: Change) -> None:
    """Make the changed results of planning the run's own, and leave the rest to the next pass.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    if before := pending_change(run.folder):
        affected = tuple(sorted({*before.affected, *change.affected}))
        change = Change(texts={**before.texts, **change.texts}, affected=affected)
    await run.write_output(PENDING, change)
    for artifact, text in change.texts.items():
        if artifact.startswith("planning/"):
            await run.adopt(artifact, text)


def pending_change(folder: Path) -> Change | None:
    """The change that has not reached all artifacts yet; None if there is none."""
    return load(folder, PENDING, Change) if is_file(folder, PENDING) else None


def with_pending_change(run: Run[Agents]) -> Run[Agents]:
    """The run for the first pass after a change; the same run if no change is pending."""
    change = pending_change(run.folder)
    if change is None:
        return run
    code = {artifact: text for artifact, text in change.texts.items() if artifact.startswith("repo/")}
    return replace(run, executor=AdoptingExecutor(run.folder, change, run.executor), replacements=code)


def with_pending_texts(folder: Path, files: Files) -> Files:
    """The files of the repository as they are after the pending change."""
    change = pending_change(folder)
    texts = change.texts if change else {}
    return tuple(file.model_copy(update={"text": texts.get(f"repo/{file.path}", file.text)}) for file in files)


def complete_change(run: Run[Agents]) -> None:
    """Note that the pending change, if there is one, has reached all artifacts."""
    delete(run.folder, PENDING)


@dataclass(frozen=True)
class AdoptingExecutor:
    """Takes over the present artifacts as the results of their steps; only what a change affects is made."""

    folder: Path
    """The run folder."""

    change: Change
    other: Executor
    """Makes what cannot be taken over."""

    async def perform(
        self, make: Callable[Concatenate[C, P], Awaitable[T]], context: C, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """The present artifact, or what `make` returns if the change affects it or there is none."""
        artifact = artifact_in_progress()
        is_affected = self._is_affected(artifact)
        if artifact.startswith("review/round-") and not is_affected:
            return cast("T", Edits())  # earlier revisions are in the code already
        text = self.change.texts.get(artifact) or read_text(self.folder, artifact)
        if text is None or is_affected or execution_steps_of(make):
            return await self.other.perform(make, context, *inputs, **named)
        return cast("T", parse_artifact(artifact, get_type_hints(make)["return"], text))

    def _is_affected(self, artifact: str) -> bool:
        """Whether the change asks for a new review or repair; plans and code have it already."""
        room, _, path = artifact.partition("/")
        if path.startswith("round-"):
            path = path.partition("/")[2]
        return room == "repair" or (room == "review" and path.removesuffix(".json") in self.change.affected)
