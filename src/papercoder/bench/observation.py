"""How an entry ended, and its result, from the events and reports in its folder."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar, get_args

from pydantic import ValidationError

from papercoder.artifacts import (
    Artifact,
    BenchEntryResult,
    CheckReport,
    ClaimCounts,
    ClaimResults,
    Claims,
    Diagnosis,
    ExecutionReport,
    JudgeMean,
    Traceability,
    Verdicts,
)
from papercoder.artifacts.bench import EntryStatus
from papercoder.artifacts.claims import ClaimVerdict
from papercoder.artifacts.evaluation import Evaluation
from papercoder.artifacts.reproduction import Reproduction
from papercoder.bench.manifest import Entry, entry_digest
from papercoder.files.regular import delete, is_file, read_text, walk, write
from papercoder.report.loading import judged_claims
from papercoder.runs.event_log import read_events
from papercoder.runs.events import Event
from papercoder.runs.summary import Summary, sessions, summarise

END_FILE = "entry.json"
"""In the entry's folder."""

_REPORTS = ("checking/report.json", "execution/report.json", "review/verdicts.json")
"""Observations of an earlier process that may no longer hold."""


class EntryEnd(Artifact):
    """How the latest process left an entry."""

    complete: bool = False
    reason: str = ""
    capped: bool = False
    """The budget of all entries together was spent."""


class _SavedEnd(Artifact):
    """The content of the file."""

    digest: str
    """Of the entry, so that changed inputs are noticed."""

    end: EntryEnd


def save_end(entry: Entry, end: EntryEnd) -> None:
    """Write how an entry ended.

    Raises:
        RunFolderError: its folder cannot be written.
    """
    saved = _SavedEnd(digest=entry_digest(entry), end=end)
    write(entry.folder, END_FILE, saved.model_dump_json(indent=1) + "\n")


def load_end(entry: Entry) -> EntryEnd | None:
    """How an entry ended; None if it did not start or its process was killed."""
    saved = _load(entry.folder)
    if saved and saved.end.complete and saved.digest != entry_digest(entry):
        return EntryEnd(reason="its paper, settings or judges have changed since it completed")
    return saved.end if saved else None


def clear_end(entry: Entry) -> None:
    """Delete the end and the reports of an earlier process before an entry resumes. Paid answers stay."""
    for name in (END_FILE, *_REPORTS):
        delete(entry.folder, name)


def is_complete(entry: Entry) -> bool:
    """Whether an entry with these inputs completed before."""
    end = load_end(entry)
    return end is not None and end.complete


def _load(folder: Path) -> _SavedEnd | None:
    text = read_text(folder, END_FILE)
    try:
        return _SavedEnd.model_validate_json(text) if text else None
    except ValidationError:
        return None


A = TypeVar("A", bound=Artifact)

EVALUATION_FOLDER = "evaluation"
"""In the entry's folder."""

_CLAIM_RESULTS = "reproduction/claims.json"


def observe(entry: Entry) -> BenchEntryResult:
    """The result of an entry, from what its folder contains."""
    events = tuple(read_events(entry.folder))
    run, judges = summarise(events), summarise(read_events(entry.folder / EVALUATION_FOLDER))
    end = load_end(entry) or EntryEnd(reason="it was not started" if run.status == "new" else "it was interrupted")
    result = BenchEntryResult(
        entry=entry.id,
        paper=entry.paper,
        variant=entry.variant,
        model=entry.model,
        repeat=entry.repeat,
        status=_status(end, entry.folder),
        reason=end.reason,
        capped=end.capped,
    )
    result = _with_requirements(result, entry.folder)
    result = _with_execution(result, entry.folder)
    if entry.reproduction or is_file(entry.folder, _CLAIM_RESULTS):
        result = _with_claims(result, entry.folder)
    result = _with_judges(result, entry.folder)
    return _with_usage(result, run, judges).model_copy(update={"reproduction_seconds": sum(seconds_of_trials(events))})


def cost_of(folder: Path) -> float:
    """Dollars that all processes spent on the entry in this folder."""
    return sum(summarise(read_events(each)).cost_usd for each in (folder, folder / EVALUATION_FOLDER))


def _status(end: EntryEnd, folder: Path) -> EntryStatus:
    if end.complete:
        return "complete"
    return "partial" if any(path.suffix == ".py" for path in walk(folder, "repo")) else "failed"


