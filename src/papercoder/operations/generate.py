"""The door of a run: opens the folder, sets up models and agents, sends the paper down the line."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from papercoder.agents.agent import Agents
from papercoder.agents.prompts import Prompts
from papercoder.artifacts import Paper, Repository
from papercoder.concurrency import run_in_thread
from papercoder.errors import PaperCoderError
from papercoder.models.resolve import models_by_role
from papercoder.models.stack import assemble_roles
from papercoder.operations.environment import Read, RunEnvironment, read_here
from papercoder.paper.pictures import FOLDER, save_pictures
from papercoder.pipeline import ablation
from papercoder.pipeline.pipeline import as_published, paper_to_repository
from papercoder.pipeline.publisher import Publisher
from papercoder.report import write_report
from papercoder.repository.history import History
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import ArtifactEdited, Emit, RunEnded, RunStarted, Warned
from papercoder.runs.folder import load, lock
from papercoder.runs.run import Run
from papercoder.runs.summary import summarise
from papercoder.settings import RUN_ROLES, Profile, Role, Settings, remembered

Line = Callable[[Run[Agents], Paper, Publisher, Settings], Awaitable[Repository]]

PROFILES: dict[Profile, Line] = {
    "full": paper_to_repository,
    "papercoder": as_published,
    "paper": ablation.paper_only,
    "plan": ablation.with_plan,
    "architecture": ablation.with_architecture,
    "logic": ablation.with_logic,
    "config": ablation.with_config,
    "analysis": as_published,
    "requirements": ablation.with_requirements,
    "review": ablation.with_review,
    "repair": paper_to_repository,
}
"""Profile -> the line that it runs; after the first two, a row of the ablation each, from the least on."""


async def generate(
    source: str | Path | None,
    folder: Path,
    settings: Settings | None = None,
    listeners: Iterable[Emit] = (),
    environment: RunEnvironment | None = None,
) -> Repository:
    """Turn a paper into a repository, `folder/repo`; on a folder of an earlier run, go on with it.

    Args:
        source: a file, a folder, an arXiv id or a URL; None: the paper that the run has read and kept.
        folder: the run's; made where it is missing.
        settings: None: from file and environment.
        listeners: are told every event.
        environment: None: this machine, with nothing shared.

    Raises:
        PaperCoderError: the run stopped; what was made is kept, and the same call goes on from there.
    """
    chosen = settings or Settings()
    with lock(folder):
        emit = EventLog(folder, *listeners)
        run, history = open_run(folder, chosen, emit, environment)
        emit(started(run.context, _known_as(source, folder), chosen))
        with Reported(emit), ended(emit) as end:
            for message in chosen.idle:
                emit(Warned(where="settings", message=message))
            await history.begin()
            paper = await read_into(run, source, environment.read if environment else read_here)
            repository = await PROFILES[chosen.profile](run, paper, Publisher(run, history), chosen)
            end.reason = repository.execution.unseen(chosen.reproduce) if repository.execution else ""
        return repository


def _known_as(source: str | Path | None, folder: Path) -> str:
    """The paper by a name that means the same whatever folder the next process works in."""
    if source is None:
        return summarise(read_events(folder)).paper
    return str(Path(source).absolute()) if os.path.exists(source) else str(source)  # noqa: PTH110  any text will do


async def read_into(run: Run[Agents], source: str | Path | None, read: Read = read_here) -> Paper:
    """Read the paper and keep it as `paper.json`, which the user may edit where the parse lost something.

    Pictures of the places in a PDF that people may want to compare with the text are kept beside it.

    Args:
        run: where it is kept.
        source: None: what is kept already.
        read: how.

    Raises:
        PaperError: it cannot be read.
        RunFolderError: none is kept.
        ArtifactError: `paper.json` was edited and no longer fits.
    """
    if source is not None:
        found = await read(source)
        await run.keep("paper.json", found.model_dump_json(indent=1) + "\n")
        await run_in_thread(save_pictures, Path(source), found, run.folder / FOLDER)
    elif run.is_users("paper.json"):
        run.emit(ArtifactEdited(artifact="paper.json", stale=False))
    paper = load(run.folder, "paper.json", Paper)
    if not run.is_users("paper.md"):  # which may be the very paper
        await run.keep("paper.md", paper.render() + "\n")
    for loss in paper.losses:
        run.emit(Warned(where="reading", message=loss.message))
    return paper


@dataclass
class End:
    """Why a run is not complete; empty where it is."""

    reason: str


@contextmanager
def ended(emit: Emit) -> Iterator[End]:
    """Tell of the end, whatever it is."""
    end = End("an error that PaperCoder did not expect; what was made is kept")
    try:
        yield end
    except PaperCoderError as error:
        end.reason = str(error)
        raise
    except asyncio.CancelledError:
        end.reason = "it was interrupted"
        raise
    finally:
        emit(RunEnded(status="partial" if end.reason else "complete", reason=end.reason))


@dataclass(frozen=True)
class Reported:
    """Writes the report at the end, whatever it is.

    Where an error ended the run, a failure to write the report does not take its place: whoever listens is told, and
    the log, which has its end already and is perhaps what could not be written, is left as it is.
    """

    log: EventLog

    def __enter__(self) -> None:
        """Nothing is to be done."""

    def __exit__(self, _: type[BaseException] | None, first: BaseException | None, __: TracebackType | None) -> None:
        """Write it.

        Raises:
            RunFolderError: it cannot be written.
        """
        try:
            write_report(self.log.folder)
        finally:
            if first is not None:
                self._tell_of(sys.exception(), first)
                raise first

    def _tell_of(self, failure: BaseException | None, first: BaseException) -> None:
        if failure is not first:
            self.log.tell(Warned(where="report", message=f"it could not be written: {failure}"))


def open_run(
    folder: Path,
    settings: Settings,
    emit: Emit,
    environment: RunEnvironment | None = None,
    roles: Iterable[Role] = RUN_ROLES,
) -> tuple[Run[Agents], History]:
    """The run's step, agents of these roles and history, as the settings say.

    Raises:
        SettingsError: a model, a price or the folder of prompts is not what it should be.
    """
    before, here = summarise(read_events(folder)), environment or RunEnvironment()
    stores = here.stores(folder)
    models = assemble_roles(
        models_by_role(settings, roles), settings, stores.answers, emit, before.cost_usd, here.limits, here.budget
    )
    agents = Agents(
        models=models,
        prompts=Prompts(settings.prompts),
        emit=emit,
        max_tokens=settings.max_tokens,
        answer_retries=settings.answer_retries,
        where=str(folder),
        thinking=settings.thinking_levels,
    )
    run = Run(folder, agents, emit, stores.steps, here.executor)
    return run, History(folder / "repo", int(before.started or time.time()))


def started(agents: Agents, paper: str, settings: Settings) -> RunStarted:
    """What is told when a process takes up a run."""
    models: dict[str, str] = {role: model.name for role, model in agents.models.items()}
    return RunStarted(paper=paper, models=models, profile=settings.profile, settings=remembered(settings))
