"""Providers as far as pydantic-ai's registry does not know them, and the prices and abilities of models.

pydantic-ai knows which class speaks to which provider. This table adds an example model, where the credentials come
from, and the servers that users run themselves.

The price list comes with genai-prices, pydantic-ai's list of current names with pydantic-ai. Importing either takes a
moment, so it is done when asked.
"""

import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rapidfuzz import fuzz, process

from papercoder.errors import SettingsError
from papercoder.models.contract import FREE, Price
from papercoder.settings import SELF_HOSTED, Settings, config_folder

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, TieredPrices

TEST_MODELS = ("recorded", "relay", "simulated")
"""Kinds of models that stand in for a provider."""

COMMAND = "command"
"""The kind of model that runs a program."""

AGENT = "agent"
"""The kind of model that is the coding agent at the other end of `papercoder mcp`."""

WITHOUT_PROVIDER = frozenset({*TEST_MODELS, COMMAND, AGENT})
"""Kinds of models that need no provider."""

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_OTHER_NAMES = {
    "aws": "bedrock",
    "chatgpt": "openai-chatgpt",
    "claude": "anthropic",
    "codex": "openai-codex",
    "copilot": "github-copilot",
    "dashscope": "alibaba",
    "gcp": "google-cloud",
    "gemini": "google",
    "google-vertex": "google-cloud",
    "gpt": "openai",
    "grok": "xai",
    "kimi": "moonshotai",
    "llamacpp": "openai-compatible",
    "moonshot": "moonshotai",
    "qwen": "alibaba",
    "sglang": "openai-compatible",
    "vertex": "google-cloud",
    "vertexai": "google-cloud",
    "x-ai": "xai",
}
"""What people call a provider -> its name here; used for suggestions only."""


@dataclass(frozen=True)
class Provider:
    """What is known about a provider without asking it."""

    name: str
    """The word before the colon."""

    key_variables: tuple[str, ...] = ()
    """Environment variables that may hold its API key; the first one that is set counts."""

    example: str = "MODEL"
    """A current model."""

    sdk: str = "openai"
    """The package that speaks to it; some come only with the extra `providers`."""

    also: tuple[str, ...] = ()
    """Environment variables that must be set in addition to the key."""

    base_url: str | None = None
    """Its usual address, where pydantic-ai has none."""

    base_url_variable: str = ""
    """The environment variable for another address."""

    credentials: Callable[[], Path] | None = None
    """The file where a login leaves its credentials."""

    login: str = ""
    """The command that logs in."""

    subscription: bool = False
    """Usage is part of a subscription, so calls cost nothing extra."""

    context_window: int = 128_000
    """Tokens, for models that the price list does not have; too few rather than too many."""

    @property
    def self_hosted(self) -> bool:
        """Users run its server themselves."""
        return self.name in SELF_HOSTED

    @property
    def variables(self) -> tuple[str, ...]:
        """All its environment variables."""
        return tuple(filter(None, (*self.key_variables, *self.also, self.base_url_variable)))

    @property
    def sdk_is_installed(self) -> bool:
        """Whether the package that speaks to it is installed."""
        return find_spec(self.sdk) is not None

    @property
    def has_credentials(self) -> bool:
        """Whether its key and what else it needs, or a login, is there; true if it is not known to need any."""
        if self.self_hosted or not (self.key_variables or self.credentials):
            return True
        found = self.find_key() is not None or (self.credentials is not None and self.credentials().is_file())
        return found and all(map(os.environ.get, self.also))

    def missing(self, settings: Settings) -> str:
        """What to do before it can be used; empty if nothing is missing."""
        if not self.sdk_is_installed:
            return "install the extra `providers`"
        if self.self_hosted and not self.find_base_url(settings):
            return "give --base-url"
        if self.has_credentials or self.find_base_url(settings):
            return ""
        if self.login:
            return f"run `{self.login}`"
        variables = [*self.key_variables[:1], *self.also]
        return "set " + " and ".join(name for name in variables if not os.environ.get(name))

    def find_base_url(self, settings: Settings) -> str | None:
        """The address to use instead of pydantic-ai's; None: pydantic-ai knows it."""
        return settings.base_url_for(self.name) or os.environ.get(self.base_url_variable) or self.base_url

    def find_key(self) -> str | None:
        """The API key from the environment; None if it is not there."""
        return next((key for name in self.key_variables if (key := os.environ.get(name))), None)

    def check(self, settings: Settings) -> None:
        """Check that it can be used; nothing is sent.

        Raises:
            SettingsError: its SDK, its address or its credentials are missing.
        """
        if not self.sdk_is_installed:
            raise SettingsError(
                f"{self.name} needs the package {self.sdk}. Install PaperCoder with its extra `providers`: "
                "pip install 'papercoder[providers]'."
            )
        if what := self.missing(settings):
            raise SettingsError(f"{self.name} is not configured: {what}, or choose another provider with --model.")


