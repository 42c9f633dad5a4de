"""What an edit makes again, and what that takes, before it is made; nothing is asked and nothing is written."""

import asyncio
from collections.abc import Iterable
from functools import partial, reduce
from pathlib import Path
from typing import Literal

from papercoder.artifacts import Artifact
from papercoder.errors import ArtifactError, PaperCoderError, RunFolderError
from papercoder.operations.dry_run import Edits, Step, Walked, walk
from papercoder.operations.revise import settings_of
from papercoder.runs.event_log import read_events
from papercoder.runs.step_costs import NOTHING, Spent, by_agent, spent_last

Kept = Literal["ours", "yours", "stale", "missing"]
"""Whose an artifact is; `stale`: the user's, though what it was made from has changed; `missing`: not made yet."""


class Remade(Artifact):
    """An artifact that is made again, and about what that takes."""

    artifact: str
    agents: tuple[str, ...]
    """Whom it asks; none where it costs nothing."""

    is_run: bool
    """The repository is run for it, which takes time."""

    anyway: bool
    """It is made by the next run without these edits too."""

    spent: Spent
    """As the last time, or as others like it took; nothing where neither is known."""

    is_known: bool
    """It is known what it took, or what others like it took."""


class Preview(Artifact):
    """What comes of edits."""

    again: tuple[Remade, ...]
    """Is made again for sure."""

    follows: tuple[Remade, ...]
    """May have to be made again, if what is made before it comes out otherwise than it was."""

    changed: tuple[str, ...]
    """Files that are written anew and cost nothing."""

    gone: tuple[str, ...]
    """Files of the repository that are deleted."""

    stops: str
    """Why it is not known what comes after these; empty where it is."""

    @property
    def least(self) -> Spent:
        """What is made again for sure takes."""
        return _total(self.again)

    @property
    def most(self) -> Spent:
        """What it takes if all that may follow does."""
        return _total((*self.again, *self.follows))


async def preview(folder: Path, edits: Edits) -> Preview:
    """Foresee what the next run makes again if these artifacts had these texts; None takes an edit back.

    Raises:
        ArtifactError: a text does not fit its artifact.
        RunFolderError: an artifact is none that the run reads, or the folder is none of a run.
    """
    return await asyncio.to_thread(lambda: asyncio.run(_preview(folder, edits)))


async def artifacts(folder: Path) -> dict[str, Kept]:
    """All that a run's line makes or reads, in its order, and whose it is; only these can be edited."""
    walked = await asyncio.to_thread(lambda: asyncio.run(walk(folder, settings_of(folder, {}), {})))
    return {name: _kept(name, text, walked) for name, text in walked.texts.items()}


async def unedited(folder: Path, artifact: str) -> str | None:
    """What an artifact would hold if the user had not edited it; None where it would have to be made again."""
    edits = {artifact: None}
    walked = await asyncio.to_thread(lambda: asyncio.run(walk(folder, settings_of(folder, {}), edits)))
    return None if artifact in walked.unmade else walked.texts.get(artifact)


async def _preview(folder: Path, edits: Edits) -> Preview:
    settings = settings_of(folder, {})
    before = await walk(folder, settings, {})
    after = await walk(folder, settings, edits, before)
    _raise_for(edits, before, after)
    shaken = await walk(folder, settings, edits, before, shaken=True) if after.unmade else after
    remade = partial(_remade, folder=folder, before=before)
    return Preview(
        again=tuple(remade(after.unmade.values())),
        follows=tuple(remade(step for name, step in shaken.unmade.items() if name not in after.unmade)),
        changed=tuple(_changed(edits, before, after)),
        gone=tuple(f"repo/{name}" for name in after.gone),
        stops=str(after.trouble or ""),
    )


def _raise_for(edits: Edits, before: Walked, after: Walked) -> None:
    """For an edit that does not fit, and one that nothing reads."""
    if isinstance(after.trouble, ArtifactError):
        raise after.trouble
    known = before.texts.keys() | after.texts.keys()
    if unread := next((name for name in edits if name not in known), None):
        raise RunFolderError(
            f"{unread} is read by nothing that the run makes, so that an edit of it changes nothing."
            + (f" ({after.trouble})" if isinstance(after.trouble, PaperCoderError) else "")
        )


def _remade(steps: Iterable[Step], folder: Path, before: Walked) -> Iterable[Remade]:
    events = tuple(read_events(folder))
    last, typical = spent_last(events), by_agent(events)
    for step in steps:
        like = [typical[agent] for agent in step.agents if agent in typical]
        spent = last.get(step.artifact) or reduce(Spent.__add__, like, NOTHING)
        yield Remade(
            artifact=step.artifact,
            agents=step.agents,
            is_run=step.is_run,
            anyway=step.artifact in before.unmade,
            spent=spent,
            is_known=bool(spent.calls) or not step.agents,
        )


def _changed(edits: Edits, before: Walked, after: Walked) -> Iterable[str]:
    for name, text in after.texts.items():
        if name not in edits and name not in after.unmade and text != before.texts.get(name):
            yield name


def _total(remade: Iterable[Remade]) -> Spent:
    return reduce(Spent.__add__, (each.spent for each in remade), NOTHING)


def _kept(name: str, text: str | None, walked: Walked) -> Kept:
    if name in walked.edited:
        return "stale" if walked.edited[name] else "yours"
    return "missing" if text is None else "ours"
