"""Finds pydantic-ai's class for a provider and a model, logs in, and translates errors."""

import asyncio
import inspect
import os
import re
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_ai import exceptions as vendor
from pydantic_ai.exceptions import ModelAPIError, UserError
from pydantic_ai.models import Model, infer_model
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers import Provider as Connection
from pydantic_ai.providers import infer_provider, infer_provider_class
from pydantic_ai.providers.openai_chatgpt import OpenAIChatGPTCredentials, OpenAIChatGPTOAuthFlow
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from papercoder.errors import ContextError, ModelError, SettingsError
from papercoder.models.catalog import Provider
from papercoder.models.contract import TransientError
from papercoder.settings import Settings, config_folder

_TRANSIENT = (
    vendor.ModelRateLimitError,
    vendor.ModelUnavailableError,
    vendor.ModelServerError,
    vendor.ModelConnectionError,
    vendor.ModelRequestTimeout,
)
_TRANSIENT_STATUS = frozenset({408, 409, 425, 429})
_SDK_ERRORS = (
    ("anthropic", "AnthropicError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("openai", "OpenAIError"),
)
_LONGEST = 300
"""Characters of a provider's own message that are shown."""

NO_IMAGES = (
    " The request shows an image: if the model reads none, choose another with --model vision=PROVIDER:NAME, or leave "
    "the role out."
)


@contextmanager
def translated(provider: Provider, name: str, *, shows_images: bool = False) -> Iterator[None]:
    """Raise our errors for pydantic-ai's; one about a request with images says that these may be the reason.

    Raises:
        TransientError: the call may be made again.
        ContextError: the prompt is larger than the model's context window.
        ModelError: the call failed for good.
    """
    try:
        yield
    except vendor.ModelContextWindowExceededError as error:
        raise ContextError(
            f"{provider.name}:{name} has a smaller context window than this request needs ({_brief(error)}). Set it "
            "with --context-window, or choose a model with a larger one."
        ) from error
    except vendor.ModelAPIError as error:
        if _is_transient(error):
            raise TransientError(_brief(error), _retry_after(error)) from error
        raise ModelError(_advice(error, provider, name) + (NO_IMAGES if shows_images else "")) from error
    except vendor.ContentFilterError as error:
        raise ModelError(f"{provider.name}:{name} withheld its answer ({_brief(error)}).") from error
    except vendor.UnexpectedModelBehavior as error:
        raise TransientError(f"an unreadable response: {_brief(error)}") from error
    except vendor.UserError as error:
        raise ModelError(f"{provider.name}:{name} cannot be used: {_brief(error)}") from error
    except sdk_errors() as error:
        raise ModelError(f"{provider.name}:{name} cannot be used: {_brief(error)}") from error


def sdk_errors() -> tuple[type[Exception], ...]:
    """Errors of the SDKs in use that pydantic-ai does not translate, such as missing credentials."""
    return tuple(getattr(sys.modules[module], name) for module, name in _SDK_ERRORS if module in sys.modules)


def _is_transient(error: vendor.ModelAPIError) -> bool:
    status = error.status_code if isinstance(error, vendor.ModelHTTPError) else 0
    if isinstance(error, (vendor.ModelRequestRejectedError, vendor.ModelQuotaExceededError)):
        return False
    return isinstance(error, _TRANSIENT) or status >= 500 or status in _TRANSIENT_STATUS


def _retry_after(error: vendor.ModelAPIError) -> float | None:
    """Seconds to wait; pydantic-ai reads dates and whole seconds, but no fractions."""
    headers = error.headers if isinstance(error, vendor.ModelHTTPError) else None
    fraction = re.fullmatch(r"\s*(\d+\.\d+)\s*", (headers or {}).get("retry-after", ""))
    return float(fraction[1]) if fraction and error.retry_after is None else error.retry_after


def _advice(error: vendor.ModelAPIError, provider: Provider, name: str) -> str:
    """What happened and what to do."""
    match error:
        case vendor.ModelAuthenticationError():
            found = " or ".join(provider.key_variables) or "the saved login"
            return f"{provider.name} rejected {found}: check that it is valid and may use {name} ({_brief(error)})."
        case vendor.ModelNotFoundError():
            return f"{provider.name} has no model {name!r} at this address ({_brief(error)}){_suggestion(error)}."
        case vendor.ModelQuotaExceededError():
            return f"{provider.name}: the account's quota is used up ({_brief(error)})."
        case _:
            return f"{provider.name}:{name} rejected the request: {_brief(error)}"


def _suggestion(error: vendor.ModelAPIError) -> str:
    nearest = error.suggested_model_id if isinstance(error, vendor.ModelHTTPError) else None
    return f"; did you mean {nearest}?" if nearest else "; check --model and --base-url"


def _brief(error: Exception) -> str:
    status = f"{error.status_code}, " if isinstance(error, vendor.ModelHTTPError) else ""
    return status + " ".join(_message(error).split())[:_LONGEST]


def _message(error: Exception) -> str:
    """The provider's own message, if the response has one."""
    body = error.body if isinstance(error, vendor.ModelAPIError) else None
    inner = body.get("error", body) if isinstance(body, dict) else None
    words = inner.get("message") if isinstance(inner, dict) else None
    return str(words or error)


_CREDENTIALS = TypeAdapter(OpenAIChatGPTCredentials)
_TIME_TO_SIGN_IN = 600.0
"""Seconds."""


class SavedLogin:
    """The credentials in the user's configuration folder; only the user can read them."""

    @property
    def path(self) -> Path:
        """The file."""
        return config_folder() / "openai-chatgpt.json"

    def read(self) -> OpenAIChatGPTCredentials:
        """The credentials.

        Raises:
            SettingsError: nobody has signed in, or the file is damaged.
        """
        try:
            return _CREDENTIALS.validate_json(self.path.read_bytes())
        except (OSError, ValidationError):
            raise SettingsError("openai-chatgpt: there is no saved login; run `papercoder login`.") from None

    def write(self, credentials: OpenAIChatGPTCredentials) -> None:
        """Replace the credentials.

        Raises:
            SettingsError: the file cannot be written.
        """
        part = self.path.with_suffix(f".{uuid.uuid4().hex}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(_CREDENTIALS.dump_json(credentials))
            part.replace(self.path)
        except OSError as error:
            raise SettingsError(f"{self.path}: the login cannot be saved ({error.strerror}).") from error

    async def load(self) -> OpenAIChatGPTCredentials:
        """The credentials, for pydantic-ai."""
        return await asyncio.to_thread(self.read)

    async def save(self, credentials: OpenAIChatGPTCredentials) -> None:
        """Replace the credentials, which pydantic-ai renewed."""
        await asyncio.to_thread(self.write, credentials)


async def sign_in(show: Callable[[str], None], port: int = 1455) -> Path:
    """Let the user sign in with ChatGPT in a browser, and save the credentials.

    Args:
        show: receives the address that the user opens.
        port: on this machine, where the browser returns to.

    Returns:
        The file with the credentials.

    Raises:
        ModelError: the user did not sign in, or did not allow plan usage.
    """
    saved = SavedLogin()
    before = await saved.load() if saved.path.is_file() else None
    flow = OpenAIChatGPTOAuthFlow(
        app_name="PaperCoder",
        host_id=None if before else uuid.uuid4().urn,
        client_id=before.client_id if before else None,
        redirect_uri=f"http://127.0.0.1:{port}/auth/callback",
    )
    show(flow.authorization_url())
    try:
        async with asyncio.timeout(_TIME_TO_SIGN_IN):
            credentials = await flow.exchange_code_from_callback()
    except TimeoutError:
        raise ModelError("Nobody signed in within 10 minutes; run `papercoder login` again.") from None
    except (UserError, ModelAPIError, OSError) as error:
        raise ModelError(f"The login failed: {error}") from error
    await saved.save(credentials)
    if not credentials.plan_usage_granted:
        raise ModelError(
            "You are signed in, but did not allow PaperCoder to use your ChatGPT plan; run `papercoder login` again."
        )
    return saved.path


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
