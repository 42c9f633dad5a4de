"""pydantic-ai's errors in ours: what may pass, what does not fit, and what stays wrong however often it is asked."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic_ai import exceptions as vendor

from papercoder.errors import ContextError, ModelError
from papercoder.models.catalog import Provider
from papercoder.models.failures import PassingError

_PASSING = (
    vendor.ModelRateLimitError,
    vendor.ModelUnavailableError,
    vendor.ModelServerError,
    vendor.ModelConnectionError,
    vendor.ModelRequestTimeout,
)
_PASSING_STATUS = frozenset({408, 409, 425, 429})
_LONGEST = 300
"""Characters of a provider's own message that are shown."""


@contextmanager
def translated(provider: Provider, name: str) -> Iterator[None]:
    """Raise our errors for pydantic-ai's.

    Raises:
        PassingError: the call may be made again.
        ContextError: the prompt is larger than the model's context window.
        ModelError: the call failed for good.
    """
    try:
        yield
    except vendor.ModelContextWindowExceededError as error:
        raise ContextError(
            f"{provider.name}:{name} has a smaller context window than this request needs ({_brief(error)}); tell it "
            "with --context-window, or choose a model with a larger one."
        ) from error
    except vendor.ModelAPIError as error:
        if _may_pass(error):
            raise PassingError(_brief(error), _retry_after(error)) from error
        raise ModelError(_advice(error, provider, name)) from error
    except vendor.ContentFilterError as error:
        raise ModelError(f"{provider.name}:{name} withheld its answer ({_brief(error)}).") from error
    except vendor.UnexpectedModelBehavior as error:
        raise PassingError(f"an unreadable response: {_brief(error)}") from error
    except vendor.UserError as error:
        raise ModelError(f"{provider.name}:{name} cannot be asked: {_brief(error)}") from error


def _may_pass(error: vendor.ModelAPIError) -> bool:
    status = error.status_code if isinstance(error, vendor.ModelHTTPError) else 0
    if isinstance(error, (vendor.ModelRequestRejectedError, vendor.ModelQuotaExceededError)):
        return False
    return isinstance(error, _PASSING) or status >= 500 or status in _PASSING_STATUS


def _retry_after(error: vendor.ModelAPIError) -> float | None:
    """Seconds to wait; pydantic-ai reads dates and whole seconds, and leaves fractions to us."""
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
            return f"{provider.name}: the account's quota is used up ({_brief(error)}); run again when it has more."
        case _:
            return f"{provider.name}:{name} refused the request: {_brief(error)}"


def _suggestion(error: vendor.ModelAPIError) -> str:
    nearest = error.suggested_model_id if isinstance(error, vendor.ModelHTTPError) else None
    return f"; did you mean {nearest}?" if nearest else "; check --model and --base-url"


def _brief(error: Exception) -> str:
    status = f"{error.status_code}, " if isinstance(error, vendor.ModelHTTPError) else ""
    return status + " ".join(_message(error).split())[:_LONGEST]


def _message(error: Exception) -> str:
    """The provider's own words, where they can be told from the rest."""
    body = error.body if isinstance(error, vendor.ModelAPIError) else None
    inner = body.get("error", body) if isinstance(body, dict) else None
    words = inner.get("message") if isinstance(inner, dict) else None
    return str(words or error)
