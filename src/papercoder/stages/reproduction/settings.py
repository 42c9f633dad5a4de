"""The settings that a reproduction changes: those of the data, and at reduced scale those that planning marked."""

import math
from collections.abc import Iterable, Iterator

from papercoder.artifacts import ConfigValue, RunData, SourceFile
from papercoder.artifacts.reproduction import Setting
from papercoder.datasets.mounts import DATA_ROOT, mounts_for
from papercoder.text.yaml_text import InvalidYaml, load_yaml

CONFIG = "config.yaml"


def data_settings(files: Iterable[SourceFile], data: RunData) -> tuple[Setting, ...]:
    """Where the data are; synthetic data unless all that the repository needs are there.

    A setting that `config.yaml` does not have is left out.
    """
    mounts = mounts_for(data)
    if not mounts.present and not mounts.missing:
        return ()
    known = flat_settings(files)
    values = {"data.root": DATA_ROOT, "data.synthetic": not mounts.complete}
    return tuple(Setting(key=key, value=value) for key, value in values.items() if key in known)


def flat_settings(files: Iterable[SourceFile], changes: Iterable[Setting] = ()) -> dict[str, object]:
    """Dotted key -> value of every setting in `config.yaml`, with these changes; empty if it is not YAML."""
    text = next((file.text for file in files if file.path == CONFIG), "")
    try:
        config = load_yaml(text)
    except InvalidYaml:
        return {}
    return {**dict(_flat(config, "")), **{change.key: change.value for change in changes}}


def _flat(config: object, prefix: str) -> Iterator[tuple[str, object]]:
    if isinstance(config, dict):
        for name, value in config.items():
            yield from _flat(value, f"{prefix}.{name}" if prefix else str(name))
    elif prefix:
        yield prefix, config


def scaled_settings(values: Iterable[ConfigValue], scale: float) -> tuple[Setting, ...]:
    """The settings that change at this share of the paper's scale.

    Counts are rounded, lists shortened. Neither becomes smaller than its value in the smoke run, or than 1.
    """
    return tuple(_scaled(values, scale)) if scale < 1 else ()


def _scaled(values: Iterable[ConfigValue], scale: float) -> Iterator[Setting]:
    for item in values:
        if not item.scalable:
            continue
        match item.value:
            case bool() | str() | None:
                continue
            case int(count):
                least = item.smoke if isinstance(item.smoke, int) and 1 <= item.smoke <= count else min(1, count)
                new: int | float | list[object] = max(least, round(count * scale))
            case float(amount):
                least_amount = item.smoke if isinstance(item.smoke, int | float) and item.smoke <= amount else 0.0
                new = max(least_amount, amount * scale)
            case items:
                shortest = len(item.smoke) if isinstance(item.smoke, list | tuple) else 1
                new = list(items[: max(shortest, math.ceil(len(items) * scale))])
        if new != item.value:
            yield Setting(key=item.key, value=new)
