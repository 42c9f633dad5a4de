"""The reproduction of a run: its trials are listed, timed, ordered and run within a budget; claims are compared.

Everything that a trial measures is a step of the run, so the same call resumes, and no trial with a result runs again.
"""

import asyncio
import importlib
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from papercoder.artifacts import Claims, ConfigValue, RunData, SourceFile, Trial, TrialList, TrialResult
from papercoder.artifacts.claims import ClaimResults, ClaimVerdict, Tolerance
from papercoder.artifacts.reproduction import (
    Estimate,
    KindSummary,
    Reproduction,
    ReproductionOptions,
    ReproductionPlan,
    Setting,
    TrialFailure,
    kind_of,
)
from papercoder.claims.verdicts import compare
from papercoder.concurrency import run_in_thread
from papercoder.datasets.run_data import read_data
from papercoder.environments.installers import LOCK, REQUIREMENTS
from papercoder.errors import ReproductionError, RunFolderError, SettingsError
from papercoder.files.regular import read_text
from papercoder.pipeline.trial_schedule import TrialSchedule, TrialSteps
from papercoder.runs.events import ClaimDecided, Forecast, ReproductionPlanned
from papercoder.runs.folder import digest, load
from papercoder.runs.run import PlainContext, Run, observes
from papercoder.sandbox.ray import connected, ray_address
from papercoder.stages.reproduction.figures import Drawing, draw_figures, draws_figures
from papercoder.stages.reproduction.order import Target, limit_seeds, needed_kinds, selected_claims, targets_of
from papercoder.stages.reproduction.places import LocalPlace, RayPlace, SlurmPlace, TrialPlace, local_slots
from papercoder.stages.reproduction.preparation import (
    CLAIMS,
    Preparation,
    data_settings,
    list_trials,
    prepare,
    scaled_settings,
    trial_files,
)
from papercoder.stages.reproduction.trial import Slot

REPRODUCTION_SETTINGS = {"budget", "gpu", "sandbox", "tables", "tolerance"}
"""The settings that are options of a reproduction too."""

_PLAN = "reproduction/plan.json"
_ANY = 1 << 16
"""More trials than any machine runs side by side."""

Confirm = Callable[[ReproductionPlan], Awaitable[bool]]
"""Shows the plan and asks whether to carry it out."""

OpenPlace = Callable[[ReproductionOptions, Preparation, Path, int], AbstractAsyncContextManager[TrialPlace]]
"""Opens the place where trials run, given the options, the repository, the run folder and how many they are."""


@asynccontextmanager
async def open_place(
    options: ReproductionOptions, preparation: Preparation, folder: Path, trials: int
) -> AsyncIterator[TrialPlace]:
    """Where trials run, for as long as the context is open.

    Raises:
        SettingsError: an extra is missing, or this machine has no Slurm.
        ClusterError: the Ray cluster cannot be reached or started.
    """
    if options.on == "ray":
        with connected(ray_address()) as ray:
            yield RayPlace(ray, options.sandbox, options.gpu, options.workers, trials)
    elif options.on == "slurm":
        yield SlurmPlace(folder / "reproduction" / "slurm", options.sandbox, options.gpu, options.workers, trials)
    else:
        yield LocalPlace(preparation, local_slots(options.workers, trials, options.gpu))


