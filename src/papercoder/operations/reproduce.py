"""Reproduce a run: measure its claims within a budget, and diagnose those that differ. The same call again resumes."""

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from papercoder.artifacts import ClaimResults, Diagnosis, Paper, TrialResult
from papercoder.artifacts.design import Design
from papercoder.artifacts.reproduction import (
    Reproduction,
    ReproductionOptions,
    ReproductionPlan,
    TrialPlaceName,
)
from papercoder.errors import RunFolderError, SettingsError
from papercoder.operations.generate import ReportAtEnd, RunEnvironment, generate, open_run, record_end, run_started
from papercoder.operations.revise import load_design, source_to_resume
from papercoder.pipeline import reproduction
from papercoder.pipeline.adoption import with_pending_texts
from papercoder.pipeline.diagnosis import diagnose
from papercoder.pipeline.publisher import Files, Publisher, add_results
from papercoder.pipeline.reproduction import REPRODUCTION_SETTINGS, Confirm, prepare_trials
from papercoder.repository.files import read_files
from papercoder.repository.git import History
from papercoder.runs.event_log import EventLog, last_start, read_events, trusted_start
from papercoder.runs.events import Emit, RunStarted, Warned
from papercoder.runs.folder import load, lock
from papercoder.runs.ownership import foreign_start, is_own
from papercoder.runs.run import PlainContext, Run
from papercoder.runs.summary import summarise
from papercoder.settings import Settings


async def reproduce_run(
    folder: Path,
    options: ReproductionOptions,
    listeners: Iterable[Emit] = (),
    *,
    retry_failed: bool = False,
    confirm: Confirm | None = None,
    environment: RunEnvironment | None = None,
) -> Reproduction:
    """Measure as many claims of a run as the budget allows, and write its report.

    Args:
        folder: the run folder.
        options: budget, scale, what to measure and where.
        listeners: receive every event.
        retry_failed: also run trials that failed before.
        confirm: called with the plan, after the times are estimated; None: the plan is carried out.
        environment: None: this machine, with nothing shared.

    Raises:
        RunFolderError: the folder holds no run with a repository, or another process uses it.
        PaperCoderError: the reproduction stopped; its results are kept, and the same call resumes it.
    """
    environment = environment or RunEnvironment()
    with _opened(folder, options, listeners, environment) as (run, design, files):
        paper = load(folder, "paper.json", Paper)
        prepared = await prepare_trials(run, files, design.config.values, options)
        found = await reproduction.reproduce(
            prepared, design.claims, retry_failed=retry_failed, confirm=confirm, open_at=environment.open_place
        )
        history = History(folder / "repo", int(summarise(read_events(folder)).started or time.time()))
        await add_results(prepared, paper, design, found, Publisher(run, history))
    return found


async def measure_trials(
    folder: Path, names: Iterable[str], options: ReproductionOptions, listeners: Iterable[Emit] = ()
) -> tuple[tuple[TrialResult, ...], ClaimResults]:
    """Run single trials of a run, regardless of the budget, and compare the claims with all results; write the report.

    Args:
        folder: the run folder.
        names: ids of the trials; none: only compare the results that there are.
        options: scale, tolerance, and where trials run.
        listeners: receive every event.

    Returns:
        The results of these trials, and all claims with their verdicts.

    Raises:
        RunFolderError: the folder holds no run with a repository, or another process uses it.
        PaperCoderError: a trial is unknown or cannot run; results are kept.
    """
    with _opened(folder, options, listeners) as (run, design, files):
        prepared = await prepare_trials(run, files, design.config.values, options)
        return await reproduction.measure_named(prepared, design.claims, tuple(names))


