"""The options of a new run on the page."""

from pathlib import Path
from typing import get_args

import pytest

from papercoder.errors import SettingsError
from papercoder.paper.fidelity import Estimate
from papercoder.settings import Profile, Settings
from papercoder.web.papers.run_options import PROFILES, check_models, describe, run_settings, suggested_models


def test_options_override_the_settings_file() -> None:
    Path("papercoder.toml").write_text('model = "openai:a"\nrefine = 3\n', encoding="utf-8")
    settings = run_settings(Settings(), "anthropic:b ", "papercoder", 2.5)
    assert (settings.model, settings.profile, settings.max_cost, settings.refine) == (
        "anthropic:b",
        "papercoder",
        2.5,
        3,
    )


@pytest.mark.parametrize("spec", ["recorded:/etc", "relay:/tmp/x", "relay:runs", "command:rm -rf x"])
def test_a_model_that_opens_folders_or_runs_programs_is_rejected(spec: str) -> None:
    with pytest.raises(SettingsError, match="folders or programs of this machine"):
        run_settings(Settings(), spec, "full", None)


def test_a_folder_named_in_the_settings_file_is_allowed() -> None:
    given = Settings(model="recorded:somewhere")
    assert run_settings(given, "recorded:somewhere", "full", None).model == "recorded:somewhere"


@pytest.mark.parametrize(("model", "cap"), [("nothing", None), ("", None), ("openai:x", -1.0)])
def test_invalid_values_are_rejected(model: str, cap: float | None) -> None:
    with pytest.raises(SettingsError):
        run_settings(Settings(), model, "full", cap)


def test_a_missing_key_is_reported_before_the_run_starts() -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        check_models(Settings(model="openai:gpt-5-mini"))


def test_suggestions_start_with_the_model_of_the_settings() -> None:
    assert suggested_models(Settings(model="simulated:files=4"))[0] == "simulated:files=4"


def test_an_unknown_price_is_stated() -> None:
    found = Estimate(model="x:y", calls=2, prompt_tokens=10, completion_tokens=5)
    assert "a cost limit cannot be enforced" in describe(found)


def test_every_profile_has_a_label() -> None:
    assert list(PROFILES) == list(get_args(Profile))
