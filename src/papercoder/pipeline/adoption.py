"""Adoption: a change reaches a finished run by edits, and what it does not touch stays as it is, byte for byte.

A changed requirement, setting or plan is an input of many steps, which would all be made again: at the cost of a new
repository, and without the edits. In the first pass after a change, the steps therefore take over the present artifacts
as their results. Later changes are followed as always.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast, get_type_hints

from papercoder.agents.agent import Agents
from papercoder.artifacts import Artifact, Edits
from papercoder.artifacts.design import Design
from papercoder.pipeline.publisher import Files
from papercoder.runs.event_log import artifact_in_progress
from papercoder.runs.executor import C, Executor, execution_steps_of
from papercoder.runs.folder import artifact_text, parse_artifact, read_text
from papercoder.runs.run import Run

P = ParamSpec("P")
T = TypeVar("T")

_PLANNING = ("plan", "requirements", "architecture", "logic", "config")


@dataclass(frozen=True)
class Change:
    """A design and files after a change, and what it affects."""

    design: Design
    files: Files
    affected: frozenset[str]
    """Paths of the files that changed, and of those that own a changed requirement."""


def change_between(before: tuple[Design, Files], after: tuple[Design, Files]) -> Change:
    """The change from one state of a run to another."""
    (old_design, old_files), (design, files) = before, after
    changed = {file.path for file in files if file not in old_files}
    old = set(old_design.requirements.items)
    owners = (design.architecture.owner_of(item.id) for item in design.requirements.items if item not in old)
    return Change(design, files, frozenset({*changed, *filter(None, owners)}))


@dataclass(frozen=True)
class AdoptingExecutor:
    """Takes over the present artifacts as the results of their steps; only what a change affects is made."""

    folder: Path
    """The run folder."""

    change: Change
    other: Executor
    """Makes what cannot be taken over."""

    _texts: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        texts = {f"repo/{file.path}": file.text for file in self.change.files}
        object.__setattr__(self, "_texts", texts)

    async def perform(
        self, make: Callable[Concatenate[C, P], Awaitable[T]], context: C, *inputs: P.args, **named: P.kwargs
    ) -> T:
        """The present artifact, or what `make` returns if the change affects it or there is none."""
        artifact, kind = artifact_in_progress(), get_type_hints(make)["return"]
        if artifact.startswith("review/round-") and not self._is_affected(artifact):
            return cast("T", Edits())  # earlier revisions are in the code already
        text = self._texts.get(artifact) or read_text(self.folder / artifact)
        if text is None or execution_steps_of(make) or self._is_affected(artifact):
            return await self.other.perform(make, context, *inputs, **named)
        return cast("T", parse_artifact(artifact, kind, text))

    def _is_affected(self, artifact: str) -> bool:
        """Whether a review or a repair must look at the change; code and plans have it already."""
        room, _, rest = artifact.partition("/")
        if room == "repair":
            return True
        path = rest.split("/", 1)[-1] if rest.startswith("round-") else rest
        return room == "review" and path.removesuffix(".json") in self.change.affected


async def adopt(run: Run[Agents], change: Change) -> Run[Agents]:
    """Make a changed design the run's own, and return the run for the first pass after the change.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    for name in _PLANNING:
        artifact: Artifact = getattr(change.design, name)
        text = artifact_text(artifact, type(artifact))
        if text != read_text(run.folder / f"planning/{name}.json"):
            await run.adopt(f"planning/{name}.json", text)
    return replace(run, executor=AdoptingExecutor(run.folder, change, run.executor))
