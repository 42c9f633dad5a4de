"""Generate a repository from a paper: open the run folder, set up models and agents, and run a pipeline."""

import asyncio
import os
import re
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import papercoder
from papercoder.agents.agent import Agents
from papercoder.agents.prompts import Prompts
from papercoder.artifacts import Paper, Repository
from papercoder.concurrency import run_in_thread
from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.files.regular import is_file, read_text
from papercoder.models.contract import Model
from papercoder.models.limits import Budget, RateLimits
from papercoder.models.resolve import models_by_role
from papercoder.models.stack import assemble_roles
from papercoder.operations.edit import complete_edits
from papercoder.operations.estimate import require_affordable
from papercoder.operations.references import stored_references, take_references
from papercoder.paper.pictures import has_figures, save_figures, save_pictures
from papercoder.paper.reading import read_within_limits, require_source
from papercoder.pipeline import ablation
from papercoder.pipeline.adoption import complete_change, with_pending_change
from papercoder.pipeline.pipeline import as_published, paper_to_repository
from papercoder.pipeline.publisher import Publisher
from papercoder.pipeline.reproduction import OpenPlace, open_place
from papercoder.report import write_report
from papercoder.repository.git import History
from papercoder.runs.event_log import EventLog, last_start, read_events, trusted_start
from papercoder.runs.events import ArtifactEdited, CallMade, Emit, RunEnded, RunStarted, Warned
from papercoder.runs.folder import Store, answer_store, load, lock, step_store
from papercoder.runs.ownership import foreign_start
from papercoder.runs.run import Executor, LocalExecutor, Run
from papercoder.runs.summary import summarise
from papercoder.sandbox.selection import select_sandbox, why_unavailable
from papercoder.settings import RUN_ROLES, Profile, Role, Settings, recorded_settings

PaperReader = Callable[[str | Path], Awaitable[Paper]]
"""Reads a paper from a file, a folder, an arXiv id or a URL."""


async def read_in_thread(source: str | Path) -> Paper:
    """Read a paper in a thread of this process.

    Raises:
        PaperError: it cannot be read.
    """
    return await run_in_thread(read_within_limits, source)


@dataclass(frozen=True)
class Stores:
    """Where a run stores results that cost money."""

    steps: Store
    answers: Store


def local_stores(folder: Path) -> Stores:
    """Stores with files in the run folder."""
    return Stores(steps=step_store(folder), answers=answer_store(folder))


@dataclass(frozen=True)
class RunEnvironment:
    """What a run shares with other runs; by default nothing, and everything is on this machine."""

    limits: RateLimits | None = None
    """Rate limits shared with other runs; None: the run has its own, from its settings."""

    budget: Budget | None = None
    """A budget shared with other runs; None: the run has its own, from its settings."""

    executor: Executor = field(default_factory=LocalExecutor)
    stores: Callable[[Path], Stores] = local_stores
    """Run folder -> its stores."""

    read: PaperReader = read_in_thread
    open_place: OpenPlace = open_place
    """Where trials run."""

    agent: Model | None = None
    """Answers where a setting names it; None: no coding agent is connected."""


_PACKAGE = Path(papercoder.__file__).parent
_FOLDERS = (_PACKAGE / "example", _PACKAGE.parents[1] / "examples" / "kiln")
"""In an installed package, and in a clone."""


BUDGET, TABLES = 45.0, ("2",)
"""Seconds for the trials, and again for the diagnosis, and the tables whose claims they decide: the main comparison."""


@dataclass(frozen=True)
class Example:
    """A folder with a paper and the answers that models gave to it."""

    folder: Path

    @property
    def paper(self) -> Path:
        """The paper."""
        return self.folder / "paper.pdf"

    def settings(self, sandbox: str | None = None) -> Settings:
        """The default settings, for which the answers were recorded, up to the full reproduction.

        Of the user's settings only the sandbox, unless it is given, the concurrency and a budget are used.

        Raises:
            SettingsError: the user's settings are wrong.
        """
        user = Settings(sandbox=sandbox)
        recorded = f"recorded:{self.folder / 'recorded'}"
        return Settings.model_construct(
            model=recorded,
            reproduce=True,
            budget=user.budget if "budget" in user.model_fields_set else BUDGET,
            tables=TABLES,
            sandbox=user.sandbox,
            concurrency=user.concurrency,
            coding="layered",  # as the answers were recorded; with a new recording, the default
        )


def example() -> Example | None:
    """The example; None where the installation does not contain it."""
    return next((Example(folder) for folder in _FOLDERS if (folder / "recorded").is_dir()), None)


Pipeline = Callable[[Run[Agents], Paper, Publisher, Settings], Awaitable[Repository]]

