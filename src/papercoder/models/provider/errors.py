"""Errors of pydantic-ai and of the providers' SDKs as ours: transient, too large, or permanent."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic_ai import exceptions as vendor

from papercoder.errors import ContextError, ModelError
from papercoder.models.catalog import Provider
from papercoder.models.contract import TransientError

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
