"""The bundled example and its settings."""

from pathlib import Path

import pytest

from papercoder.errors import SettingsError
from papercoder.operations.generate import BUDGET, Example, example


@pytest.fixture
def bundled() -> Example:
    found = example()
    assert found
    return found


def test_the_example_has_a_paper_and_recorded_answers(bundled: Example) -> None:
    assert bundled.paper.is_file()
    assert (bundled.folder / "recorded" / "recording.json").is_file()


def test_it_runs_with_default_settings_but_with_the_sandbox_of_the_user(bundled: Example) -> None:
    Path("papercoder.toml").write_text(
        'model = "openai:a"\nrefine = 3\nprofile = "papercoder"\nsandbox = "docker"\n[models]\nplanning = "openai:b"\n',
        encoding="utf-8",
    )
    settings = bundled.settings()
    assert (settings.refine, settings.profile, settings.reproduce, settings.models) == (1, "full", True, {})
    assert settings.model == f"recorded:{bundled.folder / 'recorded'}"
    assert settings.sandbox == "docker"
    assert bundled.settings(sandbox="none").sandbox == "none"


def test_the_user_may_give_trials_more_or_less_time(bundled: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bundled.settings().budget == BUDGET
    monkeypatch.setenv("PAPERCODER_BUDGET", "20s")
    assert bundled.settings().budget == 20


def test_an_unknown_sandbox_is_an_error(bundled: Example) -> None:
    with pytest.raises(SettingsError, match="--sandbox"):
        bundled.settings(sandbox="chroot")