@dataclass(frozen=True)
class PreparedTrials:
    """The trials of a repository, with the packages and the data that they need: prepared once for all that they do."""

    run: Run[Any]
    """Keeps their results."""

    files: tuple[SourceFile, ...]
    options: ReproductionOptions
    settings: tuple[Setting, ...]
    """Changes of `config.yaml` for the scale and the data."""

    data: RunData
    preparation: Preparation
    listed: TrialList

    async def results(self) -> tuple[TrialResult, ...]:
        """Those that the present code and settings have already."""
        place = LocalPlace(self.preparation, local_slots(1, 1, self.options.gpu))  # nothing runs
        steps = self.steps(place)
        results = [await steps.known(trial) for trial in self.listed.trials]
        return tuple(result for result in results if result)

    def steps(self, place: TrialPlace) -> TrialSteps:
        """The trials as steps of the run."""
        return TrialSteps(self.run, place, trial_files(self.files), self.settings, self.options.scale, self.data)

    async def draw(self, results: Iterable[TrialResult]) -> Drawing:
        """The figures that the repository draws from these results.

        Raises:
            SandboxError: the sandbox could not be started.
        """
        files = (*trial_files(self.files), *(file for file in self.files if file.path == CLAIMS))
        if not draws_figures(files):
            return Drawing()
        return await draw_figures(self.preparation, files, self.settings, results, self.run.folder)

    async def preparation_of(self, changed: tuple[SourceFile, ...]) -> Preparation:
        """The same for a changed repository, unless it needs other packages."""
        if _packages(changed) == _packages(self.files):
            return self.preparation
        return await prepare(changed, self.options.sandbox, self.data)


async def prepare_trials(
    run: Run[Any], files: tuple[SourceFile, ...], config: Iterable[ConfigValue], options: ReproductionOptions
) -> PreparedTrials:
    """Install the packages of a repository and list its trials.

    Args:
        run: keeps their results.
        files: of the generated repository.
        config: the settings, of which some may be shrunk.
        options: the scale and the sandbox.

    Raises:
        ReproductionError: the repository lists no trials, or its packages cannot be installed.
        SandboxError: no sandbox works here.
    """
    files, data = _with_lock(run.folder, files), read_data(run.folder)
    settings = (*scaled_settings(config, options.scale), *data_settings(files, data))
    run.emit(Forecast(message="installing the repository's packages, if they are not there yet"))
    preparation = await prepare(files, options.sandbox, data)
    listed = await _list(run, preparation, files, settings)
    return PreparedTrials(run, files, options, settings, data, preparation, listed)


async def reproduce(
    prepared: PreparedTrials,
    claims: Claims,
    *,
    retry_failed: bool = False,
    confirm: Confirm | None = None,
    open_at: OpenPlace = open_place,
) -> Reproduction:
    """Measure as many claims as the budget allows.

    Args:
        prepared: the trials; their options say the budget, what to measure and where.
        claims: of the paper.
        retry_failed: also run trials that failed before.
        confirm: called with the plan, after the times are estimated; None: the plan is carried out.
        open_at: opens the place where trials run.

    Raises:
        ReproductionError: the packages cannot be installed where trials run.
        SandboxError: no sandbox works there.
        SettingsError: an option names a claim or a table that does not exist.
    """
    async with _opened(prepared, claims, open_at) as work:
        await work.recall(retry_failed)
        await work.carry_out(confirm)
        return await work.finish()


async def measure_named(
    prepared: PreparedTrials, claims: Claims, names: Iterable[str]
) -> tuple[tuple[TrialResult, ...], ClaimResults]:
    """Run the trials with these ids to their end, whatever the budget, and compare the claims with all results.

    A trial that has a result does not run again unless it failed.

    Returns:
        The results of these trials, and all claims with their verdicts.

    Raises:
        ReproductionError: the repository has no such trial, or its packages cannot be installed.
        SandboxError: no sandbox works here.
    """
    everything = prepared.options.model_copy(update={"claims": (), "tables": (), "seeds": None, "max_trials": None})
    async with _opened(replace(prepared, options=everything), claims, open_place) as work:
        await work.recall(retry_failed=False)
        measured = [await work.measure(name) for name in names]
        return tuple(measured), await work.compare()


@asynccontextmanager
async def _opened(prepared: PreparedTrials, claims: Claims, open_at: OpenPlace) -> AsyncIterator["_Reproduction"]:
    """A reproduction with the place where its trials run."""
    options = prepared.options
    chosen = _selected(claims, options)
    trials = tuple(limit_seeds(prepared.listed.trials, options.seeds))
    needs = needed_kinds(chosen, trials)
    if options.claims or options.tables:
        kinds = frozenset().union(*needs.values())
        trials = tuple(trial for trial in trials if kind_of(trial) in kinds)
    async with open_at(options, prepared.preparation, prepared.run.folder, len(trials)) as place:
        yield _Reproduction(prepared, prepared.steps(place), trials, targets_of(needs), claims, chosen)


