import pytest

from papercoder.models.check import check_providers
from papercoder.settings import Settings

pytestmark = pytest.mark.usefixtures("bare")


def test_what_is_missing_is_told_and_no_key_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "secret")
    settings = Settings(model="google:gemini-2.5-flash", models={"coding": "openai:gpt-5"})
    checks = {check.provider: check for check in check_providers(settings)}
    assert not checks["openai"].ready
    assert checks["openai"].chosen
    assert checks["openai"].key_variable == "OPENAI_API_KEY"
    assert checks["openai"].model == "gpt-5"
    assert checks["google"].ready
    assert checks["google"].key_variable == "GEMINI_API_KEY"
    assert checks["google"].price is not None
    assert checks["ollama"].ready
    assert not checks["ollama"].chosen
    assert not checks["openai-compatible"].ready
    assert checks["openai-compatible"].base_url is None
    assert not any("secret" in check.model_dump_json() for check in checks.values())


def test_a_base_url_belongs_to_the_provider_that_was_chosen() -> None:
    settings = Settings(model="vllm:x", base_url="http://gpu.example:8000/v1")
    urls = {check.provider: check.base_url for check in check_providers(settings)}
    assert urls["vllm"] == "http://gpu.example:8000/v1"
    assert urls["openai"] == "https://api.openai.com/v1"