def _with_requirements(result: BenchEntryResult, folder: Path) -> BenchEntryResult:
    """Add the requirements, those that the last review found implemented, and the errors that checking found."""
    traced = _read(folder, "repo/TRACEABILITY.json", Traceability)
    verdicts = _read(folder, "review/verdicts.json", Verdicts)
    checked = _read(folder, "checking/report.json", CheckReport)
    return result.model_copy(
        update={
            "requirements": len(traced.traces) if traced and traced.traces else None,
            "implemented": len(verdicts.verdicts) - len(verdicts.failed) if verdicts else None,
            "findings": len(checked.errors) if checked else None,
        }
    )


def _with_execution(result: BenchEntryResult, folder: Path) -> BenchEntryResult:
    """Add the execution steps that passed."""
    report = _read(folder, "execution/report.json", ExecutionReport)
    if report is None:
        return result
    return result.model_copy(
        update={"executed": report.observed, "steps": report.passed, "reason": result.reason or report.unseen}
    )


def _with_claims(result: BenchEntryResult, folder: Path) -> BenchEntryResult:
    """Add the verdicts of the claims, and the results of trials and diagnosis."""
    claims = _read(folder, "planning/claims.json", Claims) or Claims()
    judged = judged_claims(claims, _read(folder, _CLAIM_RESULTS, ClaimResults))
    report = _read(folder, "reproduction/report.json", Reproduction)
    diagnosis = _read(folder, "diagnosis/report.json", Diagnosis)
    return result.model_copy(
        update={
            "claims": _counts(judged),
            "claims_before_diagnosis": _counts(diagnosis.before) if diagnosis and diagnosis.kept else None,
            "trials": report.trials if report else None,
            "trials_measured": report.measured if report else None,
            "hypotheses_tried": diagnosis.tried if diagnosis else None,
        }
    )


def _counts(results: ClaimResults) -> ClaimCounts:
    found = Counter(one.verdict for one in results.items)
    found.update(one.verdict for one in results.orderings)
    return ClaimCounts(**{verdict: found[verdict] for verdict in get_args(ClaimVerdict)})


class TrialSeconds(NamedTuple):
    """Working time in which trials were prepared and run."""

    reproduction: float
    diagnosis: float


def seconds_of_trials(events: Iterable[Event]) -> TrialSeconds:
    """The working time of the processes that ran trials, for the claims and for diagnosis."""
    seconds = {"reproduction": 0.0, "diagnosis": 0.0}
    for session in sessions(events):
        kinds = {event.kind for event in session}
        if "diagnosis_started" in kinds:
            seconds["diagnosis"] += session[-1].at - session[0].at
        elif kinds & {"reproduction_planned", "trial_started"}:
            seconds["reproduction"] += session[-1].at - session[0].at
    return TrialSeconds(**seconds)


def _with_judges(result: BenchEntryResult, folder: Path) -> BenchEntryResult:
    evaluation = _read(folder, f"{EVALUATION_FOLDER}/evaluation.json", Evaluation)
    if evaluation is None:
        return result
    rubric = evaluation.rubric
    return result.model_copy(
        update={
            "judge_model": evaluation.model,
            "judges": tuple(JudgeMean(judge=score.judge, score=score.score) for score in evaluation.scores),
            "rubric": rubric.score if rubric else None,
            "rubric_code_dev": rubric.code_dev if rubric else None,
        }
    )


def _with_usage(result: BenchEntryResult, run: Summary, judges: Summary) -> BenchEntryResult:
    both = (run, judges)
    return result.model_copy(
        update={
            "calls": sum(part.calls.made for part in both),
            "prompt": sum(part.tokens.prompt for part in both),
            "cached": sum(part.tokens.cached for part in both),
            "completion": sum(part.tokens.completion for part in both),
            "cost_usd": sum(part.cost_usd for part in both),
            "unpriced": sum(part.unpriced for part in both),
            "seconds": sum(part.seconds for part in both),
            "judge_calls": judges.calls.made,
            "judge_cost_usd": judges.cost_usd,
            "judge_unpriced": judges.unpriced,
            "judge_seconds": judges.seconds,
        }
    )


def _read(folder: Path, artifact: str, kind: type[A]) -> A | None:
    """An artifact of a run; None if it is missing or of another version."""
    text = read_text(folder, artifact)
    try:
        return kind.model_validate_json(text) if text else None
    except ValidationError:
        return None
