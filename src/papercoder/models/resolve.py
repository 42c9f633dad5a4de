"""From `provider:name` to a model."""

from collections.abc import Iterable
from pathlib import Path

from papercoder.errors import SettingsError
from papercoder.models.catalog import PROVIDERS, Provider, find_provider
from papercoder.models.contract import Model, Price
from papercoder.models.free import FREE
from papercoder.models.prices import context_window_of, price_of
from papercoder.models.recorded import Recorded
from papercoder.models.relay import Relay
from papercoder.models.simulated import Simulated
from papercoder.settings import RUN_ROLES, Role, Settings

DOUBLES = ("recorded", "relay", "simulated")
READER = 1_000_000
"""Tokens that whoever answers a relay is thought to read and write at once."""


def resolve(spec: str, settings: Settings) -> Model:
    """The model of this specification, without wrappers.

    Raises:
        SettingsError: no such provider, no key for it, or a double that cannot be opened.
    """
    kind, _, rest = spec.partition(":")
    match kind:
        case "simulated":
            return Simulated(rest)
        case "recorded":
            return Recorded(Path(rest))
        case "relay":
            return Relay(Path(rest), settings.context_window or READER)
    return _provided(_provider(spec), rest, settings)


def price_of_spec(spec: str, settings: Settings) -> Price | None:
    """What tokens of this model cost at most, without opening it; None where that is not known.

    Raises:
        SettingsError: no such provider.
    """
    kind, _, rest = spec.partition(":")
    if kind in DOUBLES:
        return Simulated(rest).price if kind == "simulated" else FREE
    return price_of(_provider(spec), rest, settings)


def window_of_spec(spec: str, settings: Settings) -> int:
    """Tokens that this model can read and write at once, without a key for it.

    Raises:
        SettingsError: no such provider, or a double that cannot be opened.
    """
    kind, _, rest = spec.partition(":")
    if kind in DOUBLES:
        return resolve(spec, settings).context_window
    return context_window_of(_provider(spec), rest, settings)


def models_by_role(settings: Settings, roles: Iterable[Role] = RUN_ROLES) -> dict[Role, Model]:
    """The models of these roles; roles with the same specification share one.

    Raises:
        SettingsError: as for resolve.
    """
    specs = {role: settings.model_for(role) for role in roles}
    models = {spec: resolve(spec, settings) for spec in dict.fromkeys(specs.values())}
    return {role: models[spec] for role, spec in specs.items()}


def _provider(spec: str) -> Provider:
    kind = spec.partition(":")[0]
    provider = find_provider(kind)
    if provider is None:
        known = ", ".join([*(each.name for each in PROVIDERS), *DOUBLES])
        raise SettingsError(f"{spec}: there is no provider {kind!r}; there are {known}.")
    return provider


def _provided(provider: Provider, name: str, settings: Settings) -> Model:
    from papercoder.models.provider import Provided  # noqa: PLC0415, a second that the doubles need not spend

    return Provided(provider, name, settings)