def is_local(url: str) -> bool:
    """True for addresses of this machine."""
    return urlsplit(url).hostname in _LOCAL_HOSTS


PROVIDERS = (
    Provider("alibaba", ("ALIBABA_API_KEY", "DASHSCOPE_API_KEY"), "qwen3.8-max-prime"),
    Provider(
        "anthropic",
        ("ANTHROPIC_API_KEY",),
        "claude-sonnet-5-5",
        sdk="anthropic",
        base_url_variable="ANTHROPIC_BASE_URL",
        context_window=200_000,
    ),
    Provider("azure", ("AZURE_OPENAI_API_KEY",), "gpt-6-luna", also=("AZURE_OPENAI_ENDPOINT",)),
    Provider(
        "bedrock",
        ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"),
        "global.anthropic.claude-sonnet-5-5",
        sdk="boto3",
        credentials=lambda: Path.home() / ".aws" / "credentials",
        login="aws configure",
        context_window=200_000,
    ),
    Provider(
        "bedrock-mantle",
        ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"),
        "openai.gpt-6-luna",
        sdk="botocore",
        credentials=lambda: Path.home() / ".aws" / "credentials",
        login="aws configure",
    ),
    Provider("cerebras", ("CEREBRAS_API_KEY",), "gpt-oss-120b"),
    Provider("cohere", ("CO_API_KEY",), "command-a-plus-05-2026", sdk="cohere", base_url_variable="CO_BASE_URL"),
    Provider("crusoe", ("CRUSOE_API_KEY",), "zai-org/GLM-5.3"),
    Provider("deepseek", ("DEEPSEEK_API_KEY",), "deepseek-v4-pro"),
    Provider("fireworks", ("FIREWORKS_API_KEY",)),
    Provider("gateway/anthropic", ("PYDANTIC_AI_GATEWAY_API_KEY",), "claude-sonnet-5-5", sdk="anthropic"),
    Provider("gateway/google", ("PYDANTIC_AI_GATEWAY_API_KEY",), "gemini-3.8-flash", sdk="google.genai"),
    Provider("gateway/openai", ("PYDANTIC_AI_GATEWAY_API_KEY",), "gpt-6-luna"),
    Provider(
        "github-copilot",
        ("GITHUB_COPILOT_API_KEY", "GITHUB_COPILOT_API_TOKEN", "COPILOT_GITHUB_TOKEN"),
        "gpt-6-luna",
        base_url_variable="GITHUB_COPILOT_BASE_URL",
    ),
    Provider(
        "google",
        ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        "gemini-3.8-flash",
        sdk="google.genai",
        base_url_variable="GOOGLE_BASE_URL",
        context_window=1_000_000,
    ),
    Provider(
        "google-cloud",
        ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_API_KEY", "GEMINI_API_KEY"),
        "gemini-3.8-flash",
        sdk="google.genai",
        credentials=lambda: Path.home() / ".config" / "gcloud" / "application_default_credentials.json",
        login="gcloud auth application-default login",
        context_window=1_000_000,
    ),
    Provider("groq", ("GROQ_API_KEY",), "openai/gpt-oss-120b", sdk="groq", base_url_variable="GROQ_BASE_URL"),
    Provider("heroku", ("HEROKU_INFERENCE_KEY",), "claude-sonnet-5-5", base_url_variable="HEROKU_INFERENCE_URL"),
    Provider("huggingface", ("HF_TOKEN",), "Qwen/Qwen3.8-27B", sdk="huggingface_hub"),
    Provider(
        "litellm",
        ("LITELLM_API_KEY",),
        base_url="http://localhost:4000",
        base_url_variable="LITELLM_BASE_URL",
        context_window=32_000,
    ),
    Provider(
        "lmstudio",
        ("LMSTUDIO_API_KEY",),
        "qwen/qwen3.8-27b",
        base_url="http://localhost:1234/v1",
        base_url_variable="LMSTUDIO_BASE_URL",
        context_window=32_000,
    ),
    Provider("meta", ("META_API_KEY",), "muse-spark-1.3"),
    Provider("mistral", ("MISTRAL_API_KEY",), "mistral-large-latest", sdk="mistralai"),
    Provider("moonshotai", ("MOONSHOTAI_API_KEY",), "kimi-k3", base_url_variable="MOONSHOTAI_BASE_URL"),
    Provider("nebius", ("NEBIUS_API_KEY",)),
    Provider(
        "ollama",
        ("OLLAMA_API_KEY",),
        "qwen3-coder:30b",
        base_url="http://localhost:11434/v1",
        base_url_variable="OLLAMA_BASE_URL",
        context_window=32_000,
    ),
    Provider("openai", ("OPENAI_API_KEY",), "gpt-6-luna", base_url_variable="OPENAI_BASE_URL"),
    Provider("openai-chat", ("OPENAI_API_KEY",), "gpt-6-luna", base_url_variable="OPENAI_BASE_URL"),
    Provider(
        "openai-chatgpt",
        example="gpt-6.1-sol",
        credentials=lambda: config_folder() / "openai-chatgpt.json",
        login="papercoder login",
        subscription=True,
    ),
    Provider(
        "openai-codex",
        example="gpt-6.1-sol",
        credentials=lambda: Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex") / "auth.json",
        login="codex login",
        subscription=True,
    ),
    Provider(
        "openai-compatible",
        ("OPENAI_COMPATIBLE_API_KEY",),
        base_url_variable="OPENAI_COMPATIBLE_BASE_URL",
        context_window=32_000,
    ),
    Provider("openrouter", ("OPENROUTER_API_KEY",), "qwen/qwen3.8-27b", context_window=64_000),
    Provider("ovhcloud", ("OVHCLOUD_API_KEY",)),
    Provider("sambanova", ("SAMBANOVA_API_KEY",), base_url_variable="SAMBANOVA_BASE_URL"),
    Provider("snowflake", ("SNOWFLAKE_TOKEN",), "claude-sonnet-5-5", also=("SNOWFLAKE_ACCOUNT",)),
    Provider("together", ("TOGETHER_API_KEY",)),
    Provider("vercel", ("VERCEL_AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN"), "anthropic/claude-sonnet-5-5"),
    Provider(
        "vllm",
        ("VLLM_API_KEY",),
        "Qwen/Qwen3.8-27B",
        base_url="http://localhost:8000/v1",
        base_url_variable="VLLM_BASE_URL",
        context_window=32_000,
    ),
    Provider("xai", ("XAI_API_KEY",), "grok-4.7", sdk="xai_sdk"),
    Provider("zai", ("ZAI_API_KEY",), "glm-5.3"),
)
"""In alphabetical order. Providers that pydantic-ai gained later work without a row of their own."""


