"""The metrics that pages show and comparisons test, their means over entries, and which groups are compared."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from statistics import fmean
from typing import TypeVar, get_args

from papercoder.artifacts import Artifact, ClaimCounts, ClaimSummary, Interval
from papercoder.artifacts.bench import BenchEntryResult, BenchResults, PaperShare
from papercoder.artifacts.claims import ClaimVerdict
from papercoder.artifacts.evaluation import JudgeName
from papercoder.claims.intervals import share_interval
from papercoder.errors import SettingsError
from papercoder.evaluation.statistics import interval
from papercoder.report.formatting import amount, duration, figure, money


@dataclass(frozen=True)
class Metric:
    """A number that an entry has."""

    name: str
    label: str
    of: Callable[[BenchEntryResult], float | None]
    """None if it was not observed."""

    shown: Callable[[float], str]
    """The value as text."""

    lower_is_better: bool = False

    least: float = 0.0
    most: float = inf
    """The ends of the scale."""

    def signed(self, value: float) -> str:
        """A difference as text; for shares, in percentage points."""
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return f"{sign}{self.shown(abs(value)).replace('%', 'pp')}"

    def within(self, mean: Interval) -> Interval:
        """A mean with its interval cut at the ends of the scale."""
        return mean.model_copy(update={"low": max(mean.low, self.least), "high": min(mean.high, self.most)})


def share(value: float) -> str:
    """Per cent."""
    return f"{100 * value:.1f} %"


def _count(value: float) -> str:
    return figure(value, 3)


def _judged(judge: JudgeName, entry: BenchEntryResult) -> float | None:
    return next((mean.score.mean for mean in entry.judges if mean.judge == judge and mean.score), None)


def _ratio(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None


def _generation(entry: BenchEntryResult, total: float, others: float) -> float | None:
    """What generation used; None for incomplete entries, which used less than they would have."""
    return total - others if entry.status == "complete" else None


def _cost(entry: BenchEntryResult) -> float | None:
    """None if a price is not known."""
    unknown = entry.unpriced > entry.judge_unpriced
    return None if unknown else _generation(entry, entry.cost_usd, entry.judge_cost_usd)


def _steps(entry: BenchEntryResult) -> float | None:
    """None if the code was not run."""
    return float(len(entry.steps)) if entry.executed else None


def _score(judge: JudgeName, label: str) -> Metric:
    return Metric(judge, label, partial(_judged, judge), lambda value: f"{value:.2f}", least=1.0, most=5.0)


def _share(name: str, label: str, of: Callable[[BenchEntryResult], float | None]) -> Metric:
    return Metric(name, label, of, share, most=1.0)


JUDGES: tuple[Metric, ...] = (
    _score("reference-free", "reference-free"),
    _score("reference-free-plain", "reference-free, plain"),
    _score("reference-based", "reference-based"),
)
"""Scores, 1 to 5."""

RUBRIC = _share("rubric", "rubric", lambda entry: entry.rubric)
CODE_DEV = _share("rubric_code_dev", "rubric, Code-Dev", lambda entry: entry.rubric_code_dev)
COVERAGE = _share("coverage", "coverage", lambda entry: _ratio(entry.implemented, entry.requirements))
STEPS_PASSED = Metric("steps", "steps passed", _steps, _count)
CLAIMS = _share(
    "claims_met", "claims met", lambda entry: _ratio(entry.claims.met, entry.claims.total) if entry.claims else None
)
FINDINGS = Metric("findings", "check errors", lambda entry: entry.findings, _count, lower_is_better=True)
COST = Metric("cost", "cost", _cost, money, lower_is_better=True)
SECONDS = Metric(
    "seconds",
    "time",
    lambda entry: _generation(entry, entry.seconds, entry.judge_seconds + entry.reproduction_seconds),
    duration,
    lower_is_better=True,
)
CALLS = Metric(
    "calls", "calls", lambda entry: _generation(entry, entry.calls, entry.judge_calls), amount, lower_is_better=True
)

QUALITY: tuple[Metric, ...] = (*JUDGES, RUBRIC, CODE_DEV, COVERAGE, STEPS_PASSED, CLAIMS, FINDINGS)
METRICS: tuple[Metric, ...] = (*QUALITY, COST, SECONDS, CALLS)
NAMED = {metric.name: metric for metric in METRICS}


Names = tuple[str, str]
"""Before and after."""


class Setting(Artifact):
    """The variant and model of an entry."""

    variant: str
    model: str

    def __str__(self) -> str:
        return f"{self.variant} · {self.model}"


SettingPair = tuple[Setting, Setting]


def setting(entry: BenchEntryResult) -> Setting:
    """The variant and model of this entry."""
    return Setting(variant=entry.variant, model=entry.model)


def settings_of(results: BenchResults) -> tuple[Setting, ...]:
    """All settings, in the manifest's order."""
    return tuple(dict.fromkeys(setting(entry) for entry in results.entries))


