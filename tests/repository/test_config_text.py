"""What is written as YAML is read back as it was."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import ConfigValue, ExperimentConfig
from papercoder.errors import ArtifactError
from papercoder.repository.config_text import config_outline, settings_named_in, to_yaml
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


def view(text: str) -> str:
    return config_outline(text, CONFIG)


def test_keys_types_words_and_meanings_stand_there_and_no_numbers() -> None:
    config = ExperimentConfig(
        values=(
            setting("model.kind", "mlp"),
            setting("model.widths", (64, 32), meaning="units\nof each layer"),
            setting("training.rate", 0.05, meaning="step size"),
            setting("seed", 0),
            setting("debug", value=False),
            setting("limit", None),
        )
    )
    assert config_outline(to_yaml(config), config).splitlines() == [
        "model:",
        "  kind: mlp",
        "  widths: [<int>, <int>]  # units of each layer",
        "training:",
        "  rate: <float>  # step size",
        "seed: <int>",
        "debug: <bool>",
        "limit: null",
    ]


@given(st.floats(allow_nan=False), st.integers(), st.booleans())
def test_another_number_is_the_same_view(rate: float, epochs: int, synthetic: bool) -> None:
    one = ExperimentConfig(values=(setting("a.rate", rate), setting("a.epochs", epochs), setting("b", synthetic)))
    other = ExperimentConfig(values=(setting("a.rate", 0.5), setting("a.epochs", 1), setting("b", value=True)))
    assert config_outline(to_yaml(one), one) == config_outline(to_yaml(other), other)


@pytest.mark.parametrize("other", ["a: word\n", "a: 1.0\n", "b: 1\n", "a: 1\nb: 1\n", "a: [1]\n", "a:\n  b: 1\n"])
def test_another_key_type_or_word_is_another_view(other: str) -> None:
    assert view("a: 1\n") != view(other)


def test_what_the_user_wrote_into_lists_has_no_numbers_either() -> None:
    assert view("runs:\n- {name: a, rate: 0.1}\n") == view("runs:\n- {name: a, rate: 0.2}\n")
    assert view("runs:\n- {name: a, rate: 0.1}\n") != view("runs:\n- {name: b, rate: 0.1}\n")


@pytest.mark.parametrize(
    ("text", "reason"), [("a: [\n", "not plain YAML"), ("", "has no keys"), ("- 1\n", "has no keys")]
)
def test_an_invalid_configuration_is_reported_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason) as caught:
        view(text)
    assert "\n" not in str(caught.value)


SETTINGS = """\
# Settings of the reproduction.
seed: 0
model:
  kind: mlp
  head:
    rate: 0.1  # of the head
training:
  rate: 0.05
  epochs: 40
  decay: 0.1
"""


def test_code_sees_the_settings_that_it_names_and_the_keys_of_the_rest() -> None:
    shown, rest = (
        ["model:", "  kind: mlp", "training:", "  epochs: 40"],
        "seed, model.head.{rate}, training.{rate, decay}",
    )
    named = 'config["training"]["epochs"]', "the kind"
    assert settings_named_in(SETTINGS, *named).splitlines() == [*shown, "# Other settings are left out here."]
    assert settings_named_in(SETTINGS, *named, list_rest=True).splitlines() == [*shown, f"# Other keys: {rest}"]
    assert "    rate: 0.1  # of the head" in settings_named_in(SETTINGS, "rate")


@pytest.mark.parametrize(("text", "code"), [(SETTINGS, "nothing"), ("a:\n  - 1\nb: 2\n", "a")])
def test_settings_stay_whole_if_none_is_named_or_one_takes_several_lines(text: str, code: str) -> None:
    assert settings_named_in(text, code) == text