def find_provider(name: str) -> Provider | None:
    """The provider of this name in the table."""
    return next((provider for provider in PROVIDERS if provider.name == name), None)


def provider_of(spec: str) -> Provider:
    """The provider of `provider:name`, from the table or else from pydantic-ai's registry.

    Raises:
        SettingsError: there is no such provider; suggests the nearest name.
    """
    name, _, model = spec.partition(":")
    if provider := find_provider(name):
        return provider
    if is_registered(name):
        return Provider(name)
    nearest = nearest_provider(name)
    suggestion = f"{nearest}:{model}" if model else nearest
    hint = f"did you mean {suggestion}?" if nearest else "`papercoder models` lists all of them."
    raise SettingsError(f"{spec.rstrip(':')}: there is no provider {name!r}; {hint}")


def nearest_provider(name: str) -> str | None:
    """The provider or kind of model that someone who wrote this name may have meant; None if none is similar."""
    return _OTHER_NAMES.get(name) or closest(name, [*(each.name for each in PROVIDERS), *WITHOUT_PROVIDER])


def is_registered(name: str) -> bool:
    """Whether pydantic-ai has a provider of this name, with or without its SDK being installed."""
    from pydantic_ai.providers import infer_provider_class  # noqa: PLC0415, takes a second to import

    try:
        with warnings.catch_warnings(action="ignore"):  # a provider that is about to be removed
            infer_provider_class(name)
    except ValueError:
        return False
    except ImportError:
        return True
    return True


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most similar to a misspelt one; None if none is similar."""
    found = process.extractOne(name.lower(), list(known), scorer=fuzz.ratio, score_cutoff=60.0)
    return found[0] if found else None


@dataclass(frozen=True)
class Listed:
    """What the price list knows about a model; None for what it does not know."""

    name: str = ""
    price: Price | None = None
    """The highest of all tiers and hours, and of reading and writing the cache."""

    context_window: int | None = None
    retired: bool = False
    """The provider has announced the model's end."""


