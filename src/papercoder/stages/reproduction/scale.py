"""A reproduction at reduced scale: the settings that planning marked as scalable, shrunk."""

import math
from collections.abc import Iterable, Iterator

from papercoder.artifacts import ConfigValue
from papercoder.artifacts.reproduction import Setting


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
