"""What is configured: the models that the settings choose, and every provider with what it still needs."""

from papercoder.artifacts.base import Artifact
from papercoder.models.catalog import PROVIDERS, WITHOUT_PROVIDER, closest, provider_of
from papercoder.models.contract import Price
from papercoder.models.prices import current_models, look_up
from papercoder.models.resolve import price_of_spec, window_of_spec
from papercoder.settings import ROLES, Role, Settings


class ChosenModel(Artifact):
    """A model that the settings choose."""

    spec: str
    """`provider:name`."""

    roles: tuple[Role, ...]
    """The roles that it plays."""

    context_window: int
    price: Price | None
    """The most that tokens may cost; None if it is not known."""

    notes: tuple[str, ...]
    """What to do before it can be used, and doubts about its name."""


class ProviderStatus(Artifact):
    """A provider, by the environment and the settings."""

    provider: str
    example: str
    """A current model."""

    base_url: str | None
    """Its address, if it is not the usual one."""

    missing: str
    """What to do before it can be used; empty if nothing."""


def chosen_models(settings: Settings) -> tuple[ChosenModel, ...]:
    """The models that the settings choose; nothing is sent.

    Raises:
        SettingsError: there is no such provider, or a test model or program cannot be opened.
    """
    roles: dict[str, list[Role]] = {}
    for role in filter(settings.has, ROLES):
        roles.setdefault(settings.model_for(role), []).append(role)
    return tuple(
        ChosenModel(
            spec=spec,
            roles=tuple(of),
            context_window=window_of_spec(spec, settings),
            price=price_of_spec(spec, settings),
            notes=_notes(spec, settings),
        )
        for spec, of in roles.items()
    )


def _notes(spec: str, settings: Settings) -> tuple[str, ...]:
    kind, _, name = spec.partition(":")
    if kind in WITHOUT_PROVIDER:
        return ()
    provider = provider_of(spec)
    notes = [f"not configured: {missing}"] if (missing := provider.missing(settings)) else []
    if not provider.self_hosted:
        listed = look_up(kind, name)
        if listed.retired:
            notes.append("the provider has announced the end of this model")
        if listed.price is None and (nearest := closest(name, [model.name for model in current_models(kind)])):
            notes.append(f"not in the price list; did you mean {kind}:{nearest}?")
    return tuple(notes)


def provider_statuses(settings: Settings) -> tuple[ProviderStatus, ...]:
    """All providers; nothing is sent, and no key is shown."""
    return tuple(
        ProviderStatus(
            provider=each.name,
            example=each.example,
            base_url=each.find_base_url(settings),
            missing=each.missing(settings),
        )
        for each in PROVIDERS
    )
