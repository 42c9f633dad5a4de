"""Forecast of the full reproduction's time, from the time of the smoke step and the settings that grow."""

from collections.abc import Iterator
from pathlib import Path

from papercoder.artifacts import StepResult
from papercoder.errors import RunFolderError
from papercoder.files.regular import read_text
from papercoder.text.yaml_text import InvalidYaml, Yaml, load_yaml

_CONFIG, _SMOKE = "config.yaml", "config.smoke.yaml"
_LARGEST = 1_000_000
"""Bytes of a configuration that is read."""


def forecast(repository: Path, smoke: StepResult) -> str:
    """Forecast the time in one sentence, by order of magnitude.

    Multiplies the smoke time by the factor of the setting that grows most between the two configurations. Other
    settings may multiply it too, and part of the time does not grow at all.
    """
    grown = sorted(_growth(_load(repository, _CONFIG), _load(repository, _SMOKE), ()))
    factor, key = grown[-1] if grown else (1.0, "")
    because = f"`{key}` grows {factor:.0f} times" if key else "no setting grows"
    return (
        f"the full reproduction may take about {_duration(smoke.seconds * factor)}, by order of magnitude: the smoke "
        f"run took {_duration(smoke.seconds)}, and {because}"
    )


def _load(repository: Path, name: str) -> Yaml:
    try:
        return load_yaml(read_text(repository, name, _LARGEST) or "")
    except (RunFolderError, InvalidYaml):
        return None


def _growth(full: object, smoke: object, above: tuple[str, ...]) -> Iterator[tuple[float, str]]:
    """The growth factor of each count and list, with its key."""
    if isinstance(full, dict) and isinstance(smoke, dict):
        for name, value in full.items():
            yield from _growth(value, smoke.get(name), (*above, str(name)))
        return
    sizes = _size(full), _size(smoke)
    if sizes[0] > sizes[1] > 0:
        yield sizes[0] / sizes[1], ".".join(above)


def _size(value: object) -> float:
    """The length of a list, or a count plus one to avoid division by zero; 0 for anything else."""
    if isinstance(value, list):
        return len(value)
    return value + 1.0 if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0.0


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 1):.0f} seconds"
