"""Only settings that set the scale are shrunk."""

from typing import Any

import pytest

from papercoder.artifacts import ConfigValue
from papercoder.stages.reproduction.preparation import scaled_settings


def scaled(value: Any, scale: float, smoke: Any = None, scalable: bool = True) -> Any:
    item = ConfigValue(key="training.steps", value=value, smoke=smoke, source="assumed", scalable=scalable)
    return {setting.key: setting.value for setting in scaled_settings([item], scale)}.get("training.steps", "unchanged")


@pytest.mark.parametrize(
    ("value", "scale", "smoke", "expected"),
    [
        (1000, 0.1, None, 100),
        (5, 0.1, None, 1),
        (1000, 0.001, 10, 10),
        (0, 0.5, None, "unchanged"),
        (0.8, 0.5, None, 0.4),
        ((1, 2, 3, 4), 0.5, None, [1, 2]),
        ((1, 2, 3, 4), 0.01, (1, 2, 3), [1, 2, 3]),
        ((1, 2, 3, 4), 0.01, None, [1]),
        (True, 0.5, None, "unchanged"),
        ("adam", 0.5, None, "unchanged"),
        (1000, 1.0, None, "unchanged"),
    ],
)
def test_values_shrink_but_not_below_the_smoke_run(value: Any, scale: float, smoke: Any, expected: Any) -> None:
    assert scaled(value, scale, smoke) == expected


def test_other_settings_stay() -> None:
    assert scaled(1000, 0.1, scalable=False) == "unchanged"
