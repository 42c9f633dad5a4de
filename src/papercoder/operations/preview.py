"""What an edit makes the next run do again, and the cost of that; computed without calls and without writing."""

import asyncio
from collections.abc import Iterable, Iterator
from functools import reduce
from pathlib import Path
from typing import Literal

from papercoder.artifacts import Artifact
from papercoder.errors import ArtifactError, PaperCoderError, RunFolderError
from papercoder.operations.dry_run import DryRun, EditedTexts, PendingStep, dry_run
from papercoder.operations.revise import settings_to_resume
from papercoder.runs.event_log import read_events
from papercoder.runs.summary import NO_COST, StepCost, last_costs, mean_costs

ArtifactState = Literal["generated", "edited", "stale", "missing"]
"""`edited`: by the user. `stale`: by the user, and its inputs have changed since. `missing`: not made yet."""


class AffectedArtifact(Artifact):
    """An artifact that is made again, and the expected cost."""

    artifact: str
    agents: tuple[str, ...]
    """The agents that make it; none if that costs nothing."""

    runs_repository: bool
    """It is made by running the repository, which takes time."""

    is_pending: bool
    """The next run makes it even without the edits."""

    cost: StepCost
    """Its last cost, else the mean cost of artifacts by the same agents."""

    is_cost_known: bool


class Preview(Artifact):
    """The consequences of edits."""

    certain: tuple[AffectedArtifact, ...]
    """Artifacts that are made again in any case."""

    possible: tuple[AffectedArtifact, ...]
    """Artifacts that are made again if those before them change."""

    rewritten: tuple[str, ...]
    """Files that are written again at no cost."""

    deleted: tuple[str, ...]
    """Files of the repository that are deleted."""

    error: str
    """Why the consequences after these are unknown; empty if they are known."""

    @property
    def min_cost(self) -> StepCost:
        """The cost of what is made again in any case."""
        return _total(self.certain)

    @property
    def max_cost(self) -> StepCost:
        """The cost if everything possible is made again."""
        return _total((*self.certain, *self.possible))


async def preview(folder: Path, edits: EditedTexts) -> Preview:
    """Compute what the next run makes again if these artifacts had these texts; None reverts the user's edit.

    Raises:
        ArtifactError: a text is not valid for its artifact.
        RunFolderError: the run does not read an artifact, or this is not a run folder.
    """
    return await asyncio.to_thread(lambda: asyncio.run(_preview(folder, edits)))


async def artifact_states(folder: Path) -> dict[str, ArtifactState]:
    """The artifacts that a run's pipeline makes or reads, in its order, with their states; only these can be edited."""
    result = await asyncio.to_thread(lambda: asyncio.run(dry_run(folder, settings_to_resume(folder, {}), {})))
    return {name: _state(name, text, result) for name, text in result.texts.items()}


async def generated_text(folder: Path, artifact: str) -> str | None:
    """The text of an artifact without the user's edit; None if it would have to be made again."""
    edits = {artifact: None}
    result = await asyncio.to_thread(lambda: asyncio.run(dry_run(folder, settings_to_resume(folder, {}), edits)))
    return None if artifact in result.pending else result.texts.get(artifact)


async def _preview(folder: Path, edits: EditedTexts) -> Preview:
    settings = settings_to_resume(folder, {})
    before = await dry_run(folder, settings, {})
    after = await dry_run(folder, settings, edits, before)
    _require_valid(edits, before, after)
    widest = await dry_run(folder, settings, edits, before, perturb=True) if after.pending else after
    possible = [step for name, step in widest.pending.items() if name not in after.pending]
    rewritten = (
        name
        for name, text in after.texts.items()
        if name not in edits and name not in after.pending and text != before.texts.get(name)
    )
    return Preview(
        certain=tuple(_affected(after.pending.values(), folder, before)),
        possible=tuple(_affected(possible, folder, before)),
        rewritten=tuple(rewritten),
        deleted=tuple(f"repo/{path}" for path in after.deleted),
        error=str(after.error or ""),
    )


def _require_valid(edits: EditedTexts, before: DryRun, after: DryRun) -> None:
    """Raise an error for an edit that is invalid, or of an artifact that nothing reads."""
    if isinstance(after.error, ArtifactError):
        raise after.error
    known = before.texts.keys() | after.texts.keys()
    if unread := next((name for name in edits if name not in known), None):
        raise RunFolderError(
            f"The run does not read {unread}, so an edit of it changes nothing."
            + (f" ({after.error})" if isinstance(after.error, PaperCoderError) else "")
        )


def _affected(steps: Iterable[PendingStep], folder: Path, before: DryRun) -> Iterator[AffectedArtifact]:
    events = tuple(read_events(folder))
    last, mean = last_costs(events), mean_costs(events)
    for step in steps:
        similar = [mean[agent] for agent in step.agents if agent in mean]
        cost = last.get(step.artifact) or reduce(StepCost.__add__, similar, NO_COST)
        yield AffectedArtifact(
            artifact=step.artifact,
            agents=step.agents,
            runs_repository=step.runs_repository,
            is_pending=step.artifact in before.pending,
            cost=cost,
            is_cost_known=bool(cost.calls) or not step.agents,
        )


def _total(affected: Iterable[AffectedArtifact]) -> StepCost:
    return reduce(StepCost.__add__, (each.cost for each in affected), NO_COST)


def _state(name: str, text: str | None, result: DryRun) -> ArtifactState:
    if name in result.edited:
        return "stale" if result.edited[name] else "edited"
    return "missing" if text is None else "generated"
