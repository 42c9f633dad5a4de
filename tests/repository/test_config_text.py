"""What is written as YAML is read back as it was."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import ConfigValue, ExperimentConfig
from papercoder.repository.config_text import to_yaml
from tests.support import CONFIG, setting

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True) | st.sampled_from(
    ["on", "no", "null", "true", "y"]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "yes",
        "null",
        "~",
        "1e-3",
        "0x1",
        "a: b",
        "# no",
        "a\nb",
        "- x",
        "12:30",
        "2024-01-01",
        "'",
        '"',
        "é",
        " ",
        "=",
        "!!x",
    ]
)
SCALARS = st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = SCALARS | st.lists(SCALARS, max_size=3).map(tuple)
KEYS = st.lists(NAMES, min_size=1, max_size=3).map(".".join)


def values() -> st.SearchStrategy[ConfigValue]:
    return st.builds(
        ConfigValue,
        key=KEYS,
        value=VALUES,
        smoke=st.none() | VALUES,
        source=st.sampled_from(["requirement", "quote", "assumed"]),
        quote=TEXTS,
        meaning=TEXTS,
        alternatives=st.lists(TEXTS, max_size=2).map(tuple),
    )


def fits(config: list[ConfigValue]) -> bool:
    keys = [value.key for value in config]
    return len(set(keys)) == len(keys) and not any(a.startswith(f"{b}.") for a in keys for b in keys)


def nested(config: ExperimentConfig, *, smoke: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for value in config.values:
        *groups, name = value.key.split(".")
        place = found
        for group in groups:
            place = place.setdefault(group, {})
        shown = value.smoke if smoke and value.smoke is not None else value.value
        place[name] = list(shown) if isinstance(shown, tuple) else shown
    return found


@given(st.lists(values(), min_size=1, max_size=6).filter(fits), st.booleans())
def test_yaml_gives_the_nested_values_back(found: list[ConfigValue], smoke: bool) -> None:
    config = ExperimentConfig(values=tuple(found))
    text = to_yaml(config, smoke=smoke)
    assert yaml.safe_load(text) == nested(config, smoke=smoke)
    keys = {".".join(value.key.split(".")[:depth]) for value in found for depth in range(1, value.key.count(".") + 2)}
    assert len(text.splitlines()) == 1 + len(keys)


def test_every_value_says_where_it_comes_from() -> None:
    text = to_yaml(CONFIG)
    assert 'epochs: 40  # the paper: "We train for 40 epochs"' in text
    assert "learning_rate: 0.05  # R2" in text
    assert "seed: 0  # ASSUMED; alternatives: 1" in text


def test_the_smoke_variant_has_the_same_keys_with_tiny_values() -> None:
    full, smoke = yaml.safe_load(to_yaml(CONFIG)), yaml.safe_load(to_yaml(CONFIG, smoke=True))
    assert full["training"] == {"learning_rate": 0.05, "epochs": 40}
    assert smoke == {"data": {"synthetic": True}, "training": {"learning_rate": 0.05, "epochs": 1}, "seed": 0}
    assert "epochs: 1  # tiny" in to_yaml(CONFIG, smoke=True)


def test_values_of_one_group_stand_together() -> None:
    config = ExperimentConfig(values=(setting("a.x", 1), setting("b", 2), setting("a.y", 3), setting("a.z.w", 4)))
    assert [line.split("#")[0].rstrip() for line in to_yaml(config).splitlines()[1:]] == [
        "a:",
        "  x: 1",
        "  y: 3",
        "  z:",
        "    w: 4",
        "b: 2",
    ]


@pytest.mark.parametrize("value", [1e-05, 1e20, 0.1, -0.0, 3, True, "1e-05", "", ("a", 1, 0.5)])
def test_numbers_stay_numbers_and_words_stay_words(value: Any) -> None:
    read = yaml.safe_load(to_yaml(ExperimentConfig(values=(setting("x", value),))))["x"]
    assert read == (list(value) if isinstance(value, tuple) else value)
    assert isinstance(read, list) or type(read) is type(value)
