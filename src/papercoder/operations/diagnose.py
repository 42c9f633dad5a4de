"""Diagnose a run: try what could explain the claims that differ, and keep what the results support."""

from collections.abc import Iterable
from pathlib import Path

from papercoder.artifacts import Diagnosis, Paper
from papercoder.artifacts.reproduction import ReproductionOptions
from papercoder.operations.environment import RunEnvironment
from papercoder.operations.generate import ReportAtEnd, generate, open_run, record_end, run_started
from papercoder.operations.reproduce import reproduce_run
from papercoder.operations.revise import load_design, source_to_resume
from papercoder.pipeline.adoption import with_pending_texts
from papercoder.pipeline.diagnosis import diagnose
from papercoder.pipeline.publisher import Publisher
from papercoder.repository.files import read_files
from papercoder.runs.event_log import EventLog, last_start, read_events
from papercoder.runs.events import Emit, Warned
from papercoder.runs.folder import load, lock
from papercoder.runs.ownership import foreign_start
from papercoder.runs.summary import summarise
from papercoder.settings import Settings


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
            diagnosis = await diagnose(run, paper, design, files, options, publish, environment.open_place)
            end.reason = ""
    if diagnosis.kept:
        await generate(source_to_resume(folder), folder, settings, listeners, environment)
        await reproduce_run(folder, options, listeners, environment=environment)
    return diagnosis
