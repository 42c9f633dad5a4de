"""Previews an edit: what the next run makes again, and at what cost; computed without calls and without writing."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Literal

from papercoder.artifacts import Artifact, ExperimentConfig
from papercoder.errors import ArtifactError, PaperCoderError, RunFolderError
from papercoder.files.regular import is_file, read_text
from papercoder.operations.dry_run import DryRun, EditedTexts, PendingStep, dry_run
from papercoder.operations.edit import pending_edits
from papercoder.operations.revise import CONFIG, added_settings, planned_edits, settings_to_resume
from papercoder.repository.config_text import config_outline, to_yaml
from papercoder.runs.event_log import read_events
from papercoder.runs.summary import NO_COST, StepCost, last_costs, mean_costs
from papercoder.settings import Settings

ArtifactState = Literal["generated", "edited", "stale", "missing"]
"""`edited`: by the user. `stale`: by the user, and its inputs have changed since. `missing`: not made yet."""


_YAML = "repo/config.yaml"


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

    trials_suffice: bool = False
    """No code depends on the edits, so it is enough to run the trials that read the edited settings."""

    code_edits: str = ""
    """What editing the present code costs, instead of making it again; empty if that is not possible."""

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

    Edits that are saved and not applied yet count as edits, unless `edits` replaces them.

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
    saved = pending_edits(folder).before
    before = await dry_run(folder, settings, saved)
    edits = {**{name: read_text(folder, name) for name in saved}, **edits}
    after = await dry_run(folder, settings, edits, before)
    _require_valid(edits, before, after)
    widest = await dry_run(folder, settings, edits, before, perturb=True) if after.pending else after
    possible = [step for name, step in widest.pending.items() if name not in after.pending]
    rewritten = (
        name
        for name, text in after.texts.items()
        if name not in edits and name not in after.pending and text != before.texts.get(name)
    )
    texts = {name: text for name, text in edits.items() if text is not None and text != before.texts.get(name)}
    alone = len(texts) == len(edits)
    planned = planned_edits(folder, texts, settings) if alone and after.pending else None
    return Preview(
        certain=tuple(_affected(after.pending.values(), folder, before)),
        possible=tuple(_affected(possible, folder, before)),
        rewritten=tuple(rewritten),
        deleted=tuple(f"repo/{path}" for path in after.deleted),
        error=str(after.error or ""),
        trials_suffice=alone and _trials_suffice(folder, texts, before),
        code_edits=planned.cost if planned else "",
    )


def _trials_suffice(folder: Path, edited: Mapping[str, str], before: DryRun) -> bool:
    """Whether only values of settings changed: code reads the outline of the configuration, which has no numbers."""
    yaml, config = before.texts.get(_YAML), before.texts.get(CONFIG)
    if yaml is None or config is None or len(edited) != 1 or not is_file(folder, "repo/trials.py"):
        return False
    old = ExperimentConfig.model_validate_json(config)
    if text := edited.get(CONFIG):
        new = ExperimentConfig.model_validate_json(text)
        old, new = (each.with_added(added_settings(folder)) for each in (old, new))
        return yaml == to_yaml(old) and config_outline(to_yaml(new), new) == config_outline(yaml, old)
    return _YAML in edited and config_outline(edited[_YAML], old) == config_outline(yaml, old)


async def preview_settings(folder: Path, settings: Settings) -> tuple[AffectedArtifact, ...]:
    """What was paid for and would be made again if the run were resumed with other settings.

    Raises:
        RunFolderError: this is not a run folder.
    """

    async def compare() -> tuple[AffectedArtifact, ...]:
        before = await dry_run(folder, settings_to_resume(folder, {}), {})
        after = await dry_run(folder, settings, {}, before)
        affected = _affected(after.pending.values(), folder, before)
        return tuple(each for each in affected if not each.is_pending and each.cost.calls)

    return await asyncio.to_thread(lambda: asyncio.run(compare()))


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
