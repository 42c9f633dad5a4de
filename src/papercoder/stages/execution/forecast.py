"""How long the full reproduction may take, told before it starts: from the smoke run's time and what grows after it."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from papercoder.artifacts import StepResult

_CONFIG, _SMOKE = "config.yaml", "config.smoke.yaml"


def forecast(repository: Path, smoke: StepResult) -> str:
    """An order of magnitude, in one sentence.

    The setting that grows most between the two configurations is taken to multiply the smoke run's time. Others may
    multiply it too, and part of that time does not grow at all.
    """
    grown = sorted(_growth(_load(repository / _CONFIG), _load(repository / _SMOKE), ()))
    factor, key = grown[-1] if grown else (1.0, "")
    because = f"`{key}` grows {factor:.0f} times" if key else "no setting grows"
    return (
        f"the full reproduction may take about {_duration(smoke.seconds * factor)}, by order of magnitude: the smoke "
        f"run took {_duration(smoke.seconds)}, and {because}"
    )


def _load(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None


def _growth(full: object, smoke: object, above: tuple[str, ...]) -> Iterator[tuple[float, str]]:
    """How many times larger each count and list is, with its key."""
    if isinstance(full, dict) and isinstance(smoke, dict):
        for name, value in full.items():
            yield from _growth(value, smoke.get(name), (*above, str(name)))
        return
    sizes = _size(full), _size(smoke)
    if sizes[0] > sizes[1] > 0:
        yield sizes[0] / sizes[1], ".".join(above)


def _size(value: object) -> float:
    """A list's length, or a count, with one added so that numbering from zero is no division by it; else zero."""
    if isinstance(value, list):
        return len(value)
    return value + 1.0 if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0.0


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 1):.0f} seconds"
