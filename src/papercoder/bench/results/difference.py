"""How one metric differs between two sets of entries, paper by paper, and whether that is significant."""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Literal

from papercoder.artifacts import Artifact, Interval
from papercoder.bench.results.grouping import Entries, per_paper
from papercoder.bench.results.metrics import NAMED, Metric
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
        """False if all papers differ equally; then the interval has no width and says nothing."""
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
