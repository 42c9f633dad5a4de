"""Groups of entries and their means, and which settings of two result sets are compared."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import TypeVar

from papercoder.artifacts import Artifact, Interval
from papercoder.artifacts.bench import BenchEntryResult, BenchResults
from papercoder.bench.results.metrics import Metric
from papercoder.errors import SettingsError
from papercoder.evaluation.statistics import interval

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
