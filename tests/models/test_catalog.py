"""The table of providers and pydantic-ai's registry, and the names of models that users read."""

import pkgutil
import re
from pathlib import Path

import pydantic_ai.providers
import pytest

from papercoder.errors import SettingsError
from papercoder.models.catalog import (
    PROVIDERS,
    Provider,
    current_models,
    find_provider,
    is_registered,
    look_up,
    provider_of,
)
from papercoder.settings import Settings

pytestmark = pytest.mark.usefixtures("bare")

ROOT = Path(__file__).parents[2]
OURS = {"lmstudio", "openai-compatible"}
NO_TEXT = {"elevenlabs", "openai-decisions", "sentence-transformers", "system-one", "typesafe", "voyageai"}
"""They embed, speak, decide or serve one product's models."""
NOT_LISTED = {"gateway", "github"}
"""A prefix for other providers, and an API that GitHub has closed."""
WRITTEN = re.compile(r"\b([a-z][a-z-]+):([\w./-]*\d[\w./:-]*\w)")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "src").rglob("*.yaml"))]


def test_the_table_has_every_provider_of_the_registry() -> None:
    modules = {module.name for module in pkgutil.iter_modules(pydantic_ai.providers.__path__)}
    registered = {name.replace("_", "-") for name in modules if not name.startswith("_")}
    ours = {provider.name for provider in PROVIDERS if not provider.name.startswith("gateway/")} - {"openai-chat"}
    assert ours - OURS == registered - OURS - NO_TEXT - NOT_LISTED
    assert [provider.name for provider in PROVIDERS if not is_registered(provider.name)] == sorted(OURS)


def test_the_table_is_sorted() -> None:
    names = [provider.name for provider in PROVIDERS]
    assert names == sorted(names)


def test_a_provider_without_a_row_works_through_the_registry() -> None:
    assert find_provider("gateway/groq") is None
    assert provider_of("gateway/groq:x") == Provider("gateway/groq")


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("opneai:gpt-6-luna", "no provider 'opneai'; did you mean openai:gpt-6-luna?"),
        ("vertex:x", "did you mean google-cloud:x?"),
        ("simulatd:files=4", "did you mean simulated:files=4?"),
        ("anthropc:", "anthropc: there is no provider 'anthropc'; did you mean anthropic?"),
        ("zzzzzz:x", "`papercoder models` lists all of them"),
    ],
)
def test_a_misspelt_provider_gets_a_suggestion(spec: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(hint)):
        provider_of(spec)


@pytest.mark.parametrize("provider", [each for each in PROVIDERS if not each.self_hosted], ids=lambda each: each.name)
def test_what_is_missing_is_said(provider: Provider) -> None:
    missing = provider.missing(Settings())
    if not provider.sdk_is_installed:
        assert "`providers`" in missing
    else:
        assert (provider.login or provider.key_variables[0]) in missing
    with pytest.raises(SettingsError, match=provider.name):
        provider.check(Settings())


def test_a_key_alone_is_not_enough_where_more_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = provider_of("azure:x")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "x")
    assert azure.missing(Settings()) == "set AZURE_OPENAI_ENDPOINT"
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://mine.openai.azure.com/openai/v1")
    assert not azure.missing(Settings())


def test_a_saved_login_counts(tmp_path: Path) -> None:
    codex = provider_of("openai-codex:x")
    assert "codex login" in codex.missing(Settings())
    folder = tmp_path / "home" / ".codex"
    folder.mkdir(parents=True)
    (folder / "auth.json").write_text("{}")
    assert not codex.missing(Settings())


@pytest.mark.parametrize(
    "spec",
    [Settings.model_fields["model"].default, *(f"{each.name}:{each.example}" for each in PROVIDERS)],
)
def test_examples_are_current_models(spec: str) -> None:
    provider, _, name = spec.partition(":")
    known = {model.name for model in current_models(provider)}
    if known and name != "MODEL" and provider not in {"alibaba", "azure", "github-copilot"}:
        assert name in known


def models_named_in(path: Path) -> list[tuple[str, str]]:
    found = WRITTEN.findall(path.read_text(encoding="utf-8"))
    return [(provider, name) for provider, name in found if (row := find_provider(provider)) and not row.self_hosted]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_name_current_models_only(path: Path) -> None:
    for provider, name in models_named_in(path):
        assert not look_up(provider, name).retired, f"{provider}:{name} is retired"
        known = {model.name for model in current_models(provider)}
        assert not known or name in known, f"{provider}:{name} is not a current model"


def test_names_of_models_are_found_in_pages() -> None:
    assert models_named_in(ROOT / "docs" / "models.md")