async def measure(
    prepared: PreparedTrials,
    files: tuple[SourceFile, ...],
    config: Iterable[ConfigValue],
    trials: Sequence[Trial],
    former: Iterable[TrialResult],
    budget: float,
    folder: str,
    open_at: OpenPlace = open_place,
) -> tuple[TrialResult, ...]:
    """Measure some trials of a changed repository within a budget.

    Trials that have a result from the same code and settings, from this folder or another one, are not run again.

    Args:
        prepared: the trials of the repository before the change.
        files: of the changed repository.
        config: its settings.
        trials: in the order of their importance.
        former: results from before the change, whose times are about the same.
        budget: seconds.
        folder: where in the run folder results are written.
        open_at: opens the place where trials run.

    Returns:
        The results that there are; fewer than trials if the budget ended before.

    Raises:
        ReproductionError: the repository has no trials, or its packages cannot be installed.
        SandboxError: no sandbox works here.
    """
    run, options = prepared.run, prepared.options
    files = _with_lock(run.folder, files)
    preparation = await prepared.preparation_of(files)
    settings = (*scaled_settings(config, options.scale), *data_settings(files, prepared.data))
    async with open_at(options, preparation, run.folder, len(trials)) as place:
        steps = TrialSteps(run, place, trial_files(files), settings, options.scale, prepared.data, folder)
        kinds = dict.fromkeys(map(kind_of, trials))
        targets = targets_of({str(index): [kind] for index, kind in enumerate(kinds)})
        schedule = TrialSchedule(steps, trials, targets, budget, _ignore, options.max_trials)
        for each in former:
            if each.status == "done":
                schedule.estimates.measured(kind_of(each.trial), each.seconds)
        for trial in trials:
            if result := await steps.known(trial):
                schedule.results[trial.id] = result
        await schedule.run()
    return tuple(schedule.results[trial.id] for trial in trials if trial.id in schedule.results)


def _packages(files: tuple[SourceFile, ...]) -> frozenset[SourceFile]:
    """The files that say which packages a repository needs."""
    return frozenset(file for file in files if file.path in {REQUIREMENTS, LOCK})


