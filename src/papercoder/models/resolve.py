"""From `provider:name` to a model."""

from collections.abc import Iterable
from pathlib import Path

from papercoder.models.catalog import COMMAND, TEST_MODELS, provider_of
from papercoder.models.command import Command
from papercoder.models.contract import FREE, Model, Price
from papercoder.models.prices import context_window_of, price_of
from papercoder.models.recorded import Recorded
from papercoder.models.relay import Relay
from papercoder.models.simulated import Simulated
from papercoder.settings import RUN_ROLES, Role, Settings

READER = 1_000_000
"""Tokens that a person who answers a relay can read and write."""


def resolve(spec: str, settings: Settings) -> Model:
    """The model of this specification, without wrappers.

    Raises:
        SettingsError: no such provider, no credentials for it, or a test model or program that cannot be opened.
    """
    kind, _, rest = spec.partition(":")
    match kind:
        case "simulated":
            return Simulated(rest)
        case "recorded":
            return Recorded(Path(rest))
        case "relay":
            return Relay(Path(rest), settings.context_window or READER)
        case "command":
            return Command(rest, settings)
    provider = provider_of(spec)
    from papercoder.models.provider import ProviderModel  # noqa: PLC0415, takes a second to import

    return ProviderModel(provider, rest, settings)


def price_of_spec(spec: str, settings: Settings) -> Price | None:
    """What tokens of this model cost at most, without opening it; None if that is not known.

    Raises:
        SettingsError: no such provider.
    """
    kind, _, rest = spec.partition(":")
    if kind in {*TEST_MODELS, COMMAND}:
        return Simulated(rest).price if kind == "simulated" else FREE
    return price_of(provider_of(spec), rest, settings)


def window_of_spec(spec: str, settings: Settings) -> int:
    """Tokens that this model can read and write at once, without a key for it.

    Raises:
        SettingsError: no such provider, or a test model or program that cannot be opened.
    """
    kind, _, rest = spec.partition(":")
    if kind in {*TEST_MODELS, COMMAND}:
        return resolve(spec, settings).context_window
    return context_window_of(provider_of(spec), rest, settings)


def models_by_role(settings: Settings, roles: Iterable[Role] = RUN_ROLES) -> dict[Role, Model]:
    """The models of these roles; roles with the same specification share one.

    Raises:
        SettingsError: as for resolve.
    """
    specs = {role: settings.model_for(role) for role in roles}
    models = {spec: resolve(spec, settings) for spec in dict.fromkeys(specs.values())}
    return {role: models[spec] for role, spec in specs.items()}
