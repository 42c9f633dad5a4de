"""The configuration without its numbers: equal for texts that code cannot tell apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import ExperimentConfig
from papercoder.errors import ArtifactError
from papercoder.repository.config_text import config_outline, settings_named_in, to_yaml
from tests.support import CONFIG, setting


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
    assert settings_named_in(SETTINGS, 'config["training"]["epochs"]', "the kind").splitlines() == [
        "model:",
        "  kind: mlp",
        "training:",
        "  epochs: 40",
        "# Other keys: seed, model.head.{rate}, training.{rate, decay}",
    ]
    assert "    rate: 0.1  # of the head" in settings_named_in(SETTINGS, "rate")


@pytest.mark.parametrize(("text", "code"), [(SETTINGS, "nothing"), ("a:\n  - 1\nb: 2\n", "a")])
def test_settings_stay_whole_if_none_is_named_or_one_takes_several_lines(text: str, code: str) -> None:
    assert settings_named_in(text, code) == text
