import subprocess
import sys
from pathlib import Path

import pytest

from papercoder.errors import SettingsError
from papercoder.models.catalog import PROVIDERS
from papercoder.models.contract import Price
from papercoder.models.resolve import models_by_role, resolve
from papercoder.settings import Settings

pytestmark = pytest.mark.usefixtures("bare")


@pytest.mark.parametrize("provider", [each for each in PROVIDERS if each.needs_key], ids=lambda each: each.name)
def test_a_missing_key_is_named(provider: object) -> None:
    assert provider in PROVIDERS
    name, variable = getattr(provider, "name", ""), getattr(provider, "key_variable", "")
    with pytest.raises(SettingsError, match=f"{name}: there is no key; export {variable}"):
        resolve(f"{name}:x", Settings())


def test_an_unknown_provider_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"no provider 'opneai'; there are openai, anthropic, .*, relay, simulated"):
        resolve("opneai:gpt-5", Settings())


def test_a_compatible_server_must_be_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="--base-url"):
        resolve("openai-compatible:x", Settings())
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:9/v1")
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
    assert resolve("ollama:qwen3", Settings(base_url="https://elsewhere.example/v1")).price is None


def test_the_users_word_goes_before_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    told = resolve("openai:gpt-5-mini", Settings(context_window=9000, price_prompt=1.0, price_completion=2.0))
    assert (told.context_window, told.price) == (9000, Price(prompt=1.0, cached=1.0, completion=2.0))


def test_roles_with_the_same_specification_share_a_model(tmp_path: Path) -> None:
    models = models_by_role(Settings(model="simulated:files=4", models={"review": f"relay:{tmp_path}"}))
    assert models["planning"] is models["repair"]
    assert models["review"].name == f"relay:{tmp_path}"


def test_doubles_do_without_the_library_of_the_providers() -> None:
    code = (
        "import sys; from papercoder.models import resolve, stack; from papercoder.settings import Settings; "
        "resolve.models_by_role(Settings(model='simulated:files=4')); "
        "assert not {'pydantic_ai', 'genai_prices', 'openai'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
