"""Trials that belong together, and what they come to: over papers, over repeats, or as one trial says."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import TypeVar

from papercoder.artifacts import Interval, TrialResult
from papercoder.bench.metrics import Metric
from papercoder.evaluation.statistics import interval

K = TypeVar("K")

Trials = Sequence[TrialResult]


def grouped(trials: Iterable[TrialResult], key: Callable[[TrialResult], K]) -> dict[K, list[TrialResult]]:
    """Key -> its trials, in the order in which they come."""
    groups: defaultdict[K, list[TrialResult]] = defaultdict(list)
    for trial in trials:
        groups[key(trial)].append(trial)
    return dict(groups)


def per_paper(metric: Metric, trials: Trials) -> dict[str, float]:
    """Paper -> mean over its repeats; only papers of which it was observed."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for trial in trials:
        if (value := metric.of(trial)) is not None:
            found[trial.paper].append(value)
    return {paper: fmean(values) for paper, values in found.items()}


def mean_of(metric: Metric, trials: Trials) -> Interval | None:
    """The mean over papers, where there are several; else over repeats; else the trial's own. None: not observed."""
    by_paper = grouped([trial for trial in trials if metric.of(trial) is not None], lambda trial: trial.paper)
    values = [[value for trial in group if (value := metric.of(trial)) is not None] for group in by_paper.values()]
    if len(values) == 1:
        return interval(values[0]) if len(values[0]) > 1 else _own(metric, next(iter(by_paper.values()))[0])
    return interval([fmean(group) for group in values])


def _own(metric: Metric, trial: TrialResult) -> Interval | None:
    """A judge's mean has an interval of its own, over its samples; all else is one value."""
    scores = {each.judge: each.score for each in trial.judges}
    value = metric.of(trial)
    judged = next((score for judge, score in scores.items() if judge == metric.name), None)
    return judged or (interval([value]) if value is not None else None)
