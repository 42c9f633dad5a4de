"""What a model costs and how much it can read: by the user's settings, else by the price list, else a careful guess.

The price list comes with genai-prices, pydantic-ai's list of current names with pydantic-ai. Importing either takes a
moment, so it is done when asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from papercoder.models.catalog import Provider, is_local
from papercoder.models.contract import FREE, Price
from papercoder.settings import Settings

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, TieredPrices


@dataclass(frozen=True)
class Listed:
    """What the price list says about a model; None for what it does not say."""

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