def price_of(provider: Provider, model: str, settings: Settings) -> Price | None:
    """The most that tokens of this model may cost; nothing on the user's own machine, None if it is not known."""
    if settings.price_prompt is not None and settings.price_completion is not None:
        cached = settings.price_prompt if settings.price_cached is None else settings.price_cached
        return Price(prompt=settings.price_prompt, cached=cached, completion=settings.price_completion)
    if provider.self_hosted:
        return FREE if is_local(provider.find_base_url(settings) or "") else None
    return FREE if provider.subscription else look_up(provider.name, model).price


def context_window_of(provider: Provider, model: str, settings: Settings) -> int:
    """Tokens that prompt and completion may have together."""
    if settings.context_window is not None:
        return settings.context_window
    if provider.self_hosted:
        return provider.context_window
    return look_up(provider.name, model).context_window or provider.context_window


def look_up(provider: str, model: str) -> Listed:
    """Find a model of a provider in the price list."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415

    prices = get_snapshot()
    try:
        _, info = prices.find_provider_model(
            model, provider=None, provider_id=provider.removeprefix("gateway/"), provider_api_url=None
        )
    except LookupError:
        return Listed(model)
    return _listed(model, info)


def current_models(provider: str) -> tuple[Listed, ...]:
    """The provider's current models that are known by name; not all that it has."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415
    from pydantic_ai.models import known_model_names  # noqa: PLC0415

    prefix = f"{provider}:"
    names = [name.removeprefix(prefix) for name in known_model_names() if name.startswith(prefix)]
    if names:
        return tuple(look_up(provider, name) for name in names)
    try:
        listed = get_snapshot().find_provider(None, provider, None)
    except LookupError:
        return ()
    models = (_listed(info.id, info) for info in listed.models)
    return tuple(model for model in models if model.price is not None and not model.retired)


def _listed(name: str, info: "ModelInfo") -> Listed:
    tables: list[Any] = [each.prices for each in info.prices] if isinstance(info.prices, list) else [info.prices]
    prompt = _highest((price for each in tables for price in (each.input_mtok, each.cache_write_mtok)), info)
    completion = _highest((each.output_mtok for each in tables), info)
    cached = _highest((each.cache_read_mtok for each in tables), info)
    price = None
    if prompt is not None and completion is not None:
        price = Price(prompt=prompt, cached=prompt if cached is None else cached, completion=completion)
    return Listed(name, price, info.context_window, bool(info.deprecated))


def _highest(amounts: "Iterable[Decimal | TieredPrices | None]", info: "ModelInfo") -> float | None:
    known = [float(_worst(amount, info.context_window)) for amount in amounts if amount is not None]
    return max(known, default=None)


def _worst(amount: "Decimal | TieredPrices", context_window: int | None) -> Decimal:
    if isinstance(amount, Decimal):
        return amount
    reached = [tier.price for tier in amount.tiers if context_window is None or tier.start < context_window]
    return max([amount.base, *reached])
