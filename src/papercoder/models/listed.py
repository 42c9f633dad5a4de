"""The list of models that is installed with genai-prices; importing it takes a moment, so it is done when asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from papercoder.models.contract import Price

Amount = Decimal | TieredPrices | None


@dataclass(frozen=True)
class Listed:
    """What the list says of a model; None where it does not say."""

    price: Price | None = None
    """The dearest of all tiers and hours, and of reading and writing the cache."""

    context_window: int | None = None


def look_up(provider: str, model: str) -> Listed:
    """Find a model of a provider in the list."""
    try:
        _, info = get_snapshot().find_provider_model(model, provider=None, provider_id=provider, provider_api_url=None)
    except LookupError:
        return Listed()
    return Listed(_price(info), info.context_window)


def _price(info: ModelInfo) -> Price | None:
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
