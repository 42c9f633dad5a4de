import pytest

from papercoder.models.overview import chosen_models, provider_statuses
from papercoder.settings import Settings

pytestmark = pytest.mark.usefixtures("bare")


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
