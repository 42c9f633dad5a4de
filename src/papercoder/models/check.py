"""What is configured: for every provider its key, its place, and what is known of the model that would be asked."""

from papercoder.artifacts.base import Artifact
from papercoder.models.catalog import PROVIDERS, Provider
from papercoder.models.contract import Price
from papercoder.models.prices import context_window_of, price_of
from papercoder.settings import ROLES, Settings


class ProviderCheck(Artifact):
    """One provider, as the environment and the settings have it."""

    provider: str
    key_variable: str
    """The variable that holds the key, or would."""

    key_present: bool
    key_needed: bool
    base_url: str | None
    """None where neither a setting nor a variable says it."""

    model: str
    """The model that the settings choose of this provider, else an example."""

    chosen: bool
    """True where the settings choose it for some role."""

    context_window: int
    price: Price | None
    """The most that tokens may cost; None where it is not known."""

    @property
    def ready(self) -> bool:
        """True where nothing is missing."""
        return self.base_url is not None and (self.key_present or not self.key_needed)


def check_providers(settings: Settings) -> tuple[ProviderCheck, ...]:
    """Look at all providers; nothing is sent anywhere, and no key is shown."""
    return tuple(_check(provider, settings) for provider in PROVIDERS)


def _check(provider: Provider, settings: Settings) -> ProviderCheck:
    specs = [settings.model_for(role) for role in ROLES]
    chosen = [spec.partition(":")[2] for spec in specs if spec.partition(":")[0] == provider.name]
    model = chosen[0] if chosen else provider.example
    if not chosen:
        settings = settings.model_copy(update={"base_url": None})  # meant for the provider that was chosen
    return ProviderCheck(
        provider=provider.name,
        key_variable=provider.key_variable,
        key_present=provider.find_key() is not None,
        key_needed=provider.needs_key,
        base_url=provider.base_url_or_none(settings),
        model=model,
        chosen=bool(chosen),
        context_window=context_window_of(provider, model, settings),
        price=price_of(provider, model, settings),
    )
