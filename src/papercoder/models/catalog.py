"""The providers: where they are, which variable holds their key, and what to assume of a model that nobody knows."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from papercoder.errors import SettingsError
from papercoder.settings import Settings

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Provider:
    """What is known of a provider without asking it."""

    name: str
    """The word before the colon."""

    example: str
    """A model of it."""

    base_url: str | None
    """Its usual place; None where it has none."""

    base_url_variable: str
    key_variables: tuple[str, ...]
    """Variables that may hold its key, the first found counts."""

    needs_key: bool
    context_window: int
    """Tokens, for models whose window is not known; rather too few than too many."""

    @property
    def hosted_by_user(self) -> bool:
        """True where it usually runs on the user's own machine and costs nothing there."""
        return self.base_url is not None and is_local(self.base_url)

    def find_base_url(self, settings: Settings) -> str:
        """The setting, else the variable, else its usual place.

        Raises:
            SettingsError: none of them says where it is.
        """
        url = self.base_url_or_none(settings)
        if url is None:
            raise SettingsError(
                f"{self.name}: where is it? Give --base-url, as in https://HOST/v1, or export {self.base_url_variable}."
            )
        return url

    def base_url_or_none(self, settings: Settings) -> str | None:
        """As find_base_url; None where nothing says where it is."""
        return settings.base_url or os.environ.get(self.base_url_variable) or self.base_url

    @property
    def key_variable(self) -> str:
        """The variable that holds the key, else the one that should."""
        return next((name for name in self.key_variables if os.environ.get(name)), self.key_variables[0])

    def find_key(self) -> str | None:
        """The key from the environment; None where there is none."""
        return os.environ.get(self.key_variable) or None

    def require_key(self, base_url: str) -> str | None:
        """The key; None where a server that the user named may do without.

        Raises:
            SettingsError: there is no key; says which variable to export.
        """
        key = self.find_key()
        if key is None and self.needs_key and base_url == self.base_url:
            raise SettingsError(
                f"{self.name}: there is no key; export {' or '.join(self.key_variables)}, or choose another provider "
                "with --model."
            )
        return key


def is_local(url: str) -> bool:
    """True for addresses of this very machine."""
    return urlsplit(url).hostname in _LOCAL_HOSTS


PROVIDERS = (
    Provider(
        name="openai",
        example="gpt-5-mini",
        base_url="https://api.openai.com/v1",
        base_url_variable="OPENAI_BASE_URL",
        key_variables=("OPENAI_API_KEY",),
        needs_key=True,
        context_window=128_000,
    ),
    Provider(
        name="anthropic",
        example="claude-sonnet-5",
        base_url="https://api.anthropic.com",
        base_url_variable="ANTHROPIC_BASE_URL",
        key_variables=("ANTHROPIC_API_KEY",),
        needs_key=True,
        context_window=200_000,
    ),
    Provider(
        name="google",
        example="gemini-2.5-flash",
        base_url="https://generativelanguage.googleapis.com",
        base_url_variable="GOOGLE_BASE_URL",
        key_variables=("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        needs_key=True,
        context_window=1_000_000,
    ),
    Provider(
        name="openrouter",
        example="qwen/qwen3-coder",
        base_url="https://openrouter.ai/api/v1",
        base_url_variable="OPENROUTER_BASE_URL",
        key_variables=("OPENROUTER_API_KEY",),
        needs_key=True,
        context_window=64_000,
    ),
    Provider(
        name="deepseek",
        example="deepseek-chat",
        base_url="https://api.deepseek.com",
        base_url_variable="DEEPSEEK_BASE_URL",
        key_variables=("DEEPSEEK_API_KEY",),
        needs_key=True,
        context_window=64_000,
    ),
    Provider(
        name="ollama",
        example="qwen3-coder:30b",
        base_url="http://localhost:11434/v1",
        base_url_variable="OLLAMA_BASE_URL",
        key_variables=("OLLAMA_API_KEY",),
        needs_key=False,
        context_window=32_000,
    ),
    Provider(
        name="vllm",
        example="Qwen/Qwen3-Coder-30B-A3B-Instruct",
        base_url="http://localhost:8000/v1",
        base_url_variable="VLLM_BASE_URL",
        key_variables=("VLLM_API_KEY",),
        needs_key=False,
        context_window=32_000,
    ),
    Provider(
        name="lmstudio",
        example="qwen/qwen3-coder-30b",
        base_url="http://localhost:1234/v1",
        base_url_variable="LMSTUDIO_BASE_URL",
        key_variables=("LMSTUDIO_API_KEY",),
        needs_key=False,
        context_window=32_000,
    ),
    Provider(
        name="openai-compatible",
        example="MODEL",
        base_url=None,
        base_url_variable="OPENAI_BASE_URL",
        key_variables=("OPENAI_API_KEY",),
        needs_key=False,
        context_window=32_000,
    ),
)


def find_provider(name: str) -> Provider | None:
    """The provider of this name."""
    return next((provider for provider in PROVIDERS if provider.name == name), None)
