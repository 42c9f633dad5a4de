"""What trials measured, by the names that claims use, in the units that claims use."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import isfinite, log
from statistics import fmean, stdev

from papercoder.artifacts import TrialResult
from papercoder.artifacts.claims import Claim, UnclaimedResult

Seed = tuple[str, int]
"""A data set, empty for the mean over several, and a seed: what two methods have in common in a paired comparison."""

_UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("ns", "nanoseconds"), ("time", 1e-9)),
    **dict.fromkeys(("us", "µs", "μs", "microseconds"), ("time", 1e-6)),
    **dict.fromkeys(("ms", "milliseconds"), ("time", 1e-3)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), ("time", 1.0)),
    **dict.fromkeys(("min", "minute", "minutes"), ("time", 60.0)),
    **dict.fromkeys(("h", "hour", "hours"), ("time", 3600.0)),
    **dict.fromkeys(("day", "days"), ("time", 86400.0)),
    **dict.fromkeys(("%", "percent", "percentage points", "points"), ("share", 0.01)),
    **dict.fromkeys(("fraction", "share"), ("share", 1.0)),
    **dict.fromkeys(("b", "bytes"), ("memory", 1.0)),
    **dict.fromkeys(("kb", "kilobytes"), ("memory", 1e3)),
    **dict.fromkeys(("mb", "megabytes"), ("memory", 1e6)),
    **dict.fromkeys(("gb", "gigabytes"), ("memory", 1e9)),
    **dict.fromkeys(("kib",), ("memory", 2.0**10)),
    **dict.fromkeys(("mib",), ("memory", 2.0**20)),
    **dict.fromkeys(("gib",), ("memory", 2.0**30)),
}
"""Unit -> its dimension and its size."""

_WITH_UNIT = re.compile(r"(?P<name>.+?)\s*(?:\((?P<round>[^()]+)\)|\[(?P<square>[^\[\]]+)\]|,? in (?P<words>[^ ]+))")


@dataclass(frozen=True)
class Measurement:
    """The values of one method, by seed, and how they came about."""

    values: Mapping[Seed, float] = field(default_factory=dict)
    diverged: frozenset[Seed] = frozenset()
    """Trials that ended with a number that is not finite."""

    toy: str = ""
    """Why these are toy results; empty if they are not."""

    notes: tuple[str, ...] = ()
    """Conversions of units, and measurements from another experiment."""

    missing: str = ""
    """Why there are no values."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for in the results."""

    experiment: str
    metric: str
    unit: str = ""
    value: float | None = None
    """The reported value, if there is one."""


