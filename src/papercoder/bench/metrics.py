"""What trials are shown and compared by."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from papercoder.artifacts.bench import TrialResult
from papercoder.artifacts.evaluation import JudgeName
from papercoder.report.words import amount, duration, figure, money


@dataclass(frozen=True)
class Metric:
    """A number of a trial."""

    name: str
    label: str
    of: Callable[[TrialResult], float | None]
    """None where it was not observed."""

    shown: Callable[[float], str]
    """As it is read."""

    fewer: bool = False
    """Whether less of it is better."""

    def signed(self, value: float) -> str:
        """A difference as it is read; of shares, in percentage points."""
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return f"{sign}{self.shown(abs(value)).replace('%', 'pp')}"


def share(value: float) -> str:
    """Per cent."""
    return f"{100 * value:.1f} %"


def _decimal(value: float) -> str:
    return f"{value:.2f}"


def _count(value: float) -> str:
    return figure(value, 3)


def _judged(judge: JudgeName, trial: TrialResult) -> float | None:
    return next((one.score.mean for one in trial.judges if one.judge == judge and one.score), None)


def _of(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None


def _whole(trial: TrialResult, value: float) -> float | None:
    """What broke off took less than it would have."""
    return value if trial.status == "complete" else None


def _cost(trial: TrialResult) -> float | None:
    """What the judges took is left out, since it says nothing of the repository; unknown is not 0."""
    return None if trial.unpriced else _whole(trial, trial.cost_usd - trial.judge_cost_usd)


def _rungs(trial: TrialResult) -> float | None:
    """None where money ended it, which says nothing of the code."""
    return None if trial.capped else float(len(trial.rungs))


JUDGES: tuple[Metric, ...] = (
    Metric("reference-free", "reference-free", partial(_judged, "reference-free"), _decimal),
    Metric("reference-free-plain", "reference-free, plain", partial(_judged, "reference-free-plain"), _decimal),
    Metric("reference-based", "reference-based", partial(_judged, "reference-based"), _decimal),
)
"""Scores, 1 to 5."""

RUBRIC = Metric("rubric", "rubric", lambda trial: trial.rubric, share)
CODE_DEV = Metric("rubric_code_dev", "rubric, Code-Dev", lambda trial: trial.rubric_code_dev, share)
COVERAGE = Metric("coverage", "coverage", lambda trial: _of(trial.implemented, trial.requirements), share)
RUNGS_SEEN = Metric("rungs", "rungs seen", _rungs, _count)
CLAIMS = Metric("claims_met", "claims met", lambda trial: _of(trial.claims_met, trial.claims), share)
FINDINGS = Metric("findings", "check errors", lambda trial: trial.findings, _count, fewer=True)
COST = Metric("cost", "cost", _cost, money, fewer=True)
SECONDS = Metric("seconds", "time", lambda trial: _whole(trial, trial.seconds), duration, fewer=True)
CALLS = Metric("calls", "calls", lambda trial: _whole(trial, trial.calls), amount, fewer=True)

QUALITY: tuple[Metric, ...] = (*JUDGES, RUBRIC, CODE_DEV, COVERAGE, RUNGS_SEEN, CLAIMS, FINDINGS)
METRICS: tuple[Metric, ...] = (*QUALITY, COST, SECONDS, CALLS)
NAMED = {metric.name: metric for metric in METRICS}