def _with_lock(folder: Path, files: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """The files with the repository's lock, which is not among those that people and models read."""
    text = None if any(file.path == LOCK for file in files) else read_text(folder, f"repo/{LOCK}")
    return files if text is None else (*files, SourceFile(path=LOCK, text=text))


async def _ignore(_: TrialResult) -> None:
    """Measurements for others have no claims to compare."""


def local_workers(most: int, gpu: bool) -> int:
    """How many trials this machine runs side by side, but no more than this."""
    return len(local_slots(None, most, gpu))


def divided_machine(count: int, gpu: bool) -> tuple[OpenPlace, ...]:
    """Places on this machine for so many reproductions at once, each with some of its cores, memory and GPUs."""
    slots = local_slots(None, _ANY, gpu)

    def one(share: Sequence[Slot]) -> OpenPlace:
        @asynccontextmanager
        async def open_share(
            options: ReproductionOptions, preparation: Preparation, _: Path, trials: int
        ) -> AsyncIterator[TrialPlace]:
            yield LocalPlace(preparation, share[: max(1, min(options.workers or len(share), trials))])

        return open_share

    return tuple(one(slots[index::count] or slots[:1]) for index in range(count))


def place_on_ray(workers: int) -> OpenPlace:
    """A place on the cluster to which this process is connected, for so many trials side by side."""

    @asynccontextmanager
    async def open_tasks(
        options: ReproductionOptions, _: Preparation, __: Path, trials: int
    ) -> AsyncIterator[TrialPlace]:
        ray = importlib.import_module("ray")
        side_by_side = options.workers or workers
        yield await asyncio.to_thread(RayPlace, ray, options.sandbox, options.gpu, side_by_side, trials)

    return open_tasks


@dataclass(frozen=True)
class _ListContext(PlainContext):
    """What `list_in_sandbox` needs beside what its result depends on."""

    preparation: Preparation
    files: tuple[SourceFile, ...]


@observes
async def list_in_sandbox(
    context: _ListContext,
    code: tuple[SourceFile, ...],  # noqa: ARG001
    settings: tuple[Setting, ...],
) -> TrialList:
    """List the trials; the result depends on the code that trials use, and on the claims."""
    return await list_trials(context.preparation, context.files, settings)


async def _list(
    run: Run[Any], preparation: Preparation, files: tuple[SourceFile, ...], settings: tuple[Setting, ...]
) -> TrialList:
    own: Run[_ListContext] = Run(run.folder, _ListContext(run.emit, preparation, files), run.emit, run.store)
    code = (*trial_files(files), *(file for file in files if file.path == CLAIMS))
    return await own.step("reproduction/trials.json", list_in_sandbox, code, settings)


def _selected(claims: Claims, options: ReproductionOptions) -> Claims:
    chosen = selected_claims(claims, options.claims, options.tables)
    known = {*(item.id for item in claims.items), *(item.id for item in claims.orderings)}
    if unknown := [name for name in options.claims if name not in known]:
        raise SettingsError(f"--claims: the paper has no claim {unknown[0]}; its claims are in planning/claims.json.")
    if (options.claims or options.tables) and not (chosen.items or chosen.orderings):
        raise SettingsError(f"--tables: no claim is in table {', '.join(options.tables)}.")
    return chosen


@dataclass
class _Reproduction:
    """A reproduction in progress."""

    prepared: PreparedTrials
    steps: TrialSteps
    trials: tuple[Trial, ...]
    targets: tuple[Target, ...]
    claims: Claims
    chosen: Claims
    """The claims to measure now. The others keep what was measured for them before."""

    others: list[TrialResult] = field(default_factory=list)
    """Results of trials that are not to run now."""

    schedule: TrialSchedule = field(init=False)
    verdicts: dict[str, ClaimVerdict] = field(default_factory=dict)
    _comparing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.schedule = TrialSchedule(
            self.steps,
            self.trials,
            self.targets,
            self.options.budget,
            self._on_result,
            self.options.max_trials,
        )

    @property
    def run(self) -> Run[Any]:
        """Keeps the results."""
        return self.prepared.run

    @property
    def options(self) -> ReproductionOptions:
        """What the user asked for."""
        return self.prepared.options

    async def recall(self, retry_failed: bool) -> None:
        """Recall what earlier invocations measured and estimated."""
        for trial in self.trials:
            if result := await self.steps.known(trial, retry_failed):
                self.schedule.results[trial.id] = result
        now = {trial.id for trial in self.trials}
        rest = [trial for trial in self.prepared.listed.trials if trial.id not in now]
        self.others = [result for trial in rest if (result := await self.steps.known(trial))]
        self.schedule.estimates.add(self._former_estimates())
        for result in self.schedule.results.values():
            if result.status == "done":
                self.schedule.estimates.measured(kind_of(result.trial), result.seconds)
        await self.compare()

    async def carry_out(self, confirm: Confirm | None) -> None:
        """Probe, plan, and run the plan if it is confirmed."""
        await self.schedule.probe()
        plan = await self._plan()
        asked = time.monotonic()
        if confirm is None or await confirm(plan):
            self.schedule.started += time.monotonic() - asked  # the budget is not for waiting on an answer
            await self.schedule.run()

    async def measure(self, name: str) -> TrialResult:
        """The result of one trial, which runs unless it has one."""
        trial = next((trial for trial in self.trials if trial.id == name), None)
        if trial is None:
            known = ", ".join(each.id for each in self.trials[:5])
            raise ReproductionError(f"The repository has no trial {name[:200]!r}. Its trials are {known}, ...")
        before = self.schedule.results.get(name)
        return before if before and before.status == "done" else await self.schedule.run_one(trial)

    async def finish(self) -> Reproduction:
        """The results of all trials that have one."""
        await self._plan()
        schedule = self.schedule
        results = [schedule.results[trial.id] for trial in self.trials if trial.id in schedule.results]
        seconds = self.options.budget - schedule.seconds_left
        reproduction = Reproduction(
            options=self.options,
            trials=len(self.trials),
            measured=sum(result.status == "done" for result in results),
            kinds=_summaries(self.trials, results),
            failed=tuple(
                TrialFailure(id=result.trial.id, reason=result.reason) for result in results if result.status != "done"
            ),
            omitted=schedule.plan()[1],
            not_measured=self.prepared.listed.not_measured,
            seconds=seconds,
            share_used=schedule.seconds_kept / (seconds * self.steps.place.workers),
            claims=await self.compare(),
        )
        await self.run.write_output("reproduction/report.json", reproduction)
        return reproduction

    async def _on_result(self, _: TrialResult) -> None:
        await self.compare()

    async def compare(self) -> ClaimResults:
        """Compare all claims with the results so far, and emit the verdicts that changed."""
        async with self._comparing:
            compared = await run_in_thread(
                compare,
                self.claims,
                (*self.schedule.results.values(), *self.others),
                Tolerance(relative=self.options.tolerance),
                self.prepared.listed.not_measured,
            )
            await self.run.write_output("reproduction/claims.json", compared)
        verdicts = [(each.claim.id, each.verdict, each.reason) for each in compared.items]
        verdicts += [(each.ordering.id, each.verdict, each.reason) for each in compared.orderings]
        for name, verdict, reason in verdicts:
            if verdict != self.verdicts.get(name, "not_run"):
                self.run.emit(ClaimDecided(claim=name, verdict=verdict, reason=reason))
            self.verdicts[name] = verdict
        return compared

    async def _plan(self) -> ReproductionPlan:
        """Write and emit the plan for the rest of the budget."""
        planned, omitted, seconds = self.schedule.plan()
        plan = ReproductionPlan(
            options=self.options,
            workers=self.steps.place.workers,
            finished=tuple(self.schedule.results),
            trials=planned,
            omitted=omitted,
            estimates=tuple(self.schedule.estimates.known.values()),
            seconds=seconds,
            inputs=self._inputs(),
        )
        await self.run.write_output(_PLAN, plan)
        have = {kind_of(result.trial) for result in self.schedule.results.values() if result.status == "done"}
        decided = {claim for target in self.targets if target.kinds <= have for claim in target.claims}
        decided |= {claim for trial in planned for claim in trial.decides}
        self.run.emit(
            ReproductionPlanned(
                trials=len(planned),
                finished=len(plan.finished),
                omitted=len(omitted),
                claims=len(decided),
                claims_total=len(self.chosen.items) + len(self.chosen.orderings),
                seconds=seconds,
                budget=self.options.budget,
                workers=plan.workers,
            )
        )
        return plan

    def _former_estimates(self) -> tuple[Estimate, ...]:
        """The estimates in the plan of an earlier invocation with the same code, settings and place."""
        try:
            former = load(self.run.folder, _PLAN, ReproductionPlan)
        except RunFolderError:  # there is none, or someone edited it
            return ()
        return former.estimates if former.inputs == self._inputs() else ()

    def _inputs(self) -> str:
        where = (self.options.on, self.options.gpu, self.options.workers)
        return digest([self.steps.files, self.steps.settings, where])


def _summaries(trials: Iterable[Trial], results: Sequence[TrialResult]) -> tuple[KindSummary, ...]:
    """The trials of each kind, in the order of the code."""
    found = []
    for kind, count in Counter(map(kind_of, trials)).items():
        own = [result for result in results if kind_of(result.trial) == kind]
        done = [result.seconds for result in own if result.status == "done"]
        found.append(
            KindSummary(
                kind=kind,
                trials=count,
                measured=len(done),
                failed=len(own) - len(done),
                seconds=statistics.median(done) if done else None,
                peak_memory=max((result.peak_memory for result in own if result.peak_memory), default=None),
            )
        )
    return tuple(found)
