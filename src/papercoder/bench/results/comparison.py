"""Two result sets compared paper by paper: what differs, and what cannot be compared."""

from collections.abc import Iterable

from papercoder.artifacts import Artifact
from papercoder.artifacts.bench import BenchEntryResult, BenchResults
from papercoder.bench.results.difference import Difference, difference, with_verdicts, without
from papercoder.bench.results.grouping import Entries, Names, Setting, SettingPair, pairs, setting, settings_of
from papercoder.bench.results.metrics import METRICS, Metric


class SettingComparison(Artifact):
    """Two settings compared."""

    before: Setting
    after: Setting
    differences: tuple[Difference, ...]
    one_sided: tuple[str, ...] = ()
    """Labels of metrics that no paper has on both sides."""

    only_before: tuple[str, ...] = ()
    """Papers."""

    only_after: tuple[str, ...] = ()
    failed_before: tuple[str, ...] = ()
    """Papers with a failed entry."""

    failed_after: tuple[str, ...] = ()
    judges_before: tuple[str, ...] = ()
    """Models of the judges."""

    judges_after: tuple[str, ...] = ()


class Comparison(Artifact):
    """Everything that two result sets have in common, compared."""

    before: str
    """The result set's name."""

    after: str
    contrasts: tuple[SettingComparison, ...]
    tested: int
    """Number of tests, over all metrics and settings."""

    left_out: tuple[str, ...] = ()
    """Settings without a counterpart."""


def compare(
    before: BenchResults, after: BenchResults, variants: Names | None = None, models: Names | None = None
) -> Comparison:
    """Compare two result sets, or two variants or models of one.

    Raises:
        SettingsError: the settings to compare are ambiguous.
    """
    matched = pairs(before, after, variants, models)
    contrasts = _with_verdicts(tuple(_compared(before.entries, after.entries, pair) for pair in matched))
    return Comparison(
        before=before.name,
        after=after.name,
        contrasts=contrasts,
        tested=sum(one.p_value is not None for contrast in contrasts for one in contrast.differences),
        left_out=() if variants or models else _left_out(before, after, matched),
    )


def _with_verdicts(contrasts: tuple[SettingComparison, ...]) -> tuple[SettingComparison, ...]:
    """Add verdicts, which depend on the number of all tests."""
    judged = iter(with_verdicts([one for contrast in contrasts for one in contrast.differences]))
    return tuple(
        contrast.model_copy(update={"differences": tuple(next(judged) for _ in contrast.differences)})
        for contrast in contrasts
    )


def _left_out(before: BenchResults, after: BenchResults, matched: Iterable[SettingPair]) -> tuple[str, ...]:
    used = {one for pair in matched for one in pair}
    return tuple(str(one) for one in dict.fromkeys((*settings_of(before), *settings_of(after))) if one not in used)


def _compared(before: Entries, after: Entries, pair: SettingPair) -> SettingComparison:
    old = tuple(entry for entry in before if setting(entry) == pair[0])
    new = tuple(entry for entry in after if setting(entry) == pair[1])
    differences = {metric: difference(metric, old, new) for metric in METRICS}
    return SettingComparison(
        before=pair[0],
        after=pair[1],
        differences=tuple(one for one in differences.values() if one),
        one_sided=tuple(
            metric.label for metric, one in differences.items() if one is None and _has_values(metric, old + new)
        ),
        only_before=without(_papers(old), _papers(new)),
        only_after=without(_papers(new), _papers(old)),
        failed_before=_papers(entry for entry in old if entry.status == "failed"),
        failed_after=_papers(entry for entry in new if entry.status == "failed"),
        judges_before=_judges(old),
        judges_after=_judges(new),
    )


def _has_values(metric: Metric, entries: Entries) -> bool:
    return any(metric.of(entry) is not None for entry in entries)


def _judges(entries: Entries) -> tuple[str, ...]:
    return tuple(sorted({entry.judge_model for entry in entries if entry.judge_model}))


def _papers(entries: Iterable[BenchEntryResult]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.paper for entry in entries))
