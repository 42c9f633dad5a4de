"""Trials that belong together, and what they come to: over papers, over repeats, or as one trial says."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import TypeVar

from papercoder.artifacts import Interval, TrialResult
from papercoder.bench.results.metrics import Metric
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


def papers_of(trials: Trials) -> int:
    """How many papers they are of."""
    return len({trial.paper for trial in trials})


def mean_of(metric: Metric, trials: Trials) -> Interval | None:
    """The mean over papers, where there are several; else over repeats; else the trial's own. None: not observed.

    Of several papers it is over papers even where one alone was observed: how much one's repeats or samples vary
    says nothing of the others.
    """
    if papers_of(trials) > 1:
        found = interval(list(per_paper(metric, trials).values()))
    elif len(trials) > 1:
        found = interval([value for trial in trials if (value := metric.of(trial)) is not None])
    else:
        found = _own(metric, trials[0]) if trials else None
    return metric.within(found) if found else None


def _own(metric: Metric, trial: TrialResult) -> Interval | None:
    """A judge's mean has an interval of its own, over its samples; all else is one value."""
    value = metric.of(trial)
    judged = next((each.score for each in trial.judges if each.judge == metric.name), None)
    return judged or (interval([value]) if value is not None else None)