@contextmanager
def _opened(
    folder: Path,
    options: ReproductionOptions,
    listeners: Iterable[Emit],
    environment: RunEnvironment | None = None,
) -> Iterator[tuple[Run[PlainContext], Design, Files]]:
    """A locked run with its design and the files of its repository; its end is recorded and its report written."""
    with lock(folder):
        files = read_files(folder / "repo")
        if not files:
            raise RunFolderError(f"{folder} has no repository yet. Make it first: papercoder run PAPER -o {folder}")
        design = load_design(folder)
        log = EventLog(folder, *listeners)
        before, now = last_start(folder), _resumed(folder, options)
        log(now)
        with ReportAtEnd(log), record_end(log) as end:
            for message in foreign_start(folder, before, now) if before else ():
                log(Warned(where="settings", message=message))
            stores = (environment or RunEnvironment()).stores(folder)
            yield Run(folder, PlainContext(log), log, stores.steps), design, files
            end.reason = ""


def installed_places() -> tuple[TrialPlaceName, ...]:
    """Where trials can run with what is installed on this machine; whether a cluster answers is not asked."""
    has_ray = find_spec("ray") is not None
    has_slurm = find_spec("submitit") is not None and shutil.which("srun") is not None
    return "local", *(("ray",) if has_ray else ()), *(("slurm",) if has_slurm else ())


def options_to_resume(folder: Path, settings: Settings, **given: Any) -> ReproductionOptions:
    """The options of the run's last reproduction, or else from the settings, replaced by those that are given.

    If another user started the run, only what to measure is taken from it. None counts as not given.

    Raises:
        SettingsError: a value is invalid.
    """
    defaults = settings.model_dump(include=REPRODUCTION_SETTINGS)
    start = last_start(folder)
    kept = None if start and is_own(folder, start) else {"claims", "max_trials", "scale", "seeds", "tables"}
    try:
        former = load(folder, "reproduction/plan.json", ReproductionPlan).options.model_dump(include=kept)
    except RunFolderError:  # there is none, or someone edited it
        former = {}
    now = {name: value for name, value in given.items() if value is not None}
    try:
        return ReproductionOptions.model_validate({**defaults, **former, **now})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}.") from error


def _resumed(folder: Path, options: ReproductionOptions) -> RunStarted:
    """The last start of the run, now, with the settings of this reproduction."""
    start = trusted_start(folder)
    if start is None:
        raise RunFolderError(f"{folder} is not a run folder. Start a run: papercoder run PAPER -o {folder}")
    settings = {**start.settings, "gpu": options.gpu, "sandbox": options.sandbox}
    return start.model_copy(update={"at": time.time(), "settings": settings})


async def diagnose_run(
    folder: Path,
    options: ReproductionOptions,
    settings: Settings,
    listeners: Iterable[Emit] = (),
    environment: RunEnvironment | None = None,
) -> Diagnosis:
    """Diagnose the claims of a run that differ; if a change is kept, the repository follows it.

    Args:
        folder: the run folder; some of its trials have results.
        options: of the run's reproduction, with the budget of the diagnosis.
        settings: models, cost limit, sandbox.
        listeners: receive every event.
        environment: None: this machine, with nothing shared.

    Raises:
        RunFolderError: the run has no results, or another process uses it.
        PaperCoderError: the diagnosis stopped; its results are kept, and the same call resumes it.
    """
    listeners, environment = tuple(listeners), environment or RunEnvironment()
    with lock(folder):
        log = EventLog(folder, *listeners)
        run, history = open_run(folder, settings, log, environment)
        design, paper = load_design(folder), load(folder, "paper.json", Paper)
        files = with_pending_texts(folder, read_files(folder / "repo"))
        before, now = last_start(folder), run_started(run.context, summarise(read_events(folder)).paper, settings)
        log(now)
        with ReportAtEnd(log), record_end(log) as end:
            for message in foreign_start(folder, before, now) if before else ():
                log(Warned(where="settings", message=message))
            publish = Publisher(run, history)
            prepared = await prepare_trials(run, files, design.config.values, options)
            diagnosis = await diagnose(prepared, paper, design, publish, environment.open_place)
            end.reason = ""
    if diagnosis.kept:
        await generate(source_to_resume(folder), folder, settings, listeners, environment)
        await reproduce_run(folder, options, listeners, environment=environment)
    return diagnosis