class Measurements:
    """All results of trials."""

    def __init__(self, results: Iterable[TrialResult]) -> None:
        self._results = tuple(results)
        self._by_names: dict[tuple[str, str], list[TrialResult]] = {}
        self._by_claim: dict[str, list[TrialResult]] = {}
        self._used: set[tuple[str, str]] = set()
        for result in self._results:
            trial = result.trial
            self._by_names.setdefault((plain(trial.method), plain(trial.dataset)), []).append(result)
            for claim in trial.claims:
                self._by_claim.setdefault(claim, []).append(result)

    def of(self, claim: Claim) -> Measurement:
        """What was measured for the method of a claim."""
        if claim.averaged_over:
            return self._average(_wanted(claim), claim.method, claim.averaged_over)
        found = [r for r in self._by_claim.get(claim.id, ()) if plain(r.trial.method) == plain(claim.method)]
        found += self._named(claim.experiment, claim.method, claim.dataset)
        return self._measurement(_wanted(claim), list({result.trial.id: result for result in found}.values()))

    def of_other(self, claim: Claim) -> Measurement:
        """What was measured for the method with which a claim compares."""
        if claim.averaged_over:
            return self._average(_wanted(claim), claim.compared_with, claim.averaged_over)
        return self._measurement(_wanted(claim), self._named(claim.experiment, claim.compared_with, claim.dataset))

    def of_method(self, wanted: Wanted, method: str, dataset: str, averaged_over: Sequence[str] = ()) -> Measurement:
        """What was measured for a method; on all data sets if `dataset` is empty, or the mean over those given."""
        if averaged_over:
            return self._average(wanted, method, averaged_over)
        datasets = (dataset,) if dataset else dict.fromkeys(result.trial.dataset for result in self._results)
        found = [result for name in datasets for result in self._named(wanted.experiment, method, name)]
        return self._measurement(wanted, found)

    def unclaimed(self) -> Iterator[UnclaimedResult]:
        """The means of measurements that no claim has used so far."""
        groups: dict[tuple[str, str, str, str], list[float]] = {}
        for result in self._results:
            trial = result.trial
            for metric, value in result.measured.items() if result.status == "done" else ():
                if (trial.id, metric) not in self._used:
                    names = (trial.experiment, trial.method, trial.dataset, metric)
                    groups.setdefault(names, []).append(value)
        for (experiment, method, dataset, metric), values in groups.items():
            yield UnclaimedResult(
                experiment=experiment,
                method=method,
                dataset=dataset,
                metric=metric,
                mean=fmean(values),
                std=stdev(values) if len(values) > 1 else None,
                seeds=len(values),
            )

    def _average(self, wanted: Wanted, method: str, datasets: Sequence[str]) -> Measurement:
        """The mean over the data sets, of the seeds that all of them have."""
        results = {plain(name): self._named(wanted.experiment, method, name) for name in datasets}
        parts = {name: self._measurement(wanted, found) for name, found in results.items()}
        lacking = [name for name in datasets if not parts[plain(name)].values]
        diverged = frozenset(("", seed) for part in parts.values() for _, seed in part.diverged)
        if lacking:
            why = parts[plain(lacking[0])].missing or "Its trials measured no finite value."
            reason = f"The mean over {len(parts)} data sets lacks {', '.join(lacking)}. {lacking[0]}: {why}"
            return Measurement(diverged=diverged, missing=reason)
        # Each data set may have toy results alone, but only all values together tell fractions from percentages.
        kept = [[each for each in found if not toy_reason(each)] or found for found in results.values()]
        together = self._values(wanted, list(chain.from_iterable(kept)))
        by_seed: dict[int, list[float]] = {}
        for (_, seed), value in together.values.items():
            by_seed.setdefault(seed, []).append(value)
        values = {("", seed): fmean(found) for seed, found in by_seed.items() if len(found) == len(parts)}
        return Measurement(
            values=values,
            diverged=diverged,
            toy=next((part.toy for part in parts.values() if part.toy), ""),
            notes=together.notes,
            missing="" if values else f"No seed was measured on all of its {len(parts)} data sets.",
        )

    def _named(self, experiment: str, method: str, dataset: str) -> list[TrialResult]:
        """Results of this method, those of another experiment only if this one has none."""
        found = self._by_names.get((plain(method), plain(dataset)), [])
        return [result for result in found if plain(result.trial.experiment) == plain(experiment)] or found

    def _measurement(self, wanted: Wanted, results: Sequence[TrialResult]) -> Measurement:
        if not results:
            return Measurement(missing="No trial of this method was run.")
        full = [result for result in results if not toy_reason(result)]
        return self._values(wanted, full or results, "" if full else toy_reason(results[0]))

    def _values(self, wanted: Wanted, kept: Sequence[TrialResult], toy: str = "") -> Measurement:
        """The values of these results in the unit that is wanted."""
        diverged = frozenset((plain(r.trial.dataset), r.trial.seed) for r in kept if r.status == "diverged")
        done = [result for result in kept if result.status == "done"]
        if not done:
            reason = next((result.reason for result in kept if result.reason), "no reason was recorded")
            return Measurement(diverged=diverged, missing=f"All {len(kept)} trials failed: {reason}")
        keys = {result.trial.id: _metric_key(result.measured, wanted) for result in done}
        found = [result for result in done if keys[result.trial.id]]
        if not found:
            measured = ", ".join(sorted({name for result in done for name in result.measured})) or "nothing"
            return Measurement(diverged=diverged, missing=f"Its trials measure {measured}, not {wanted.metric}.")
        self._used.update((result.trial.id, keys[result.trial.id]) for result in found)
        elsewhere = sorted({result.trial.experiment for result in found} - {wanted.experiment})
        where = f"Measured in the experiment “{', '.join(elsewhere)}”." if elsewhere else ""
        values = {
            (plain(result.trial.dataset), result.trial.seed): result.measured[keys[result.trial.id]] for result in found
        }
        factor, note = self._factor(wanted, keys[found[0].trial.id], list(values.values()))
        return Measurement(
            values={seed: value * factor for seed, value in values.items() if isfinite(value)},
            diverged=diverged,
            toy=toy,
            notes=tuple(filter(None, (note, where))),
        )

    def _factor(self, wanted: Wanted, key: str, values: Sequence[float]) -> tuple[float, str]:
        """What turns measured values into the claim's unit, and a remark about it."""
        _, unit = split_unit(key)
        if unit and wanted.unit and plain(unit) != plain(wanted.unit):
            return conversion(unit, wanted.unit) or 1.0, f"Converted from {unit} to {wanted.unit}."
        if not unit and is_percentage(wanted.unit) and self._are_fractions(wanted, key, values):
            return 100.0, "The code measures fractions; they were converted to percent."
        return 1.0, ""

    def _are_fractions(self, wanted: Wanted, key: str, values: Sequence[float]) -> bool:
        """Whether every value of this metric is in [0, 1], and these are closer to the claim as percentages."""
        everywhere = (result.measured[key] for result in self._results if key in result.measured)
        mean = abs(fmean(values))
        if not all(0 <= value <= 1 for value in everywhere) or not mean or not wanted.value or wanted.value <= 1:
            return False
        return abs(log(100 * mean / wanted.value)) < abs(log(mean / wanted.value))


