"""Run all trials of a manifest, a few at a time. The same call again resumes."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from papercoder.artifacts import BenchResults, BenchTrialResult
from papercoder.bench.manifest.manifest import Manifest
from papercoder.bench.manifest.trials import Trial, trials
from papercoder.bench.observation import cost_of, observe
from papercoder.bench.placement import Listener, Placement, SharedLimits
from papercoder.bench.results.files import write_results
from papercoder.bench.schedule import Schedule
from papercoder.bench.stored_trial import restore
from papercoder.errors import SettingsError
from papercoder.models.resolve import models_by_role
from papercoder.runs.folder import lock
from papercoder.settings import RUN_ROLES, Role, Settings


async def bench(
    manifest: Manifest, folder: Path, placement: Placement, listener: Listener, **flags: object
) -> BenchResults:
    """Run the trials of a manifest that are not complete, and write `results.json` and `results.csv`.

    Args:
        manifest: the papers, variants, models, repeats and judges.
        folder: the bench's folder, with a run folder for each trial.
        placement: where trials run.
        listener: receives the progress.
        flags: settings that override the manifest's.

    Raises:
        SettingsError: a model is not available, a price that the cost cap needs is not known, or the placement lacks
            the resources of a step.
        RunFolderError: another process works in the folder, or it cannot be written.
    """
    all_trials = trials(manifest, folder, **flags)
    check_models(all_trials, manifest.max_cost)
    with lock(folder):
        known = await asyncio.to_thread(_restore_and_observe, all_trials)
        schedule = Schedule(manifest, all_trials, {result.trial: result for result in known})
        listener.on_start(schedule.results)
        for message in dict.fromkeys(
            f"variant {trial.variant}: {unused}" for trial in all_trials for unused in trial.settings.unused
        ):
            listener.on_warning(message)
        incomplete = [trial for trial, result in zip(all_trials, known, strict=True) if result.status != "complete"]
        limits = await asyncio.to_thread(_shared_limits, manifest, folder)

        async def record(result: BenchTrialResult) -> None:
            listener.on_trial_end(result)
            await asyncio.to_thread(write_results, folder, schedule.results)

        try:
            if incomplete:
                async with placement.open(limits, incomplete, listener) as run_trial:
                    await schedule.run(incomplete, run_trial, record)
        finally:
            write_results(folder, schedule.results)
        return schedule.results


def check_models(all_trials: Sequence[Trial], max_cost: float | None) -> None:
    """Open each model once before the first trial, so that a mistake is reported once and not by every trial.

    Raises:
        SettingsError: a model is not available, or there is a cap and its price is not known.
    """
    used: dict[str, tuple[Settings, tuple[Role, ...]]] = {}
    for trial in all_trials:
        used[trial.settings.model_dump_json()] = (trial.settings, RUN_ROLES)
    for trial in all_trials:
        if trial.evaluation:
            used[f"judge {trial.evaluation.settings.model_dump_json()}"] = (trial.evaluation.settings, ("judge",))
    for settings, roles in used.values():
        for model in models_by_role(settings, roles).values():
            if max_cost is not None and model.price is None:
                raise SettingsError(
                    f"max_cost needs the price of {model.name}, which is not known. Give price_prompt and "
                    "price_completion in dollars per million tokens, in its entry of `models` or in `judge`."
                )


def _restore_and_observe(all_trials: Sequence[Trial]) -> list[BenchTrialResult]:
    """What earlier processes achieved, on any machine."""
    for trial in all_trials:
        restore(trial)
    return [observe(trial) for trial in all_trials]


def _shared_limits(manifest: Manifest, folder: Path) -> SharedLimits:
    return SharedLimits(
        max_cost=manifest.max_cost,
        # Trials that the manifest no longer has count too.
        spent=sum(cost_of(path) for path in folder.iterdir() if path.is_dir()),
        concurrency=manifest.concurrency,
        requests_per_minute=manifest.requests_per_minute,
        tokens_per_minute=manifest.tokens_per_minute,
    )