def pairs(
    before: BenchResults, after: BenchResults, variants: Names | None = None, models: Names | None = None
) -> tuple[SettingPair, ...]:
    """The settings to compare: those with equal names, or the two that are given.

    Raises:
        SettingsError: a name is unknown, or the settings to compare are ambiguous.
    """
    first, second = settings_of(before), settings_of(after)
    by_variant = _matched("variant", [one.variant for one in first], [one.variant for one in second], variants)
    by_model = _matched("model", [one.model for one in first], [one.model for one in second], models)
    candidates = [
        (Setting(variant=old, model=old_model), Setting(variant=new, model=new_model))
        for old, new in by_variant
        for old_model, new_model in by_model
    ]
    same = before is after
    found = tuple((a, b) for a, b in candidates if a in first and b in second and not (same and a == b))
    if not found:
        raise SettingsError(_ambiguous(first, second, same=same))
    return found


def _matched(kind: str, first: Iterable[str], second: Iterable[str], named: Names | None) -> list[Names]:
    """The two given names; or the names that both sides have; or the only name of each side."""
    before, after = list(dict.fromkeys(first)), list(dict.fromkeys(second))
    if named:
        for name, known in zip(named, (before, after), strict=True):
            if name not in known:
                raise SettingsError(f"Unknown {kind} {name}. Available: {', '.join(known) or 'none'}.")
        return [named]
    if both := [(name, name) for name in before if name in after]:
        return both
    return [(before[0], after[0])] if len(before) == len(after) == 1 else []


def _ambiguous(before: tuple[Setting, ...], after: tuple[Setting, ...], *, same: bool) -> str:
    choose = "Choose two with --variants X Y or --models X Y"
    if same:
        return f"A result set cannot be compared with itself. {choose}: {_join(before)}."
    return f"The two result sets have no setting in common. {choose}: {_join(before)} before, {_join(after)} after."


def _join(settings: tuple[Setting, ...]) -> str:
    return ", ".join(map(str, settings)) or "none"


K = TypeVar("K")

Entries = Sequence[BenchEntryResult]


def grouped(
    entries: Iterable[BenchEntryResult], key: Callable[[BenchEntryResult], K]
) -> dict[K, list[BenchEntryResult]]:
    """Key -> its entries, in their order."""
    groups: defaultdict[K, list[BenchEntryResult]] = defaultdict(list)
    for entry in entries:
        groups[key(entry)].append(entry)
    return dict(groups)


def per_paper(metric: Metric, entries: Entries) -> dict[str, float]:
    """Paper -> mean over its repeats; only papers for which the metric was observed."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for entry in entries:
        if (value := metric.of(entry)) is not None:
            found[entry.paper].append(value)
    return {paper: fmean(values) for paper, values in found.items()}


def papers_of(entries: Entries) -> int:
    """The number of papers."""
    return len({entry.paper for entry in entries})


def mean_of(metric: Metric, entries: Entries) -> Interval | None:
    """The mean over papers if there are several, or else over repeats, or else the entry's own. None: not observed.

    With several papers, the interval is always over papers, even if only one was observed: how much its repeats or
    samples vary says nothing about other papers.
    """
    if papers_of(entries) > 1:
        mean = interval(list(per_paper(metric, entries).values()))
    elif len(entries) > 1:
        mean = interval([value for entry in entries if (value := metric.of(entry)) is not None])
    else:
        mean = _own(metric, entries[0]) if entries else None
    return metric.within(mean) if mean else None


def _own(metric: Metric, entry: BenchEntryResult) -> Interval | None:
    """A judge's mean has an interval over its samples; other metrics have one value."""
    value = metric.of(entry)
    judged = next((mean.score for mean in entry.judges if mean.judge == metric.name), None)
    return judged or (interval([value]) if value is not None else None)


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
    """The verdict as text."""
    return verdict.replace("_", " ")


def shares(summary: ClaimSummary) -> Iterator[tuple[str, PaperShare]]:
    """The shares of papers with their names."""
    return ((name, getattr(summary, field)) for field, name in OUTCOMES.items())


def hours(seconds: float) -> str:
    """Hours as text, with enough digits for short times."""
    return f"{seconds / 3600:.3g}"
