"""The metrics that pages show and comparisons test."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf

from papercoder.artifacts.bench import BenchEntryResult
from papercoder.artifacts.evaluation import Interval, JudgeName
from papercoder.report.formatting import amount, duration, figure, money


@dataclass(frozen=True)
class Metric:
    """A number that an entry has."""

    name: str
    label: str
    of: Callable[[BenchEntryResult], float | None]
    """None if it was not observed."""

    shown: Callable[[float], str]
    """The value as text."""

    lower_is_better: bool = False

    least: float = 0.0
    most: float = inf
    """The ends of the scale."""

    def signed(self, value: float) -> str:
        """A difference as text; for shares, in percentage points."""
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return f"{sign}{self.shown(abs(value)).replace('%', 'pp')}"

    def within(self, mean: Interval) -> Interval:
        """A mean with its interval cut at the ends of the scale."""
        return mean.model_copy(update={"low": max(mean.low, self.least), "high": min(mean.high, self.most)})


def share(value: float) -> str:
    """Per cent."""
    return f"{100 * value:.1f} %"


def _decimal(value: float) -> str:
    return f"{value:.2f}"


def _count(value: float) -> str:
    return figure(value, 3)


def _judged(judge: JudgeName, entry: BenchEntryResult) -> float | None:
    return next((mean.score.mean for mean in entry.judges if mean.judge == judge and mean.score), None)


def _ratio(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None


def _generation(entry: BenchEntryResult, total: float, others: float) -> float | None:
    """What generation used; None for incomplete entries, which used less than they would have."""
    return total - others if entry.status == "complete" else None


def _cost(entry: BenchEntryResult) -> float | None:
    """None if a price is not known."""
    unknown = entry.unpriced > entry.judge_unpriced
    return None if unknown else _generation(entry, entry.cost_usd, entry.judge_cost_usd)


def _steps(entry: BenchEntryResult) -> float | None:
    """None if the code was not run."""
    return float(len(entry.steps)) if entry.executed else None


def _score(judge: JudgeName, label: str) -> Metric:
    return Metric(judge, label, partial(_judged, judge), _decimal, least=1.0, most=5.0)


def _share(name: str, label: str, of: Callable[[BenchEntryResult], float | None]) -> Metric:
    return Metric(name, label, of, share, most=1.0)


JUDGES: tuple[Metric, ...] = (
    _score("reference-free", "reference-free"),
    _score("reference-free-plain", "reference-free, plain"),
    _score("reference-based", "reference-based"),
)
"""Scores, 1 to 5."""

RUBRIC = _share("rubric", "rubric", lambda entry: entry.rubric)
CODE_DEV = _share("rubric_code_dev", "rubric, Code-Dev", lambda entry: entry.rubric_code_dev)
COVERAGE = _share("coverage", "coverage", lambda entry: _ratio(entry.implemented, entry.requirements))
STEPS_PASSED = Metric("steps", "steps passed", _steps, _count)
CLAIMS = _share(
    "claims_met", "claims met", lambda entry: _ratio(entry.claims.met, entry.claims.total) if entry.claims else None
)
FINDINGS = Metric("findings", "check errors", lambda entry: entry.findings, _count, lower_is_better=True)
COST = Metric("cost", "cost", _cost, money, lower_is_better=True)
SECONDS = Metric(
    "seconds",
    "time",
    lambda entry: _generation(entry, entry.seconds, entry.judge_seconds + entry.reproduction_seconds),
    duration,
    lower_is_better=True,
)
CALLS = Metric(
    "calls", "calls", lambda entry: _generation(entry, entry.calls, entry.judge_calls), amount, lower_is_better=True
)

QUALITY: tuple[Metric, ...] = (*JUDGES, RUBRIC, CODE_DEV, COVERAGE, STEPS_PASSED, CLAIMS, FINDINGS)
METRICS: tuple[Metric, ...] = (*QUALITY, COST, SECONDS, CALLS)
NAMED = {metric.name: metric for metric in METRICS}
