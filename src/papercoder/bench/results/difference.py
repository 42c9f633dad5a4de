"""How one metric differs between two sets of trials, paper by paper, and whether that is beyond noise."""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Literal

from papercoder.artifacts import Artifact, Interval
from papercoder.bench.results.grouping import Trials, per_paper
from papercoder.bench.results.metrics import NAMED, Metric
from papercoder.evaluation.statistics import LEVEL, holm, interval, paired_p_value, vary

Verdict = Literal["better", "worse", "noise", "few"]


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

    @property
    def varies(self) -> bool:
        """False where all papers differ by the same: the interval, which has no width then, says nothing."""
        return vary([pair.after - pair.before for pair in self.papers])


def difference(metric: Metric, before: Trials, after: Trials) -> Difference | None:
    """How a metric differs, without a verdict; None where no paper has it on both sides."""
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
        chance=p_value,
        verdict="few" if p_value is None else "noise",
    )


def without(papers: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """The papers that are not among the others, in their order."""
    known = set(others)
    return tuple(paper for paper in papers if paper not in known)


def with_verdicts(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """These differences, each held against chance after the correction for all of them."""
    corrected = iter(holm([one.chance for one in differences if one.chance is not None]))
    return tuple(one if one.chance is None else _with_verdict(one, next(corrected)) for one in differences)


def _with_verdict(difference: Difference, corrected: float) -> Difference:
    better = (difference.difference.mean < 0) == NAMED[difference.metric].fewer
    verdict: Verdict = ("better" if better else "worse") if corrected < LEVEL else "noise"
    return difference.model_copy(update={"corrected": corrected, "verdict": verdict})
