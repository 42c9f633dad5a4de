"""The door of a bench: all trials of a manifest, a few at a time; the same call again goes on."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from papercoder.artifacts import BenchResults, TrialResult
from papercoder.bench.manifest.manifest import Manifest
from papercoder.bench.manifest.trials import Trial, trials
from papercoder.bench.observation import cost_of, observe
from papercoder.bench.placement import Placement, Shared
from papercoder.bench.results.files import write_results
from papercoder.bench.schedule import Course
from papercoder.bench.stored_trial import bring_back
from papercoder.bench.watcher import Watcher
from papercoder.errors import SettingsError
from papercoder.models.resolve import models_by_role
from papercoder.runs.folder import lock
from papercoder.settings import RUN_ROLES, Role, Settings


async def bench(
    manifest: Manifest, folder: Path, placement: Placement, watcher: Watcher, **flags: object
) -> BenchResults:
    """Carry out what is not yet carried through of a manifest, and write `results.json` and `results.csv`.

    Args:
        manifest: what is to be done.
        folder: holds a run folder for each trial.
        placement: where it is done.
        watcher: is told of everything.
        flags: settings that win over the manifest's.

    Raises:
        SettingsError: a model cannot be had, there is a cap but no price to hold against it, or the placement cannot
            give the trials what they take.
        RunFolderError: another process works in the folder, or it cannot be written.
    """
    todo = trials(manifest, folder, **flags)
    check_models(todo, manifest.max_cost)
    with lock(folder):
        found = await asyncio.to_thread(_taken_up, todo)
        course = Course(manifest, todo, {result.trial: result for result in found})
        watcher.begin(course.results)
        for message in dict.fromkeys(_idle(todo)):
            watcher.warn(message)
        still = [trial for trial, result in zip(todo, found, strict=True) if result.status != "complete"]
        shared = await asyncio.to_thread(_shared, manifest, folder)

        async def ended(result: TrialResult) -> None:
            watcher.end(result)
            await asyncio.to_thread(write_results, folder, course.results)

        try:
            if still:
                async with placement.open(shared, still, watcher) as perform:
                    await course.carry_out(still, perform, ended)
        finally:
            write_results(folder, course.results)
        return course.results


def check_models(todo: Sequence[Trial], max_cost: float | None) -> None:
    """Open all models once before anything is begun, rather than let every trial fail with the same words.

    Raises:
        SettingsError: one cannot be had, or has no price though there is a cap.
    """
    for settings, roles in _ways(todo):
        for model in models_by_role(settings, roles).values():
            if max_cost is not None and model.price is None:
                raise SettingsError(
                    f"max_cost cannot bind: the price of {model.name} is not known; give price_prompt and "
                    "price_completion in its entry of `models`, or in `judge`, in dollars for a million tokens."
                )


def _ways(todo: Sequence[Trial]) -> Iterator[tuple[Settings, tuple[Role, ...]]]:
    """Each way in which models are asked, once, and for which roles."""
    makers = {trial.settings.model_dump_json(): (trial.settings, RUN_ROLES) for trial in todo}
    judges = {each.judging.settings.model_dump_json(): each.judging.settings for each in todo if each.judging}
    yield from makers.values()
    yield from ((settings, ("judge",)) for settings in judges.values())


def _idle(todo: Iterable[Trial]) -> Iterator[str]:
    """What a variant asks for and its profile has not; its trials' own logs tell it too."""
    for trial in todo:
        yield from (f"variant {trial.variant}: {told}" for told in trial.settings.unused)


def _taken_up(todo: Iterable[Trial]) -> list[TrialResult]:
    """What earlier processes came to, on whatever machine."""
    for trial in todo:
        bring_back(trial)
    return [observe(trial) for trial in todo]


def _shared(manifest: Manifest, folder: Path) -> Shared:
    return Shared(
        max_cost=manifest.max_cost,
        spent=sum(cost_of(each) for each in folder.iterdir() if each.is_dir()),  # also for what is no longer asked for
        concurrency=manifest.concurrency,
        requests_per_minute=manifest.requests_per_minute,
        tokens_per_minute=manifest.tokens_per_minute,
    )