def toy_reason(result: TrialResult) -> str:
    """Why a result is not one at the paper's scale on its data; empty if it is."""
    scale = f"at {result.scale:.3g} of the paper's scale" if result.scale < 1 else ""
    return " and ".join(filter(None, (scale, "on synthetic data" if result.synthetic else "")))


def _wanted(claim: Claim) -> Wanted:
    return Wanted(claim.experiment, claim.metric, claim.unit, claim.value)


def _metric_key(measured: Mapping[str, float], wanted: Wanted) -> str:
    """The name under which a metric was measured: its own, or the same with a unit that can be converted."""
    for key in measured:
        if plain(key) == plain(wanted.metric):
            return key
    name_wanted, _ = split_unit(wanted.metric)
    for key in measured:
        name, unit = split_unit(key)
        if plain(name) == plain(name_wanted) and (not unit or not wanted.unit or conversion(unit, wanted.unit)):
            return key
    return ""


def split_unit(metric: str) -> tuple[str, str]:
    """`inference time (ms)` as `inference time` and `ms`; the unit is empty if the name ends with no known one."""
    found = _WITH_UNIT.fullmatch(metric.strip())
    unit = (found["round"] or found["square"] or found["words"] or "") if found else ""
    return (found["name"], unit) if found and plain(unit) in _UNITS else (metric, "")


def conversion(unit: str, into: str) -> float | None:
    """The factor from one unit to another; None if they are unknown or measure different things."""
    kind, size = _UNITS.get(plain(unit), ("", 0.0))
    other, other_size = _UNITS.get(plain(into), ("none", 1.0))
    return size / other_size if kind == other else 1.0 if plain(unit) == plain(into) else None


def is_percentage(unit: str) -> bool:
    """Whether a unit is a percentage."""
    return _UNITS.get(plain(unit)) == ("share", 0.01)


def plain(name: str) -> str:
    """A name without differences of case and blanks."""
    return " ".join(name.lower().split())
