"""Two result sets compared, paper by paper: what differs, and which differences are beyond noise."""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Literal

from papercoder.artifacts import Artifact
from papercoder.artifacts.bench import BenchResults, TrialResult
from papercoder.artifacts.evaluation import Interval
from papercoder.bench.metrics import METRICS, NAMED, Metric
from papercoder.bench.noise import LEVEL, chance, holm
from papercoder.bench.pairing import Names, Setting, SettingPair, pairs, setting, settings_of
from papercoder.evaluation.statistics import interval

Verdict = Literal["better", "worse", "noise", "few"]
Trials = tuple[TrialResult, ...]


class PaperPair(Artifact):
    """A paper's two values, each the mean of its repeats."""

    paper: str
    before: float
    after: float


class Difference(Artifact):
    """One metric, over the papers that have it on both sides."""

    metric: str
    papers: tuple[PaperPair, ...]
    unpaired: tuple[str, ...] = ()
    """Papers that have it on one side alone, because a trial failed perhaps; they are left out of the means."""

    before: float
    """Mean over the papers."""

    after: float
    difference: Interval
    """After less before, with its 95 % interval from the papers' differences."""

    chance: float | None = None
    """How often chance alone gives as much, not corrected; None where there are too few papers."""

    corrected: float | None = None
    """The same after Holm's correction for all that was tested."""

    verdict: Verdict
    """`better` or `worse`: beyond noise, after the correction. `noise`: not. `few`: too few papers to tell."""


class Contrast(Artifact):
    """Two settings."""

    before: Setting
    after: Setting
    differences: tuple[Difference, ...]
    one_sided: tuple[str, ...] = ()
    """Metrics that no paper has on both sides."""

    only_before: tuple[str, ...] = ()
    """Papers."""

    only_after: tuple[str, ...] = ()
    failed_before: tuple[str, ...] = ()
    """Papers of which a trial failed; of those, there is little to compare."""

    failed_after: tuple[str, ...] = ()


class Comparison(Artifact):
    """All that can be compared of two result sets."""

    before: str
    """The result set's name."""

    after: str
    contrasts: tuple[Contrast, ...]
    tested: int
    """Differences that were tested, over all metrics and settings."""

    left_out: tuple[str, ...] = ()
    """Settings that have no counterpart."""


def compare(
    before: BenchResults, after: BenchResults, variants: Names | None = None, models: Names | None = None
) -> Comparison:
    """Compare two result sets, or two variants or models of one.

    Raises:
        SettingsError: it is not clear what to compare with what.
    """
    matched = pairs(before, after, variants, models)
    contrasts = _judged(tuple(_contrast(before.trials, after.trials, pair) for pair in matched))
    return Comparison(
        before=before.name,
        after=after.name,
        contrasts=contrasts,
        tested=sum(one.chance is not None for contrast in contrasts for one in contrast.differences),
        left_out=() if variants or models else _left_out(before, after, matched),
    )


def _judged(contrasts: tuple[Contrast, ...]) -> tuple[Contrast, ...]:
    """The same with verdicts, which need to know of all that was tested."""
    found = iter(with_verdicts([one for contrast in contrasts for one in contrast.differences]))
    return tuple(
        contrast.model_copy(update={"differences": tuple(next(found) for _ in contrast.differences)})
        for contrast in contrasts
    )


def with_verdicts(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """These differences, each held against chance after the correction for all of them."""
    corrected = iter(holm([one.chance for one in differences if one.chance is not None]))
    return tuple(one if one.chance is None else _with_verdict(one, next(corrected)) for one in differences)


def _with_verdict(difference: Difference, corrected: float) -> Difference:
    better = (difference.difference.mean < 0) == NAMED[difference.metric].fewer
    verdict: Verdict = ("better" if better else "worse") if corrected < LEVEL else "noise"
    return difference.model_copy(update={"corrected": corrected, "verdict": verdict})


def _left_out(before: BenchResults, after: BenchResults, matched: Iterable[SettingPair]) -> tuple[str, ...]:
    used = {one for pair in matched for one in pair}
    return tuple(str(one) for one in dict.fromkeys((*settings_of(before), *settings_of(after))) if one not in used)


def _contrast(before: Trials, after: Trials, pair: SettingPair) -> Contrast:
    old = tuple(trial for trial in before if setting(trial) == pair[0])
    new = tuple(trial for trial in after if setting(trial) == pair[1])
    differences = {metric: difference(metric, old, new) for metric in METRICS}
    return Contrast(
        before=pair[0],
        after=pair[1],
        differences=tuple(one for one in differences.values() if one),
        one_sided=tuple(
            metric.label for metric, one in differences.items() if one is None and _seen(metric, old + new)
        ),
        only_before=_without(_papers(old), _papers(new)),
        only_after=_without(_papers(new), _papers(old)),
        failed_before=_papers(trial for trial in old if trial.status == "failed"),
        failed_after=_papers(trial for trial in new if trial.status == "failed"),
    )


def _seen(metric: Metric, trials: Trials) -> bool:
    return any(metric.of(trial) is not None for trial in trials)


def _papers(trials: Iterable[TrialResult]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(trial.paper for trial in trials))


def _without(papers: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    known = set(others)
    return tuple(paper for paper in papers if paper not in known)


def _values(metric: Metric, trials: Trials) -> dict[str, float]:
    """Paper -> mean over its repeats."""
    found: dict[str, list[float]] = {}
    for trial in trials:
        if (value := metric.of(trial)) is not None:
            found.setdefault(trial.paper, []).append(value)
    return {paper: fmean(values) for paper, values in found.items()}


def difference(metric: Metric, before: Trials, after: Trials) -> Difference | None:
    """How a metric differs, without a verdict; None where no paper has it on both sides."""
    old, new = _values(metric, before), _values(metric, after)
    papers = tuple(PaperPair(paper=paper, before=old[paper], after=new[paper]) for paper in old if paper in new)
    differences = [pair.after - pair.before for pair in papers]
    spread = interval(differences)
    if spread is None:
        return None
    by_chance = chance(differences)
    return Difference(
        metric=metric.name,
        papers=papers,
        unpaired=(*_without(old, new), *_without(new, old)),
        before=fmean(pair.before for pair in papers),
        after=fmean(pair.after for pair in papers),
        difference=spread,
        chance=by_chance,
        verdict="few" if by_chance is None else "noise",
    )
