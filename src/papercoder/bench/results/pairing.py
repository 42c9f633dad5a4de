"""Which trials stand against which: paper by paper, under two settings."""

from collections.abc import Callable, Iterable

from papercoder.artifacts import Artifact
from papercoder.artifacts.bench import BenchResults, TrialResult
from papercoder.errors import SettingsError

Names = tuple[str, str]
"""Before, and after."""


class Setting(Artifact):
    """What a trial was made with."""

    variant: str
    model: str

    def __str__(self) -> str:
        return f"{self.variant} · {self.model}"


SettingPair = tuple[Setting, Setting]


def setting(trial: TrialResult) -> Setting:
    """What this trial was made with."""
    return Setting(variant=trial.variant, model=trial.model)


def settings_of(results: BenchResults) -> tuple[Setting, ...]:
    """All settings, in the manifest's order."""
    return tuple(dict.fromkeys(setting(trial) for trial in results.trials))


def pairs(
    before: BenchResults, after: BenchResults, variants: Names | None = None, models: Names | None = None
) -> tuple[SettingPair, ...]:
    """Settings that are compared: those of the same name, unless two were named.

    Raises:
        SettingsError: a name is on neither side, or it is not clear what to compare with what.
    """
    first, second = settings_of(before), settings_of(after)
    by_variant = _matched("variant", _names(first, _variant), _names(second, _variant), variants)
    by_model = _matched("model", _names(first, _model), _names(second, _model), models)
    candidates = [
        (Setting(variant=old, model=old_model), Setting(variant=new, model=new_model))
        for old, new in by_variant
        for old_model, new_model in by_model
    ]
    itself = before is after
    found = tuple((a, b) for a, b in candidates if a in first and b in second and not (itself and a == b))
    if not found:
        raise SettingsError(_unclear(first, second, itself=itself))
    return found


def _variant(one: Setting) -> str:
    return one.variant


def _model(one: Setting) -> str:
    return one.model


def _names(settings: Iterable[Setting], name: Callable[[Setting], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(name, settings)))


def _matched(kind: str, before: tuple[str, ...], after: tuple[str, ...], named: Names | None) -> list[Names]:
    """The two that were named; else the names that both sides have; else the only one of each side."""
    if named:
        for name, known in zip(named, (before, after), strict=True):
            if name not in known:
                raise SettingsError(f"There is no {kind} {name}; there are: {', '.join(known) or 'none'}.")
        return [named]
    if both := [(name, name) for name in before if name in after]:
        return both
    return [(before[0], after[0])] if len(before) == len(after) == 1 else []


def _unclear(before: tuple[Setting, ...], after: tuple[Setting, ...], *, itself: bool) -> str:
    named = "name two of them with --variants X Y or --models X Y"
    if itself:
        return f"One result set has nothing to be compared with; {named}: {_listed(before)}."
    return f"The two result sets share no setting; {named}: {_listed(before)} before, {_listed(after)} after."


def _listed(settings: tuple[Setting, ...]) -> str:
    return ", ".join(map(str, settings)) or "none"
