"""What a model costs and holds: the user's word, else what is listed, else a careful guess."""

from typing import TYPE_CHECKING

from papercoder.models.catalog import Provider, is_local
from papercoder.models.contract import Price
from papercoder.models.free import FREE
from papercoder.settings import Settings

if TYPE_CHECKING:
    from papercoder.models.listed import Listed


def price_of(provider: Provider, model: str, settings: Settings) -> Price | None:
    """The most that tokens of this model may cost; nothing on own machines, None where it is not known."""
    if settings.price_prompt is not None and settings.price_completion is not None:
        cached = settings.price_prompt if settings.price_cached is None else settings.price_cached
        return Price(prompt=settings.price_prompt, cached=cached, completion=settings.price_completion)
    if provider.hosted_by_user:
        return FREE if is_local(provider.find_base_url(settings)) else None
    return _listed(provider, model).price


def context_window_of(provider: Provider, model: str, settings: Settings) -> int:
    """Tokens that prompt and completion may have together."""
    if settings.context_window is not None:
        return settings.context_window
    if provider.hosted_by_user:
        return provider.context_window
    return _listed(provider, model).context_window or provider.context_window


def _listed(provider: Provider, model: str) -> "Listed":
    from papercoder.models.listed import look_up  # noqa: PLC0415, a moment that the doubles need not spend

    return look_up(provider.name, model)
