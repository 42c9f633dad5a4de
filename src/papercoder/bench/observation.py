"""What the folder of a trial says of it: a fold over its events and over what was noted there."""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from papercoder.artifacts import (
    Artifact,
    CheckReport,
    Claims,
    ExecutionReport,
    JudgeMean,
    Traceability,
    TrialResult,
    Verdicts,
)
from papercoder.artifacts.bench import TrialStatus
from papercoder.artifacts.evaluated import Evaluation
from papercoder.bench.manifest.trials import Trial
from papercoder.bench.trial_end import Ending, ending_of
from papercoder.report.claims import compare, parse_results
from papercoder.runs.event_log import read_events
from papercoder.runs.folder import read_text
from papercoder.runs.summary import Summary, summarise

A = TypeVar("A", bound=Artifact)

JUDGED = "evaluation"
"""The folder of the judges, below that of the trial."""


def observe(trial: Trial) -> TrialResult:
    """What came of a trial, so far as its folder tells."""
    run, judges = _summaries(trial.folder)
    ending = ending_of(trial) or Ending(reason=_unended(run))
    result = TrialResult(
        trial=trial.id,
        paper=trial.paper,
        variant=trial.variant,
        model=trial.model,
        repeat=trial.repeat,
        status=_status(ending, trial.folder),
        reason=ending.reason,
        capped=ending.capped,
    )
    result = _with_requirements(result, trial.folder)
    result = _with_execution(result, trial.folder, trial.settings.reproduce)
    result = _with_judges(result, trial.folder)
    return _with_figures(result, run, judges)


def cost_of(folder: Path) -> float:
    """Dollars that all processes have spent on the trial in a folder."""
    return sum(summary.cost_usd for summary in _summaries(folder))


def _summaries(folder: Path) -> tuple[Summary, Summary]:
    """Of the run, and of the judges."""
    return summarise(read_events(folder)), summarise(read_events(folder / JUDGED))


def _unended(run: Summary) -> str:
    """Why there is no ending: it was not begun, or its process was killed or interrupted."""
    return "it was not started" if run.status == "new" else "it was interrupted"


def _status(ending: Ending, folder: Path) -> TrialStatus:
    if ending.complete:
        return "complete"
    return "partial" if any((folder / "repo").rglob("*.py")) else "failed"


def _with_requirements(result: TrialResult, folder: Path) -> TrialResult:
    """How many were published with the code, how many the last review found implemented, and what checking found."""
    traced = _read(folder / "repo/TRACEABILITY.json", Traceability)
    verdicts = _read(folder / "review/verdicts.json", Verdicts)
    checked = _read(folder / "checking/report.json", CheckReport)
    return result.model_copy(
        update={
            "requirements": len(traced.traces) if traced and traced.traces else None,
            "implemented": len(verdicts.verdicts) - len(verdicts.failed) if verdicts else None,
            "findings": len(checked.errors) if checked else None,
        }
    )


def _with_execution(result: TrialResult, folder: Path, reproduce: bool) -> TrialResult:
    """The steps, and the paper's numbers beside those of a full reproduction that was seen to run."""
    report = _read(folder / "execution/report.json", ExecutionReport)
    if report is None:
        return result
    seen = result.model_copy(
        update={
            "executed": report.observed,
            "steps": report.passed,
            "reason": result.reason or report.unseen(reproduce),
        },
    )
    claims = _read(folder / "planning/claims.json", Claims)
    if claims is None or "reproduce" not in report.passed:
        return seen
    compared = compare(claims, parse_results(report.results or "", claims))
    met = sum(each.verdict == "met" for each in compared)
    return seen.model_copy(update={"claims": len(compared), "claims_met": met})


def _with_judges(result: TrialResult, folder: Path) -> TrialResult:
    evaluation = _read(folder / JUDGED / "evaluation.json", Evaluation)
    if evaluation is None:
        return result
    rubric = evaluation.rubric
    return result.model_copy(
        update={
            "judge_model": evaluation.model,
            "judges": tuple(JudgeMean(judge=each.judge, score=each.score) for each in evaluation.scores),
            "rubric": rubric.score if rubric else None,
            "rubric_code_dev": rubric.code_dev if rubric else None,
        }
    )


def _with_figures(result: TrialResult, run: Summary, judges: Summary) -> TrialResult:
    work = (run, judges)
    return result.model_copy(
        update={
            "calls": sum(each.calls.made for each in work),
            "prompt": sum(each.tokens.prompt for each in work),
            "cached": sum(each.tokens.cached for each in work),
            "completion": sum(each.tokens.completion for each in work),
            "cost_usd": sum(each.cost_usd for each in work),
            "unpriced": sum(each.unpriced for each in work),
            "seconds": sum(each.seconds for each in work),
            "judge_calls": judges.calls.made,
            "judge_cost_usd": judges.cost_usd,
            "judge_unpriced": judges.unpriced,
            "judge_seconds": judges.seconds,
        }
    )


def _read(path: Path, kind: type[A]) -> A | None:
    """What is noted there; None where nothing is, or what fits no longer."""
    text = read_text(path)
    try:
        return kind.model_validate_json(text) if text else None
    except ValidationError:
        return None
