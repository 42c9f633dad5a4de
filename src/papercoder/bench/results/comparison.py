"""Two result sets compared paper by paper: what differs, whether that is significant, and what cannot be compared."""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Literal

from papercoder.artifacts import Artifact, Interval
from papercoder.artifacts.bench import BenchEntryResult, BenchResults
from papercoder.bench.results.metrics import (
    METRICS,
    NAMED,
    Entries,
    Metric,
    Names,
    Setting,
    SettingPair,
    pairs,
    per_paper,
    setting,
    settings_of,
)
from papercoder.evaluation.statistics import LEVEL, holm, interval, paired_p_value, vary

Verdict = Literal["better", "worse", "noise", "few"]


class PaperPair(Artifact):
    """A paper's two values, each the mean of its repeats."""

    paper: str
    before: float
    after: float


class Difference(Artifact):
    """One metric, over the papers for which both sides have a value."""

    metric: str
    papers: tuple[PaperPair, ...]
    unpaired: tuple[str, ...] = ()
    """Papers with a value on one side only, for example because an entry failed. They are not in the means."""

    before: float
    """Mean over the papers."""

    after: float
    difference: Interval
    """After minus before, with its 95 % interval over the papers."""

    p_value: float | None = None
    """Of a paired test; None for too few papers."""

    adjusted: float | None = None
    """The p value after Holm's correction for the number of tests in the comparison."""

    verdict: Verdict
    """`better` or `worse` if the adjusted p value is below 5 %, else `noise`; `few` for too few papers."""

    @property
    def varies(self) -> bool:
        """False if all papers differ equally; then the interval has no width and no meaning."""
        return vary([pair.after - pair.before for pair in self.papers])


def difference(metric: Metric, before: Entries, after: Entries) -> Difference | None:
    """How a metric differs, before the correction; None if no paper has a value on both sides."""
    old, new = per_paper(metric, before), per_paper(metric, after)
    papers = tuple(PaperPair(paper=paper, before=old[paper], after=new[paper]) for paper in old if paper in new)
    differences = [pair.after - pair.before for pair in papers]
    spread = interval(differences)
    if spread is None:
        return None
    p_value = paired_p_value(differences)
    return Difference(
        metric=metric.name,
        papers=papers,
        unpaired=(*without(old, new), *without(new, old)),
        before=fmean(pair.before for pair in papers),
        after=fmean(pair.after for pair in papers),
        difference=spread,
        p_value=p_value,
        verdict="few" if p_value is None else "noise",
    )


def without(papers: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """The papers that the others lack, in their order."""
    known = set(others)
    return tuple(paper for paper in papers if paper not in known)


def with_verdicts(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """The differences with adjusted p values and verdicts."""
    adjusted = iter(holm([one.p_value for one in differences if one.p_value is not None]))
    return tuple(one if one.p_value is None else _with_verdict(one, next(adjusted)) for one in differences)


def _with_verdict(difference: Difference, adjusted: float) -> Difference:
    better = (difference.difference.mean < 0) == NAMED[difference.metric].lower_is_better
    verdict: Verdict = ("better" if better else "worse") if adjusted < LEVEL else "noise"
    return difference.model_copy(update={"adjusted": adjusted, "verdict": verdict})


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
