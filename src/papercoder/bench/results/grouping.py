"""Groups of trials and their means: over papers, over repeats, or of one trial."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import TypeVar

from papercoder.artifacts import BenchTrialResult, Interval
from papercoder.bench.results.metrics import Metric
from papercoder.evaluation.statistics import interval

K = TypeVar("K")

Trials = Sequence[BenchTrialResult]


def grouped(
    trials: Iterable[BenchTrialResult], key: Callable[[BenchTrialResult], K]
) -> dict[K, list[BenchTrialResult]]:
    """Key -> its trials, in their order."""
    groups: defaultdict[K, list[BenchTrialResult]] = defaultdict(list)
    for trial in trials:
        groups[key(trial)].append(trial)
    return dict(groups)


def per_paper(metric: Metric, trials: Trials) -> dict[str, float]:
    """Paper -> mean over its repeats; only papers for which the metric was observed."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for trial in trials:
        if (value := metric.of(trial)) is not None:
            found[trial.paper].append(value)
    return {paper: fmean(values) for paper, values in found.items()}


def papers_of(trials: Trials) -> int:
    """The number of papers."""
    return len({trial.paper for trial in trials})


def mean_of(metric: Metric, trials: Trials) -> Interval | None:
    """The mean over papers if there are several, or else over repeats, or else the trial's own. None: not observed.

    With several papers, the interval is always over papers, even if only one was observed: how much its repeats or
    samples vary says nothing about other papers.
    """
    if papers_of(trials) > 1:
        mean = interval(list(per_paper(metric, trials).values()))
    elif len(trials) > 1:
        mean = interval([value for trial in trials if (value := metric.of(trial)) is not None])
    else:
        mean = _own(metric, trials[0]) if trials else None
    return metric.within(mean) if mean else None


def _own(metric: Metric, trial: BenchTrialResult) -> Interval | None:
    """A judge's mean has an interval over its samples; other metrics have one value."""
    value = metric.of(trial)
    judged = next((mean.score for mean in trial.judges if mean.judge == metric.name), None)
    return judged or (interval([value]) if value is not None else None)
