"""Gathers what a run folder says of itself. Files that are absent were not made; files that do not fit are told of."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    ClaimResult,
    Claims,
    ExperimentConfig,
    LogicDesign,
    OverallPlan,
    Paper,
    Requirement,
    Requirements,
    Trace,
    Traceability,
    Verdict,
    Verdicts,
)
from papercoder.artifacts.checking import CheckReport
from papercoder.artifacts.execution import ExecutionReport
from papercoder.errors import RunFolderError
from papercoder.paper.fidelity import checks, suspicions
from papercoder.report.claims import compare, parse_results
from papercoder.report.doubts import doubtful_places
from papercoder.report.model import AgentUse, Report, TracedRequirement
from papercoder.report.places import Sources
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade, Event
from papercoder.runs.folder import read_text
from papercoder.runs.overview import status_of
from papercoder.runs.summary import Summary, summarise

A = TypeVar("A", bound=Artifact)

_READING = "reading: "
_UNUSED = (
    "repo/results.json is there, but a full reproduction was not seen to run; its numbers are not compared with the "
    "paper's."
)


def load(folder: Path) -> Report:
    """Gather a run folder into a report.

    Raises:
        RunFolderError: it is not a run folder, or a file in it cannot be read as text.
    """
    if not (folder / "events.jsonl").is_file():
        raise RunFolderError(
            f"{folder} is not a run folder: it has no events.jsonl. Start a run: papercoder run PAPER -o {folder}"
        )
    events = tuple(read_events(folder))
    summary = summarise(events)
    files = _Files(folder)
    execution = files.read("execution/report.json", ExecutionReport)
    verdicts = files.read("review/verdicts.json", Verdicts)
    claims, note = _claims(files, execution)
    report = Report(
        title=_title(folder, summary),
        status=status_of(summary, folder),
        summary=summary,
        files=_repository(folder / "repo"),
        plan=files.read("planning/plan.json", OverallPlan),
        requirements=_requirements(files, verdicts),
        reviewed=verdicts is not None,
        architecture=files.read("planning/architecture.json", ArchitectureDesign),
        logic=files.read("planning/logic.json", LogicDesign),
        config=files.read("planning/config.json", ExperimentConfig),
        claims=claims,
        claims_note=note,
        execution=execution,
        checks=files.read("checking/report.json", CheckReport),
        agents=_agents(events),
        lost=tuple(text.removeprefix(_READING) for text in summary.warnings if text.startswith(_READING)),
    )
    if (paper := files.read("paper.json", Paper)) is not None:
        report = report.model_copy(update=_reading(folder, paper))
    others = tuple(text for text in summary.warnings if not text.startswith(_READING))
    return report.model_copy(update={"warnings": (*others, *files.unfit)})


def _reading(folder: Path, paper: Paper) -> dict[str, object]:
    """How well the paper was read, corrections included."""
    found = suspicions(paper)
    places = doubtful_places(folder, paper, found)
    shown = {place.anchor for place in places}
    unchecked = tuple(f"{check.name} ({check.reason})" for check in checks(paper) if not check.made)
    lost = tuple(dict.fromkeys(loss.message for loss in found if loss.anchor not in shown))
    return {"doubtful": places, "lost": lost, "unchecked": unchecked}


class _Files:
    """Reads artifacts, and keeps what did not fit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unfit: list[str] = []

    def read(self, name: str, kind: type[A]) -> A | None:
        """An artifact; None where there is none, or where it does not fit its type."""
        text = read_text(self.folder / name)
        if text is None:
            return None
        try:
            return kind.model_validate_json(text)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"])) or "the file"
            self.unfit.append(f"{name} does not fit ({where}) and is left out of this report")
            return None


def _title(folder: Path, summary: Summary) -> str:
    first = (read_text(folder / "paper.md") or "").partition("\n")[0]
    return first.removeprefix("# ").strip() or Path(summary.paper).name or "A paper without a title"


def _repository(repository: Path) -> tuple[str, ...]:
    paths = (path.relative_to(repository) for path in sorted(repository.rglob("*")) if path.is_file())
    return tuple(
        path.as_posix() for path in paths if not path.parts[0].startswith(".") and "__pycache__" not in path.parts
    )


def _requirements(files: _Files, verdicts: Verdicts | None) -> tuple[TracedRequirement, ...]:
    known = files.read("planning/requirements.json", Requirements)
    traced = files.read("repo/TRACEABILITY.json", Traceability)
    traces = {trace.requirement.id: trace for trace in traced.traces} if traced else {}
    found = {verdict.requirement: verdict for verdict in verdicts.verdicts} if verdicts else {}
    sources = Sources(files.folder / "repo")
    items = known.items if known else tuple(trace.requirement for trace in traces.values())
    return tuple(_traced(item, traces.get(item.id), found.get(item.id), sources) for item in items)


def _traced(item: Requirement, trace: Trace | None, verdict: Verdict | None, sources: Sources) -> TracedRequirement:
    marks = trace.marks if trace else ()
    evidence = verdict.evidence if verdict else ()
    return TracedRequirement(
        requirement=item,
        owner=trace.owner if trace else None,
        marks=sources.places((mark.path, mark.line) for mark in marks),
        verdict=verdict,
        evidence=sources.places((location.path, location.line) for location in evidence),
    )


def _claims(files: _Files, execution: ExecutionReport | None) -> tuple[tuple[ClaimResult, ...], str]:
    """Claims beside measurements of a full reproduction that was seen to run; those of a smoke run mean nothing."""
    claims = files.read("planning/claims.json", Claims)
    if claims is None:
        return (), ""
    path = files.folder / "repo" / "results.json"
    if execution is None or "reproduce" not in execution.passed:
        return compare(claims, ()), _UNUSED if path.is_file() else ""
    results = execution.results or _tolerant(path)
    return compare(claims, parse_results(results, claims)), ""


def _tolerant(path: Path) -> str:
    """A text that generated code wrote; empty where it cannot be read."""
    try:
        return read_text(path) or ""
    except RunFolderError:
        return ""


def _agents(events: Iterable[Event]) -> tuple[AgentUse, ...]:
    """What each agent used, the dearest first."""
    calls: dict[str, list[CallMade]] = defaultdict(list)
    for event in events:
        if isinstance(event, CallMade):
            calls[event.agent].append(event)
    used = (_use(agent, made) for agent, made in calls.items())
    return tuple(sorted(used, key=lambda use: (-use.cost_usd, -use.prompt - use.completion, use.agent)))


def _use(agent: str, made: Sequence[CallMade]) -> AgentUse:
    return AgentUse(
        agent=agent,
        calls=len(made),
        prompt=sum(call.prompt for call in made),
        completion=sum(call.completion for call in made),
        cost_usd=sum(call.cost_usd or 0.0 for call in made),
        unpriced=sum(call.cost_usd is None for call in made),
    )
