"""The changes of a hypothesis: amended settings and requirements, and claims before and after."""

from collections.abc import Iterable

from papercoder.artifacts import (
    ClaimChange,
    ClaimResult,
    ClaimResults,
    ConfigValue,
    ExperimentConfig,
    Hypothesis,
    OrderingResult,
    Requirement,
    Requirements,
    SettingChange,
)
from papercoder.artifacts.claims import ClaimVerdict
from papercoder.stages.diagnosis.selection import Shift


def changed_config(config: ExperimentConfig, changes: Iterable[SettingChange]) -> ExperimentConfig:
    """The configuration with other values; each former value becomes an alternative.

    Raises:
        ValueError: a value has another type than the one that it replaces.
    """
    new = {change.key: change.value for change in changes}

    def changed(value: ConfigValue) -> ConfigValue:
        if value.key not in new:
            return value
        replacement = new[value.key]
        if value.value is not None and not _same_type(value.value, replacement):
            raise ValueError(f"{value.key} is {value.value!r}, and {replacement!r} is of another type")
        others = tuple(each for each in value.alternatives if each != str(replacement))
        smoke = replacement if isinstance(replacement, bool | str) and value.smoke is not None else value.smoke
        return value.model_copy(
            update={
                "value": replacement,
                "smoke": smoke,
                "source": "assumed",
                "requirement": "",
                "quote": "",
                "alternatives": (str(value.value), *others),
            }
        )

    return ExperimentConfig(values=tuple(map(changed, config.values)))


def _same_type(old: object, new: object) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return isinstance(old, bool) and isinstance(new, bool)
    if isinstance(old, int | float):
        return isinstance(new, int | float)
    return new is None or isinstance(new, type(old))


def supported_requirements(requirements: Requirements, hypothesis: Hypothesis) -> Requirements:
    """The requirements after a hypothesis was kept: the new choice, the former one among its alternatives."""

    def supported(item: Requirement) -> Requirement:
        if item.id != hypothesis.requirement or hypothesis.kind != "reading":
            return item
        others = tuple(each for each in item.alternatives if each != hypothesis.reading)
        return item.model_copy(
            update={
                "statement": hypothesis.reading,
                "status": "assumed",  # the paper's words do not say it, even if they state the rest
                "alternatives": (item.statement, *others),
                "supported_by": hypothesis.id,
            }
        )

    return Requirements(items=tuple(map(supported, requirements.items)))


def claim_line(result: ClaimResult | OrderingResult) -> str:
    """A claim or an ordering, what was reported and what was measured, in one line that starts with its id."""
    if isinstance(result, OrderingResult):
        ordering = result.ordering
        return f"- {ordering.id} [{ordering.anchor}] {ordering.statement} {result.reason}".rstrip()
    claim, measured = result.claim, result.measured
    spread = "" if claim.spread is None else f" ± {claim.spread:g}"
    reported = f"{'' if claim.bound == '=' else claim.bound + ' '}{claim.printed or f'{claim.value:g}'}{spread}"
    what = "; ".join(filter(None, (claim.experiment, claim.method, claim.dataset, claim.metric)))
    if measured is None:
        return f"- {claim.id} [{claim.anchor}] {what}: reported {reported}, not measured"
    std = "" if measured.std is None else f" ± {measured.std:.3g}"
    seeds = f" over {measured.seeds} seeds" if measured.seeds else ""
    return f"- {claim.id} [{claim.anchor}] {what}: reported {reported}, measured {measured.value:.5g}{std}{seeds}"


def claim_changes(all_before: ClaimResults, before: ClaimResults, after: ClaimResults) -> tuple[ClaimChange, ...]:
    """Each claim and ordering that was measured before and after a change.

    Args:
        all_before: with all results from before the change.
        before: with those of the seeds that were measured again.
        after: with the results of these seeds after the change.
    """
    verdicts = {name: verdict for name, verdict, _ in _verdicts(all_before)}
    old = {name: (verdict, value) for name, verdict, value in _verdicts(before)}
    return tuple(
        ClaimChange(
            claim=name, before=verdicts[name], after=verdict, measured_before=old[name][1], measured_after=value
        )
        for name, verdict, value in _verdicts(after)
        if "not_run" not in {verdict, old[name][0]}
    )


def _verdicts(results: ClaimResults) -> Iterable[tuple[str, ClaimVerdict, float | None]]:
    for item in results.items:
        yield item.claim.id, item.verdict, item.measured.value if item.measured else None
    for each in results.orderings:
        yield each.ordering.id, each.verdict, each.difference


def shifts(before: ClaimResults, after: ClaimResults, claims: Iterable[str]) -> tuple[Shift, ...]:
    """What these claims measured before and after, paired by seed if both have the same number of seeds."""
    old = {item.claim.id: item for item in before.items}
    new = {item.claim.id: item for item in after.items}
    found = []
    for name in claims:
        one, other = old.get(name), new.get(name)
        if one is None or other is None or one.measured is None or other.measured is None:
            continue  # orderings are judged by paired seeds already
        pair = one.measured.values, other.measured.values
        if not pair[0] or len(pair[0]) != len(pair[1]):
            pair = (one.measured.value,), (other.measured.value,)
        found.append(Shift(name, *pair, other.tolerance))
    return tuple(found)
