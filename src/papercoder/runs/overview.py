"""What `papercoder show` prints: a run in numbers, its requirements and what to do next. Reads only files."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from papercoder.artifacts import (
    Artifact,
    ClaimResults,
    DataLock,
    DataSources,
    Diagnosis,
    ExperimentConfig,
    Requirements,
    Traceability,
    Verdicts,
)
from papercoder.artifacts.reproduction import Reproduction, ReproductionOptions
from papercoder.errors import RunFolderError
from papercoder.files.regular import is_file, read_text, walk
from papercoder.runs.event_log import LOG, read_events
from papercoder.runs.events import ExecutionStepEnded
from papercoder.runs.folder import is_locked, require_no_links
from papercoder.runs.ownership import foreign_results
from papercoder.runs.summary import AgentUse, Calls, StageSummary, Status, Summary, Tokens, summarise, use_by_agent

A = TypeVar("A", bound=Artifact)

RunStatus = Status | Literal["interrupted"]
"""`interrupted`: no process works on a run that has not ended."""

NextAction = Literal["revise", "resume", "data", "reproduce", "diagnose", "requirements", "ask", "share"]


class NextStep(Artifact):
    """What the user may do next with a run."""

    action: NextAction
    reason: str
    """In a few words."""

    detail: str
    """What it does, or what it is about, in a sentence or two."""

    command: str


class RequirementsSummary(Artifact):
    """How many requirements there are and how many of them the code implements."""

    total: int = 0
    by_status: dict[str, int] = Field(default_factory=dict)
    is_traced: bool = False
    """Whether the code was searched for them; until then all are without an owner and a mark."""

    unowned: tuple[str, ...] = ()
    """Ids of requirements without an owner file."""

    unmarked: tuple[str, ...] = ()
    """Ids of requirements without a mark in their owner file."""


class RunReport(Artifact):
    """Everything about a run that its folder shows."""

    status: RunStatus
    reason: str
    folder: str
    """As it was given."""

    paper: str
    profile: str
    models: dict[str, str]
    stages: tuple[StageSummary, ...]
    agents: tuple[AgentUse, ...] = ()
    """Tokens and dollars, most expensive first."""

    files: tuple[str, ...]
    """Of the generated repository."""

    calls: Calls
    tokens: Tokens
    cost_usd: float
    unpriced: int
    """Calls with an unknown price."""

    seconds: float
    steps: dict[str, str] = Field(default_factory=dict)
    """Execution step -> its status when it was observed last."""

    claims: dict[str, int] = Field(default_factory=dict)
    """Verdict -> how many claims and orderings have it; empty before a reproduction."""

    orderings: dict[str, int] = Field(default_factory=dict)
    """The orderings among them."""

    verdicts: dict[str, int] = Field(default_factory=dict)
    """Verdict of the review -> how many requirements have it; empty before a review."""

    requirements: RequirementsSummary
    edited: tuple[str, ...]
    warnings: tuple[str, ...]
    next: tuple[NextStep, ...] = ()
    """The most useful first."""


def report(folder: Path) -> RunReport:
    """Read the report of a run from its folder.

    Raises:
        RunFolderError: it is not a run folder, has links where a run writes, or another version of PaperCoder made it.
    """
    if not is_file(folder, LOG):
        raise RunFolderError(
            f"{folder} is not a run folder: it has no events.jsonl. Start a run: papercoder run PAPER -o {folder}"
        )
    require_no_links(folder)
    events = tuple(read_events(folder))
    summary, (claims, orderings) = summarise(events), _claims(folder)
    shared = {name: getattr(summary, name) for name in Summary.model_fields if name in RunReport.model_fields}
    status = status_of(summary, folder)
    steps = {event.step: event.status for event in events if isinstance(event, ExecutionStepEnded)}
    return RunReport(
        **{**shared, "status": status, "warnings": with_foreign_results(summary.warnings, folder)},
        folder=str(folder),
        agents=use_by_agent(events),
        files=_files(folder),
        steps=steps,
        claims=dict(claims + orderings),
        orderings=dict(orderings),
        verdicts=_verdicts(folder),
        requirements=_requirements(folder),
        next=next_steps(folder, status, steps, str(folder), summary.paper),
    )


def next_steps(
    folder: Path, status: RunStatus, steps: Mapping[str, str], name: str, paper: str = "PAPER"
) -> tuple[NextStep, ...]:
    """What the user may do next, the most useful first; nothing while the run is in progress.

    Args:
        folder: the run folder.
        status: of the run.
        steps: execution step -> its status.
        name: of the folder in the commands.
        paper: in the commands.
    """
    return () if status == "running" else tuple(_next_steps(folder, status, steps, shlex.quote(name), paper))


def _next_steps(folder: Path, status: RunStatus, steps: Mapping[str, str], name: str, paper: str) -> Iterator[NextStep]:
    if failed := next((step for step, state in steps.items() if state == "failed"), None):
        yield NextStep(
            action="revise",
            reason=f"The step {failed} failed",
            detail="Read what the command printed, correct the code or say what to change, and resume the run.",
            command=f'papercoder revise {name} "NOTE"',
        )
    if status != "complete":
        yield NextStep(
            action="resume",
            reason="The run is not complete",
            detail="It continues where it stopped; nothing is paid for twice.",
            command=f"papercoder run {shlex.quote(paper)} -o {name}",
        )
    if is_file(folder, "planning/claims.json") and (
        is_file(folder, "repo/trials.py") or steps.get("smoke") == "passed"
    ):
        yield from _about_claims(folder, name)
    yield from _about_requirements(folder, name)
    if status == "complete" and is_file(folder, "repo/main.py"):
        yield NextStep(
            action="share",
            reason="Share the result",
            detail="A folder that others can audit, without keys and names of this machine; or the code alone.",
            command=f"papercoder export {name} -o DIR",
        )


def _about_claims(folder: Path, name: str) -> Iterator[NextStep]:
    sources = _load(folder, "planning/data.json", DataSources) or DataSources()
    lock = _load(folder, "data.lock.json", DataLock) or DataLock()
    if missing := [source.name for source in sources.items if source.has_files and lock.get(source.name) is None]:
        more = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
        yield NextStep(
            action="data",
            reason=f"Get {_plural(len(missing), 'data set')} or weights that are missing",
            detail=f"Trials without their data give toy results: {', '.join(missing[:4])}{more}.",
            command=f"papercoder data {name} --fetch",
        )
    claims = sum(_claims(folder), Counter[str]())
    if not claims:
        yield NextStep(
            action="reproduce",
            reason="Measure the claims",
            detail="None has a measurement yet. You set the budget.",
            command=f"papercoder reproduce {name} --budget 2h",
        )
    differing = (_load(folder, "reproduction/claims.json", ClaimResults) or ClaimResults()).differing
    diagnosis = _load(folder, "diagnosis/report.json", Diagnosis)
    if differing and (diagnosis is None or not diagnosis.is_complete(differing)):
        yield NextStep(
            action="diagnose",
            reason=f"Find out why {_plural(len(differing), 'claim')} {'differs' if len(differing) == 1 else 'differ'}",
            detail="Tries other readings of the paper and suspected faults, and measures which explains it.",
            command=f"papercoder diagnose {name} --budget 2h",
        )
    undecided = claims["inconclusive"] + claims["not_run"]
    reproduction = _load(folder, "reproduction/report.json", Reproduction)
    chosen = reproduction.options if reproduction else ReproductionOptions()
    limits = [f"--{name} all" for name in ("claims", "tables") if getattr(chosen, name)]
    if undecided and (reproduction is None or reproduction.omitted or limits):
        yield NextStep(
            action="reproduce",
            reason=f"Measure {undecided} more {'claim' if undecided == 1 else 'claims'}",
            detail="Claims and orderings not run or inconclusive so far. You set the budget; finished trials are kept.",
            command=" ".join((f"papercoder reproduce {name}", *limits, "--budget 2h")),
        )


def _about_requirements(folder: Path, name: str) -> Iterator[NextStep]:
    verdicts = _verdicts(folder)
    if unmet := {verdict: verdicts[verdict] for verdict in ("contradicts", "missing", "partly") if verdict in verdicts}:
        counted = ", ".join(f"{number} {verdict}" for verdict, number in unmet.items())
        yield NextStep(
            action="requirements",
            reason=f"Look at {_plural(sum(unmet.values()), 'requirement')} that the code does not meet in full",
            detail=f"By the review: {counted}.",
            command=f"papercoder show {name}",
        )
    requirements = _load(folder, "planning/requirements.json", Requirements) or Requirements(items=())
    config = _load(folder, "planning/config.json", ExperimentConfig)
    statuses = Counter(item.status for item in requirements.items)
    choices = statuses["assumed"] + sum(value.is_open for value in (config.values if config else ()))
    if choices or statuses["cited"]:
        yield NextStep(
            action="ask",
            reason=f"Check {_plural(choices, 'choice')} that the paper leaves open"
            if choices
            else f"Ask about {_plural(statuses['cited'], 'detail')} that the paper only cites",
            detail="Choose alternatives, or ask the authors.",
            command=f"papercoder show {name} --questions",
        )


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def status_of(summary: Summary, folder: Path) -> RunStatus:
    """The status in the summary, or `interrupted` if no process is working on a run that has not ended.

    Raises:
        RunFolderError: the folder cannot be read.
    """
    if summary.status != "running" or is_locked(folder):
        return summary.status
    now = summarise(read_events(folder)).status  # the run may have ended between the two checks
    return "interrupted" if now == "running" else now


def with_foreign_results(warnings: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """The warnings of a run, after the one that its results are not the user's own, if they are not."""
    foreign = foreign_results(folder)
    return (foreign, *warnings) if foreign else warnings