PROFILES: dict[Profile, Pipeline] = {
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
"""Profile -> its pipeline; those after the first two are the rows of the ablation, from the shortest pipeline on."""


async def generate(
    source: str | Path | None,
    folder: Path,
    settings: Settings | None = None,
    listeners: Iterable[Emit] = (),
    environment: RunEnvironment | None = None,
    *,
    force: bool = False,
) -> Repository:
    """Turn a paper into a repository, `folder/repo`, or resume an earlier run in the folder.

    Args:
        source: a file, a folder, an arXiv id or a URL; None: the paper that the run has already read.
        folder: the run folder; created if it is missing.
        settings: None: from the settings file and environment variables.
        listeners: receive every event.
        environment: None: this machine, with nothing shared.
        force: use the folder even if it holds a run of another paper.

    Raises:
        PaperCoderError: the run stopped; its results are kept, and the same call resumes it.
    """
    settings, environment = settings or Settings(), environment or RunEnvironment()
    if source is not None and not os.path.lexists(folder):  # noqa: ASYNC240  one look before anything runs
        require_source(source)  # before a missing key: nothing of a first start is left
    with _removed_if_start_fails(folder), lock(folder):
        emit = EventLog(folder, *listeners)
        left_out = await take_references(folder, settings)
        run, history = open_run(folder, settings, emit, environment)
        if source is not None and not force:
            await _require_same_paper(folder, source, environment.read)
        before = last_start(folder)
        now = run_started(run.context, _source_name(source, folder), settings)
        emit(now)
        with ReportAtEnd(emit), record_end(emit) as end:
            for message in (*settings.unused, *left_out, *(foreign_start(folder, before, now) if before else ())):
                emit(Warned(where="settings", message=message))
            if missing := await _missing_sandbox(settings, environment):
                emit(Warned(where="sandbox", message=missing))
            await history.init()
            paper = await read_paper(
                run, source, environment.read if before else _affordable(environment.read, settings, emit)
            )
            run = with_pending_change(run)
            repository = await PROFILES[settings.profile](run, paper, Publisher(run, history), settings)
            complete_change(run)
            complete_edits(folder)
            end.reason = repository.execution.unseen if repository.execution else ""
        return repository


def made_again(folder: Path, settings: Settings) -> str:
    """What a run in this folder pays for again because its models, profile or order of coding changed.

    Raises:
        SettingsError: a model cannot be used.
        RunFolderError: the folder cannot be read.
    """
    before = last_start(folder)
    calls = [event for event in read_events(folder) if isinstance(event, CallMade)]
    if before is None or not calls:
        return ""
    now: dict[str, str] = {role: model.name for role, model in models_by_role(settings, RUN_ROLES).items()}
    changed = {role: name for role, name in before.models.items() if now.get(role, name) != name}
    again = [call for call in calls if call.model in changed.values()]
    parts = [f"{role} is done by {now[role]} instead of {name}" for role, name in changed.items()] if again else []
    if len(parts) > 1 and len({now[role] for role in changed}) == len(set(changed.values())) == 1:
        parts = [f"everything is done by {now[next(iter(changed))]} instead of {next(iter(changed.values()))}"]
    if settings.profile != before.profile:
        parts.append(f"the profile is {settings.profile} instead of {before.profile}")
    orders = [str(each.get("coding", "layered")) for each in (recorded_settings(settings), before.settings)]
    if orders[0] != orders[1]:
        parts.append(f"the order of coding is {orders[0]} instead of {orders[1]}")
    if not parts:
        return ""
    spent = sum(call.cost_usd or 0.0 for call in again)
    cost = f" Work of {len(again)} calls (${spent:,.2f}) is paid for again." if again else ""
    return f"In {folder}, {' and '.join(parts)}.{cost} The earlier answers are kept, so going back costs nothing."


async def _missing_sandbox(settings: Settings, environment: RunEnvironment) -> str:
    """Why this machine will execute nothing although the run is to; known before anything is paid.

    Raises:
        SandboxError: the sandbox that is asked for does not work here.
    """
    executes = PROFILES[settings.profile] is paper_to_repository and settings.sandbox != "none"
    if not executes or not isinstance(environment.executor, LocalExecutor) or await select_sandbox(settings.sandbox):
        return ""
    return await why_unavailable()


@contextmanager
def _removed_if_start_fails(folder: Path) -> Iterator[None]:
    """Remove a run folder, and the folders above it, that this start created, unless the paper was read."""
    created = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        yield
    finally:
        if created and sys.exception() and not os.path.lexists(folder / "paper.json"):
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # another run uses the folder above
                for path in created[1:]:
                    path.rmdir()


def _affordable(read: PaperReader, settings: Settings, emit: Emit) -> PaperReader:
    """Reads the paper of a first start, and compares the cost limit with it before anything is written."""

    async def read_and_compare(source: str | Path) -> Paper:
        paper = await read(source)
        if warning := require_affordable(paper, settings):
            emit(Warned(where="settings", message=warning))
        return paper

    return read_and_compare


async def _require_same_paper(folder: Path, source: str | Path, read: PaperReader) -> None:
    """Raise an error if the folder holds a run of another paper: of another source and with another title."""
    recorded = summarise(read_events(folder)).paper
    if not is_file(folder, "paper.json") or _source_name(source, folder) == recorded:
        return
    before, now = load(folder, "paper.json", Paper), await read(source)
    if _letters(before.title) != _letters(now.title):
        raise RunFolderError(
            f'{folder} holds a run of another paper, "{before.title}". Choose another folder with -o, or replace '
            "that run with --force."
        )


def _letters(title: str) -> str:
    return re.sub(r"\W+", "", title).casefold()


def _source_name(source: str | Path | None, folder: Path) -> str:
    """The source as a name that does not depend on the working directory."""
    if source is None:
        start = trusted_start(folder)
        return start.paper if start else ""
    return str(Path(source).absolute()) if os.path.exists(source) else str(source)  # noqa: PTH110  may be any text


async def read_paper(run: Run[Agents], source: str | Path | None, read: PaperReader = read_in_thread) -> Paper:
    """Read the paper and write it as `paper.json`, which the user may edit if the parser lost something.

    Pictures of the places in a PDF that the user may want to compare with the text are written next to it, and those of
    the figures if a model is chosen that describes them.

    Args:
        run: the run that needs the paper.
        source: None: the paper that the run has already read.
        read: reads the source.

    Raises:
        PaperError: the paper cannot be read.
        RunFolderError: the run has not read a paper.
        ArtifactError: `paper.json` was edited and is not valid.
    """
    is_new = False
    if source is not None:
        paper = await read(source)
        text = paper.model_dump_json(indent=1) + "\n"
        is_new = read_text(run.folder, "paper.json") != text
        if is_new:
            await run_in_thread(save_pictures, source, paper, run.folder)
        await run.write_text("paper.json", text)
    elif run.is_edited("paper.json"):
        run.emit(ArtifactEdited(artifact="paper.json", stale=False))
    paper = load(run.folder, "paper.json", Paper)
    if "vision" in run.context.models and (is_new or not has_figures(run.folder, paper)):
        await run_in_thread(save_figures, source or _source_name(None, run.folder), paper, run.folder)
    if not run.is_edited("paper.md"):  # the source itself may have this name
        await run.write_text("paper.md", paper.render() + "\n")
    for loss in paper.losses:
        run.emit(Warned(where="reading", message=loss.message))
    return paper


@dataclass
class RunEnd:
    """How a run ends."""

    reason: str
    """Why it is not complete; empty if it is."""


@contextmanager
def record_end(emit: Emit) -> Iterator[RunEnd]:
    """Emit `RunEnded` at the end, with the reason if an error or an interruption ended the run."""
    end = RunEnd("an unexpected error; the results so far are kept")
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
class ReportAtEnd:
    """Writes the report when a run ends, with or without an error.

    If an error ended the run, that error is raised even if the report cannot be written. The failure of the report
    goes to the listeners only: the log has its last event already, and may itself be what cannot be written.
    """

    log: EventLog

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        """Write the report.

        Raises:
            RunFolderError: it cannot be written.
        """
        try:
            write_report(self.log.folder)
        finally:
            if error is not None:
                if (failure := sys.exception()) is not error:
                    self.log.notify(Warned(where="report", message=f"it could not be written: {failure}"))
                raise error


def open_run(
    folder: Path,
    settings: Settings,
    emit: Emit,
    environment: RunEnvironment | None = None,
    roles: Iterable[Role] = RUN_ROLES,
) -> tuple[Run[Agents], History]:
    """Set up a run with agents of these roles, and the history of its repository.

    Raises:
        SettingsError: a model, a price or the folder of prompts is invalid.
        RunFolderError: another version of PaperCoder made the run.
    """
    before, environment = summarise(read_events(folder)), environment or RunEnvironment()
    stores = environment.stores(folder)
    models = models_by_role(settings, roles, environment.agent)
    agents = Agents(
        models=assemble_roles(
            models, settings, stores.answers, emit, before.cost_usd, environment.limits, environment.budget
        ),
        prompts=Prompts(settings.prompts),
        emit=emit,
        max_tokens=settings.max_tokens,
        answer_retries=settings.answer_retries,
        folder=str(folder),
        thinking=settings.thinking_levels,
        references=stored_references(folder, settings),
    )
    run = Run(folder, agents, emit, stores.steps, environment.executor)
    return run, History(folder / "repo", int(before.started or time.time()))


def run_started(agents: Agents, source: str, settings: Settings) -> RunStarted:
    """The event with which a process starts or resumes a run."""
    models: dict[str, str] = {role: model.name for role, model in agents.models.items()}
    return RunStarted(paper=source, models=models, profile=settings.profile, settings=recorded_settings(settings))
