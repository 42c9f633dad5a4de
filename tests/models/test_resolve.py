""""""

import subprocess
import sys
from pathlib import Path

import pytest

from papercoder.errors import SettingsError
from papercoder.models.catalog import PROVIDERS, Provider
from papercoder.models.contract import Price
from papercoder.models.resolve import (
    chosen_models,
    models_by_role,
    price_of_spec,
    provider_statuses,
    resolve,
    window_of_spec,
)
from papercoder.settings import Settings

pytestmark = pytest.mark.usefixtures("bare")

WITH_KEYS = [each for each in PROVIDERS if each.key_variables and each.sdk_is_installed]


@pytest.mark.parametrize("provider", WITH_KEYS, ids=lambda each: each.name)
def test_every_provider_of_an_installed_sdk_can_be_chosen(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*provider.key_variables[-1:], *provider.also):
        monkeypatch.setenv(name, "pylf_v1_us_x")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://mine.openai.azure.com/openai/v1")
    address = {"base_url": "http://localhost:9/v1"} if provider.name == "openai-compatible" else {}
    spec = f"{provider.name}:{provider.example}"
    assert resolve(spec, Settings(model=spec, **address)).name == spec


@pytest.mark.parametrize(
    "provider", [each for each in PROVIDERS if not each.sdk_is_installed], ids=lambda each: each.name
)
def test_a_missing_sdk_names_the_extra(provider: Provider) -> None:
    with pytest.raises(SettingsError, match=rf"{provider.name} needs the package .*papercoder\[providers\]"):
        resolve(f"{provider.name}:x", Settings())


def test_a_provider_without_models_that_write_text_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELEVENLABS_API_KEY", "x")
    with pytest.raises(SettingsError, match="elevenlabs"):
        resolve("elevenlabs:x", Settings())


def test_a_compatible_server_needs_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="--base-url"):
        resolve("openai-compatible:x", Settings())
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://localhost:9/v1")
    assert resolve("openai-compatible:x", Settings()).name == "openai-compatible:x"


def test_what_is_known_of_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    known = resolve("openai:gpt-5-mini", Settings())
    assert (known.context_window, known.price) == (400_000, Price(prompt=0.25, cached=0.025, completion=2.0))
    unknown = resolve("openai:gpt-99", Settings())
    assert (unknown.context_window, unknown.price) == (128_000, None)
    writing = resolve("anthropic:claude-sonnet-5", Settings()).price
    assert writing == Price(prompt=2.5, cached=0.2, completion=10.0)
    assert resolve("ollama:qwen3", Settings()).price == Price(prompt=0.0, cached=0.0, completion=0.0)
    elsewhere = Settings(model="ollama:qwen3", base_url="https://elsewhere.example/v1")
    assert resolve("ollama:qwen3", elsewhere).price is None


def test_subscriptions_and_programs_cost_nothing_extra() -> None:
    nothing = Price(prompt=0.0, cached=0.0, completion=0.0)
    assert price_of_spec("openai-codex:gpt-6.1-sol", Settings()) == nothing
    assert price_of_spec("command:cat", Settings()) == nothing
    assert window_of_spec("openai-codex:gpt-6.1-sol", Settings()) == 1_050_000
    assert window_of_spec("command:cat", Settings(context_window=9000)) == 9000


def test_the_users_settings_win_over_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    model = resolve("openai:gpt-5-mini", Settings(context_window=9000, price_prompt=1.0, price_completion=2.0))
    assert (model.context_window, model.price) == (9000, Price(prompt=1.0, cached=1.0, completion=2.0))


def test_roles_with_the_same_specification_share_a_model(tmp_path: Path) -> None:
    models = models_by_role(Settings(model="simulated:files=4", models={"review": f"relay:{tmp_path}"}))
    assert models["planning"] is models["repair"]
    assert models["review"].name == f"relay:{tmp_path}"


def test_test_models_and_programs_work_without_the_providers_libraries() -> None:
    code = (
        "import sys; from papercoder.models import resolve, stack; from papercoder.settings import Settings; "
        "resolve.models_by_role(Settings(model='simulated:files=4', models={'review': 'command:cat'})); "
        "assert not {'pydantic_ai', 'genai_prices', 'openai'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_vision_is_off_unless_chosen_and_needs_a_model_for_images() -> None:
    simulated = "simulated:files=4"
    assert "vision" not in models_by_role(Settings(model=simulated))
    assert models_by_role(Settings(model=simulated, models={"vision": simulated}))["vision"].name == simulated
    for spec in ("command:cat", "agent:mcp"):
        with pytest.raises(SettingsError, match=rf"--model vision={spec}: .* gets text alone"):
            models_by_role(Settings(model=simulated, models={"vision": spec}))


def test_chosen_models_come_with_their_roles_and_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "secret")
    settings = Settings(model="google:gemini-3.8-flash", models={"coding": "openai:gpt-6-lna"})
    google, openai = chosen_models(settings)
    assert (google.spec, openai.roles) == ("google:gemini-3.8-flash", ("coding",))
    assert google.price is not None
    assert google.context_window == 1_000_000
    assert not google.notes
    assert openai.notes == (
        "not configured: set OPENAI_API_KEY",
        "not in the price list; did you mean openai:gpt-6-luna?",
    )


def test_a_retired_model_is_noted() -> None:
    (model,) = chosen_models(Settings(model="google:gemini-2.0-flash"))
    assert "the provider has announced the end of this model" in model.notes


def test_models_without_a_provider_have_no_notes() -> None:
    assert [model.notes for model in chosen_models(Settings(model="command:cat"))] == [()]


def test_statuses_say_what_is_missing_and_show_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "secret")
    statuses = {each.provider: each for each in provider_statuses(Settings())}
    assert statuses["openai"].missing == "set OPENAI_API_KEY"
    assert not statuses["google"].missing
    assert statuses["ollama"].base_url == "http://localhost:11434/v1"
    assert statuses["openai-compatible"].missing == "give --base-url"
    assert not any("secret" in each.model_dump_json() for each in statuses.values())


def test_an_address_belongs_to_self_hosted_providers_unless_it_names_one() -> None:
    own = {each.provider: each for each in provider_statuses(Settings(model="vllm:x", base_url="http://gpu:8000/v1"))}
    assert own["vllm"].base_url == "http://gpu:8000/v1"
    assert own["openai"].base_url is None
    named = provider_statuses(Settings(base_url="openai=https://proxy.example/v1"))
    addresses = {each.provider: each.base_url for each in named}
    assert addresses["openai"] == "https://proxy.example/v1"
    assert addresses["vllm"] == "http://localhost:8000/v1"
