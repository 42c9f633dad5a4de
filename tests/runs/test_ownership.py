"""Which runs count as this user's own."""

import shutil
import stat
from pathlib import Path

import pytest

from papercoder.runs.event_log import EventLog, last_start, trusted_start
from papercoder.runs.events import RunStarted
from papercoder.runs.ownership import foreign_start, is_own
from papercoder.settings import state_folder


def start(
    folder: Path, paper: str = "/papers/kiln.pdf", model: str = "openai:x", **settings: float | str
) -> RunStarted:
    folder.mkdir(exist_ok=True)
    EventLog(folder)(RunStarted(paper=paper, models={"coding": model}, profile="full", settings=settings))
    found = last_start(folder)
    assert found
    return found


def test_a_run_that_this_user_started_is_own_and_trusted_as_it_is(tmp_path: Path) -> None:
    began = start(tmp_path / "run", sandbox="subprocess", max_cost=float("inf"))
    assert is_own(tmp_path / "run", began)
    assert trusted_start(tmp_path / "run") == began


@pytest.mark.parametrize("change", ["other settings", "no signature", "a copy", "another user"])
def test_any_other_run_is_foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    folder = tmp_path / "run"
    began = start(folder)
    match change:
        case "other settings":
            began = began.model_copy(update={"settings": {"sandbox": "subprocess"}})
        case "no signature":
            began = began.model_copy(update={"signature": ""})
        case "a copy":
            folder = Path(shutil.copytree(folder, tmp_path / "copy"))
        case _:
            monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state of another"))
    assert not is_own(folder, began)


def test_of_a_foreign_run_only_harmless_settings_are_trusted(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    start(folder, sandbox="subprocess", base_url="http://evil.example/v1", price_prompt=0.0, refine=3)
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    found = trusted_start(copy)
    assert found
    assert (found.settings, found.models, found.paper) == ({"refine": 3}, {"coding": "openai:x"}, "kiln.pdf")


@pytest.mark.parametrize("model", ["recorded:/home", "relay:/tmp/x", "command:sh -c x"])
def test_models_by_path_are_not_trusted(tmp_path: Path, model: str) -> None:
    start(tmp_path / "run", model=model)
    found = trusted_start(Path(shutil.copytree(tmp_path / "run", tmp_path / "copy")))
    assert found
    assert found.models == {}


def test_what_was_ignored_is_named(tmp_path: Path) -> None:
    began = start(tmp_path / "run", model="relay:x", sandbox="subprocess", refine=3)
    used = RunStarted(
        paper="", models={"coding": "openai:y"}, profile="full", settings={"sandbox": "auto", "refine": 3}
    )
    assert foreign_start(tmp_path / "run", began, used) == ()
    foreign = began.model_copy(update={"signature": ""})
    observed, ignored = foreign_start(tmp_path, foreign, used)
    assert "is observed again" in observed
    assert "not used: sandbox = subprocess; models = relay:x. Give them" in ignored
    assert foreign_start(tmp_path, foreign, foreign) == (observed,)


def test_the_key_is_for_this_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    start(tmp_path / "run")
    key = state_folder() / "run-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert list(key.parent.iterdir()) == [key]


def test_without_a_place_for_the_key_a_run_starts_unsigned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    began = start(tmp_path / "run")
    assert began.signature == ""
    assert not is_own(tmp_path / "run", began)