def _files(folder: Path) -> tuple[str, ...]:
    return tuple(map(str, sorted(walk(folder, "repo", lambda path: path.name != ".git"))))


def _claims(folder: Path) -> tuple[Counter[str], Counter[str]]:
    """The verdicts of claims, and those of orderings."""
    compared = _load(folder, "reproduction/claims.json", ClaimResults) or ClaimResults()
    return Counter(item.verdict for item in compared.items), Counter(item.verdict for item in compared.orderings)


def _verdicts(folder: Path) -> dict[str, int]:
    reviewed = _load(folder, "review/verdicts.json", Verdicts)
    return dict(Counter(item.verdict for item in reviewed.verdicts)) if reviewed else {}


def _requirements(folder: Path) -> RequirementsSummary:
    requirements = _load(folder, "planning/requirements.json", Requirements)
    if requirements is None:
        return RequirementsSummary()
    traceability = _load(folder, "repo/TRACEABILITY.json", Traceability)
    return RequirementsSummary(
        total=len(requirements.items),
        by_status=dict(Counter(item.status for item in requirements.items)),
        is_traced=traceability is not None,
        unowned=traceability.unowned if traceability else tuple(item.id for item in requirements.items),
        unmarked=traceability.unmarked if traceability else tuple(item.id for item in requirements.items),
    )


def _load(folder: Path, artifact: str, kind: type[A]) -> A | None:
    text = read_text(folder, artifact)
    try:
        return kind.model_validate_json(text) if text else None
    except ValidationError:
        return None
