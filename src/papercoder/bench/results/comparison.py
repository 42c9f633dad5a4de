"""Two result sets compared, paper by paper: what differs, and what cannot be compared."""

from collections.abc import Iterable

from papercoder.artifacts import Artifact
from papercoder.artifacts.bench import BenchResults, TrialResult
from papercoder.bench.results.difference import Difference, difference, with_verdicts, without
from papercoder.bench.results.grouping import Trials
from papercoder.bench.results.metrics import METRICS, Metric
from papercoder.bench.results.pairing import Names, Setting, SettingPair, pairs, setting, settings_of


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
    judges_before: tuple[str, ...] = ()
    """Models that judged."""

    judges_after: tuple[str, ...] = ()


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
        tested=sum(one.p_value is not None for contrast in contrasts for one in contrast.differences),
        left_out=() if variants or models else _left_out(before, after, matched),
    )


def _judged(contrasts: tuple[Contrast, ...]) -> tuple[Contrast, ...]:
    """The same with verdicts, which need to know of all that was tested."""
    found = iter(with_verdicts([one for contrast in contrasts for one in contrast.differences]))
    return tuple(
        contrast.model_copy(update={"differences": tuple(next(found) for _ in contrast.differences)})
        for contrast in contrasts
    )


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
        only_before=without(_papers(old), _papers(new)),
        only_after=without(_papers(new), _papers(old)),
        failed_before=_papers(trial for trial in old if trial.status == "failed"),
        failed_after=_papers(trial for trial in new if trial.status == "failed"),
        judges_before=_judges(old),
        judges_after=_judges(new),
    )


def _seen(metric: Metric, trials: Trials) -> bool:
    return any(metric.of(trial) is not None for trial in trials)


def _judges(trials: Trials) -> tuple[str, ...]:
    return tuple(sorted({trial.judge_model for trial in trials if trial.judge_model}))


def _papers(trials: Iterable[TrialResult]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(trial.paper for trial in trials))
