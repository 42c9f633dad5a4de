"""Which of pydantic-ai's classes speaks to which provider."""

from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.models.openrouter import OpenRouterModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.providers.openrouter import OpenRouterProvider

_OLDER_API = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
"""Compatible servers know `max_tokens`, and not all of them its successor."""


def client_for(provider: str, name: str, base_url: str, key: str | None) -> Model:
    """A client of the provider's API for one of its models."""
    match provider:
        case "openai":
            return OpenAIChatModel(name, provider=OpenAIProvider(base_url=base_url, api_key=key or "none"))
        case "anthropic":
            return AnthropicModel(name, provider=AnthropicProvider(base_url=base_url, api_key=key or "none"))
        case "google":
            return GoogleModel(name, provider=GoogleProvider(base_url=base_url, api_key=key or "none"))
        case "openrouter":
            profile = OpenRouterProvider.model_profile
            place = OpenAICompatibleProvider(provider, base_url=base_url, api_key=key, profile=profile)
            return OpenRouterModel(name, provider=place)
        case _:
            place = OpenAICompatibleProvider(provider, base_url=base_url, api_key=key, profile=_OLDER_API)
            return OpenAIChatModel(name, provider=place)


def takes_cache_points(provider: str, name: str) -> bool:
    """True where a prompt's prefix is cached only if it is marked; elsewhere providers cache of their own accord."""
    return provider == "anthropic" or (provider == "openrouter" and name.startswith("anthropic/"))
