"""What is known of a model without asking it: its price and its context window, from the list that is installed."""

from collections.abc import Iterable
from decimal import Decimal

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from papercoder.models.catalog import Provider, is_local
from papercoder.models.contract import Price
from papercoder.models.free import FREE
from papercoder.settings import Settings

Amount = Decimal | TieredPrices | None


def price_of(provider: Provider, model: str, settings: Settings) -> Price | None:
    """The most that tokens of this model may cost: the user's word, else the list's, else nothing on own machines."""
    if settings.price_prompt is not None and settings.price_completion is not None:
        cached = settings.price_prompt if settings.price_cached is None else settings.price_cached
        return Price(prompt=settings.price_prompt, cached=cached, completion=settings.price_completion)
    if provider.hosted_by_user:
        return FREE if is_local(provider.find_base_url(settings)) else None
    return _listed_price(_info(provider, model))


def context_window_of(provider: Provider, model: str, settings: Settings) -> int:
    """Tokens of prompt and completion: the user's word, else the list's, else a careful guess for the provider."""
    if settings.context_window is not None:
        return settings.context_window
    info = None if provider.hosted_by_user else _info(provider, model)
    return (info and info.context_window) or provider.context_window


def _info(provider: Provider, model: str) -> ModelInfo | None:
    try:
        return get_snapshot().find_provider_model(
            model, provider=None, provider_id=provider.name, provider_api_url=None
        )[1]
    except LookupError:
        return None


def _listed_price(info: ModelInfo | None) -> Price | None:
    """The dearest of all tiers and hours, and of reading and writing the cache."""
    if info is None:
        return None
    prices = [info.prices] if isinstance(info.prices, ModelPrice) else [each.prices for each in info.prices]
    prompt = _dearest((price for each in prices for price in (each.input_mtok, each.cache_write_mtok)), info)
    completion = _dearest((each.output_mtok for each in prices), info)
    if prompt is None or completion is None:
        return None
    cached = _dearest((each.cache_read_mtok for each in prices), info)
    return Price(prompt=prompt, cached=prompt if cached is None else cached, completion=completion)


def _dearest(amounts: Iterable[Amount], info: ModelInfo) -> float | None:
    known = [float(_worst(amount, info.context_window)) for amount in amounts if amount is not None]
    return max(known, default=None)


def _worst(amount: Decimal | TieredPrices, context_window: int | None) -> Decimal:
    if isinstance(amount, Decimal):
        return amount
    reached = [tier.price for tier in amount.tiers if context_window is None or tier.start < context_window]
    return max([amount.base, *reached])
