import os
from pathlib import Path
from typing import Any

import pytest

from papercoder.errors import SettingsError
from papercoder.settings import TEXT_ROLES, Profile, Settings, parse_models, parse_thinking, recorded_settings


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PAPERCODER_"):
            monkeypatch.delenv(name)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))


def write_home(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "home" / "papercoder" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_there_are_defaults() -> None:
    settings = Settings()
    assert settings.model == "openai:gpt-6-luna"
    assert settings.concurrency == 16
    assert settings.max_cost is None
    assert {settings.model_for(role) for role in TEXT_ROLES} == {settings.model}
    assert not settings.has("vision")


def test_vision_has_a_model_only_if_it_is_chosen() -> None:
    chosen = Settings(models={"vision": "openai:gpt-6-luna"})
    assert (chosen.has("vision"), chosen.model_for("vision"), chosen.unused) == (True, "openai:gpt-6-luna", ())
    (message,) = Settings(models={"vision": "openai:gpt-6-luna"}, profile="paper").unused
    assert "vision has no effect" in message


def test_file_then_variable_then_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("papercoder.toml").write_text('model = "a:file"\nconcurrency = 2\nrefine = 3\n', encoding="utf-8")
    assert Settings().concurrency == 2
    monkeypatch.setenv("PAPERCODER_CONCURRENCY", "3")
    monkeypatch.setenv("PAPERCODER_MODEL", "a:variable")
    assert Settings().concurrency == 3
    settings = Settings(concurrency=4, model=None)
    assert (settings.concurrency, settings.model, settings.refine) == (4, "a:variable", 3)


def test_the_file_at_work_wins_over_the_one_at_home(tmp_path: Path) -> None:
    write_home(tmp_path, "concurrency = 5\n")
    assert Settings().concurrency == 5
    Path("papercoder.toml").write_text("refine = 2\n", encoding="utf-8")
    assert (Settings().concurrency, Settings().refine) == (5, 2)
    Path("papercoder.toml").write_text("concurrency = 4\n", encoding="utf-8")
    assert Settings().concurrency == 4


def test_roles_are_put_together_from_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("papercoder.toml").write_text('[models]\nplanning = "a:file"\ncoding = "a:file"\n', encoding="utf-8")
    monkeypatch.setenv("PAPERCODER_MODELS__REVIEW", "a:variable")
    settings = Settings(models={"coding": "a:flag"})
    assert [settings.model_for(role) for role in ("planning", "coding", "review")] == ["a:file", "a:flag", "a:variable"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("concurrency = 0\n", r"papercoder\.toml, concurrency: input should be greater than or equal to 1\."),
        ('concurency = "x"\n', r"papercoder\.toml, concurency: there is no such setting; the settings are model, "),
        ('openai_api_key = "secret"\n', r"papercoder\.toml, openai_api_key: API keys are not settings"),
        ('model = "gpt-5"\n', r"papercoder\.toml, model: write a model as PROVIDER:NAME"),
        ('[models]\nplaning = "a:b"\n', r"papercoder\.toml, models\.planing: 'planing' is not a role; the roles are"),
        ('[models]\ncoding = "b"\n', r"papercoder\.toml, models\.coding: write a model as"),
        ("model = \n", r"papercoder\.toml is not a TOML file"),
        (
            'profile = "fast"\n',
            r"papercoder\.toml, profile: input should be 'full', 'papercoder', 'paper', .* or 'repair'",
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_named(text: str, complaint: str) -> None:
    Path("papercoder.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=complaint) as failure:
        Settings()
    assert "secret" not in str(failure.value)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("price_prompt = 1.0\n", "price_prompt and price_completion must be given together"),
        ('base_url = "http://me:secret@host/v1"\n', r"config\.toml, base_url: write an address as http://HOST/v1"),
    ],
)
def test_what_is_wrong_in_the_users_own_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    write_home(tmp_path, text)
    with pytest.raises(SettingsError, match=complaint) as failure:
        Settings()
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("PAPERCODER_CONCURRENCY", "many", "PAPERCODER_CONCURRENCY: input should be a valid integer"),
        ("PAPERCODER_MODELS__CODING", "gpt", "PAPERCODER_MODELS__CODING: write a model as"),
        ("PAPERCODER_MODELS", "coding=a:b", "PAPERCODER_MODELS is not JSON"),
    ],
)
def test_what_is_wrong_in_a_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=complaint):
        Settings()


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [({"max_cost": -1}, "--max-cost: input should be"), ({"idle_timeout": 0}, "--idle-timeout: input should be")],
)
def test_what_is_wrong_in_a_flag_is_named(flags: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        Settings(**flags)


def test_requested_rounds_without_effect_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(profile="requirements").unused == ()
    assert Settings(profile="requirements", review_rounds=0, refine=3).unused == ()
    assert Settings(profile="repair", review_rounds=1, repair_rounds=1).unused == ()
    Path("papercoder.toml").write_text("refine = 1\n", encoding="utf-8")
    monkeypatch.setenv("PAPERCODER_REVIEW_ROUNDS", "2")
    unused = [message.partition(" has no effect")[0] for message in Settings(profile="plan", repair_rounds=5).unused]
    assert unused == ["refine = 1", "repair_rounds = 5", "review_rounds = 2"]
    assert Settings(profile="requirements").unused == (
        "review_rounds = 2 has no effect, because the profile requirements has no such rounds",
    )


def test_the_order_of_coding_counts_where_files_can_be_reconciled() -> None:
    chosen = Settings(coding="parallel")
    assert (chosen.unused, recorded_settings(chosen)["coding"]) == ((), "parallel")
    published = Settings(coding="parallel", profile="papercoder")
    assert published.unused == (
        "coding = parallel has no effect, because the profile papercoder writes files in layers",
    )
    assert "coding" not in recorded_settings(published)
    assert Settings(profile="papercoder").unused == ()


@pytest.mark.parametrize(
    ("profile", "rounds"),
    [
        ("papercoder", set()),
        ("requirements", {"refine"}),
        ("review", {"refine", "review_rounds"}),
        ("full", {"refine", "review_rounds", "repair_rounds"}),
    ],
)
def test_rounds_that_a_profile_has_not_shape_nothing_to_remember(profile: Profile, rounds: set[str]) -> None:
    kept = recorded_settings(Settings(profile=profile))
    assert {name for name in kept if name == "refine" or name.endswith("_rounds")} == rounds


def test_models_are_read_from_flags() -> None:
    values = ["coding=openai:gpt-5", "simulated:files=4,width=2", "planning=recorded:some/folder"]
    assert parse_models(values) == (
        "simulated:files=4,width=2",
        {"coding": "openai:gpt-5", "planning": "recorded:some/folder"},
    )
    assert parse_models([]) == (None, {})


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("planing=openai:x", "--model: 'planing' is not a role; the roles are planning, analysis"),
        ("gpt-5", "--model: 'gpt-5' is not a model; write PROVIDER:NAME"),
        ("coding=gpt-5", "--model: 'gpt-5' is not a model"),
        ("openai:", "--model: 'openai:' is not a model"),
    ],
)
def test_a_wrong_model_flag_says_what_a_right_one_is(value: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        parse_models([value])


def test_providers_may_have_a_slash_in_their_names() -> None:
    assert parse_models(["gateway/openai:gpt-6-luna", "review=command:claude -p --model=x"]) == (
        "gateway/openai:gpt-6-luna",
        {"review": "command:claude -p --model=x"},
    )


def test_thinking_is_read_from_flags_and_has_levels_by_role(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_thinking(["low", "review=high", "coding=off"]) == ("low", {"review": "high", "coding": "off"})
    assert Settings().thinking_levels == {}
    monkeypatch.setenv("PAPERCODER_ROLE_THINKING__REVIEW", "high")
    assert Settings().thinking_levels == {"review": "high"}
    levels = Settings(thinking="low").thinking_levels
    assert (levels["planning"], levels["review"]) == ("low", "high")


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("much", "--thinking: 'much' is not a level; the levels are off, low, medium, high"),
        ("reviw=high", "--thinking: 'reviw' is not a role; the roles are planning"),
    ],
)
def test_a_wrong_thinking_flag_says_what_a_right_one_is(value: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        parse_thinking([value])


def test_a_run_is_resumed_with_its_thinking() -> None:
    kept = recorded_settings(Settings(thinking="high", role_thinking={"coding": "off"}))
    assert (kept["thinking"], kept["role_thinking"]) == ("high", {"coding": "off"})
    assert not {"thinking", "role_thinking"} & recorded_settings(Settings()).keys()


def test_an_address_applies_to_self_hosted_providers_or_to_the_one_that_it_names() -> None:
    bare = Settings(model="vllm:x", models={"review": "openai:y"}, base_url="http://gpu:8000/v1?a=b")
    assert bare.base_url_for("vllm") == "http://gpu:8000/v1?a=b"
    assert bare.base_url_for("openai") is None
    named = Settings(model="openai:y", base_url="openai=https://proxy.example/v1")
    assert named.base_url_for("openai") == "https://proxy.example/v1"
    assert named.base_url_for("vllm") is None


def test_an_address_that_no_model_uses_is_an_error_as_a_flag_and_noted_in_a_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none of the models is self-hosted.*--base-url PROVIDER=https://x"):
        Settings(model="openai:y", base_url="https://x.example/v1")
    write_home(tmp_path, 'base_url = "https://x.example/v1"\n')
    assert Settings(model="openai:y").unused == (
        "base_url = https://x.example/v1 has no effect, because none of the models is self-hosted",
    )


def test_keys_are_nowhere_in_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert "sk-secret" not in Settings().model_dump_json()
