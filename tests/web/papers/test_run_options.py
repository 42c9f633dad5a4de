"""What a run may be told on the page."""

from pathlib import Path
from typing import get_args

import pytest

from papercoder.errors import SettingsError
from papercoder.paper.fidelity import Estimate
from papercoder.settings import Profile, Settings
from papercoder.web.papers.run_options import TOLD, check, chosen, in_words, offered


def test_model_profile_and_cap_go_over_the_settings_file() -> None:
    Path("papercoder.toml").write_text('model = "openai:a"\nrefine = 3\n', encoding="utf-8")
    settings = chosen(Settings(), "anthropic:b ", "papercoder", 2.5)
    assert (settings.model, settings.profile, settings.max_cost, settings.refine) == (
        "anthropic:b",
        "papercoder",
        2.5,
        3,
    )


@pytest.mark.parametrize("spec", ["recorded:/etc", "relay:/tmp/x", "relay:runs", "command:rm -rf x"])
def test_a_model_that_opens_folders_or_runs_programs_is_rejected(spec: str) -> None:
    with pytest.raises(SettingsError, match="folders or programs of this machine"):
        chosen(Settings(), spec, "full", None)


def test_a_folder_that_the_settings_file_names_will_do() -> None:
    given = Settings(model="recorded:somewhere")
    assert chosen(given, "recorded:somewhere", "full", None).model == "recorded:somewhere"


@pytest.mark.parametrize(("model", "cap"), [("nothing", None), ("", None), ("openai:x", -1.0)])
def test_nonsense_is_refused_in_a_sentence(model: str, cap: float | None) -> None:
    with pytest.raises(SettingsError):
        chosen(Settings(), model, "full", cap)


def test_a_missing_key_is_told_before_anything_begins() -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        check(Settings(model="openai:gpt-5-mini"))


def test_what_is_offered_begins_with_the_settings_own() -> None:
    assert offered(Settings(model="simulated:files=4"))[0] == "simulated:files=4"


def test_an_unknown_price_is_said() -> None:
    found = Estimate(model="x:y", calls=2, prompt_tokens=10, completion_tokens=5)
    assert "a cost limit cannot be enforced" in in_words(found)


def test_every_profile_is_told_of() -> None:
    assert list(TOLD) == list(get_args(Profile))
