"""The claims of all papers of a bench: counts by verdict, and the shares of papers that they decide."""

from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from papercoder.artifacts import BenchEntryResult, ClaimCounts, ClaimSummary
from papercoder.artifacts.bench import PaperShare
from papercoder.artifacts.claims import ClaimVerdict
from papercoder.bench.results.metrics import grouped, setting
from papercoder.claims.intervals import share_interval

VERDICTS: tuple[str, ...] = get_args(ClaimVerdict)

OUTCOMES = {
    "met": "at least one claim met",
    "differs": "at least one claim differs",
    "only_toy": "only toy",
    "undecided": "nothing decided",
}
"""Field of a `ClaimSummary` -> its name. The first two overlap."""


def summarise_claims(entries: Iterable[BenchEntryResult]) -> tuple[ClaimSummary, ...]:
    """For each variant and model, the claims of the papers for which a reproduction was asked for."""
    asking = (entry for entry in entries if entry.claims is not None)
    return tuple(_summary(some) for some in grouped(asking, setting).values())


def _summary(entries: Sequence[BenchEntryResult]) -> ClaimSummary:
    by_paper = grouped(entries, lambda entry: entry.paper).values()
    papers = [sum_claims(some) for some in by_paper]
    first = [_sum(entry.claims_before_diagnosis or entry.claims for entry in some) for some in by_paper]
    decided = [counts for counts in papers if counts.met or counts.differs]

    def share(count: int) -> PaperShare:
        low, high = share_interval(count, len(papers))
        return PaperShare(count=count, papers=len(papers), low=low, high=high)

    only_toy = sum(counts.toy > 0 for counts in papers if counts not in decided)
    return ClaimSummary(
        variant=entries[0].variant,
        model=entries[0].model,
        papers=len(papers),
        claims=sum(papers, ClaimCounts()),
        met=share(sum(counts.met > 0 for counts in papers)),
        differs=share(sum(counts.differs > 0 for counts in papers)),
        only_toy=share(only_toy),
        undecided=share(len(papers) - len(decided) - only_toy),
        met_by_diagnosis=sum(now.met > 0 and not then.met for now, then in zip(papers, first, strict=True)),
        calls=sum(entry.calls for entry in entries),
        cost_usd=sum(entry.cost_usd for entry in entries),
        unpriced=sum(entry.unpriced for entry in entries),
        seconds=sum(entry.seconds for entry in entries),
        reproduction_seconds=sum(entry.reproduction_seconds for entry in entries),
    )


def sum_claims(entries: Iterable[BenchEntryResult]) -> ClaimCounts:
    """The claims of all these entries."""
    return _sum(entry.claims for entry in entries)


def _sum(counts: Iterable[ClaimCounts | None]) -> ClaimCounts:
    return sum(filter(None, counts), ClaimCounts())


def verdict_label(verdict: str) -> str:
    """The verdict in words."""
    return verdict.replace("_", " ")


def shares(summary: ClaimSummary) -> Iterator[tuple[str, PaperShare]]:
    """The shares of papers with their names."""
    return ((name, getattr(summary, field)) for field, name in OUTCOMES.items())


def hours(seconds: float) -> str:
    """Hours as text, with enough digits for short times."""
    return f"{seconds / 3600:.3g}"
