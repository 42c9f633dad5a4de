"""From a provider and a model's name to pydantic-ai's class for it, by way of pydantic-ai's registry."""

import inspect
from typing import Any

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, infer_model
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers import Provider as Connection
from pydantic_ai.providers import infer_provider, infer_provider_class
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from papercoder.errors import SettingsError
from papercoder.models.catalog import Provider
from papercoder.models.provider.errors import sdk_errors
from papercoder.models.provider.login import SavedLogin
from papercoder.settings import Settings

_NO_KEY = "api-key-not-set"
"""Sent to servers that need no key, since the clients insist on one."""

_ONLY_OURS = frozenset({"lmstudio", "openai-compatible"})
"""Servers that speak the OpenAI API and have no class of their own."""

_OLDER_API = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
"""All compatible servers know `max_tokens`, and not all of them its successor."""


def client_for(provider: Provider, name: str, settings: Settings) -> Model:
    """A client for one model of a provider; nothing is sent.

    Raises:
        SettingsError: credentials, an address or an SDK are missing, or the provider has no models that write text.
    """
    provider.check(settings)
    base_url = provider.find_base_url(settings)
    try:
        if provider.self_hosted:
            model = OllamaModel if provider.name == "ollama" else OpenAIChatModel
            return model(name, provider=_connect(provider, provider.name, base_url), profile=_OLDER_API)
        return infer_model(f"{provider.name}:{name}", lambda kind: _connect(provider, kind, base_url))
    except UserError as error:
        raise SettingsError(f"{provider.name}:{name}: {_first_sentence(error)}.") from error
    except sdk_errors() as error:
        raise SettingsError(f"{provider.name}:{name}: {_first_sentence(error)}.") from error
    except ImportError as error:
        raise SettingsError(
            f"{provider.name} needs a package that is missing ({_first_sentence(error)}). Install PaperCoder with its "
            "extra `providers`: pip install 'papercoder[providers]'."
        ) from error


def _connect(provider: Provider, kind: str, base_url: str | None) -> Connection[Any]:
    """The provider's connection; its API key goes to its usual address unless the user chose another one."""
    if provider.name == "openai-chatgpt":
        from pydantic_ai.providers.openai_chatgpt import OpenAIChatGPTProvider  # noqa: PLC0415, needed for logins only

        login = SavedLogin()
        login.read()  # a missing login is found now and not with the first call
        return OpenAIChatGPTProvider(credential_source=login)
    if base_url is None:
        return infer_provider(kind)
    if provider.name in _ONLY_OURS:
        return OpenAICompatibleProvider(provider.name, base_url=base_url, api_key=provider.find_key())
    if provider.subscription:
        raise UserError("its address cannot be changed; leave --base-url out")
    connection = infer_provider_class(kind)
    known = inspect.signature(connection).parameters
    address = next((each for each in ("base_url", "api_base", "azure_endpoint") if each in known), None)
    if address is None and "openai_client" in known:
        profile = connection.model_profile
        return OpenAICompatibleProvider(kind, base_url=base_url, api_key=provider.find_key(), profile=profile)
    if address is None:
        raise UserError("its address cannot be changed; leave --base-url out")
    key = {"api_key": provider.find_key() or _NO_KEY} if "api_key" in known and not provider.credentials else {}
    return connection(**{address: base_url}, **key)


def takes_cache_points(provider: str, name: str) -> bool:
    """True where a prompt's prefix is cached only if it is marked; elsewhere providers cache on their own."""
    if provider in {"anthropic", "gateway/anthropic"}:
        return True
    return provider in {"openrouter", "bedrock", "gateway/bedrock"} and "anthropic" in name


def _first_sentence(error: Exception) -> str:
    return " ".join(str(error).split()).split(". ", maxsplit=1)[0].rstrip(".")
