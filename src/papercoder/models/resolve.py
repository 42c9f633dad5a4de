"""Resolves `provider:name` to a model, and lists what each provider still needs."""

from collections.abc import Iterable
from pathlib import Path

from papercoder.artifacts import Artifact
from papercoder.errors import SettingsError
from papercoder.models.catalog import (
    AGENT,
    COMMAND,
    PROVIDERS,
    WITHOUT_PROVIDER,
    closest,
    context_window_of,
    current_models,
    look_up,
    price_of,
    provider_of,
)
from papercoder.models.command import Command
from papercoder.models.contract import FREE, Model, Price
from papercoder.models.recorded import Recorded
from papercoder.models.relay import Relay
from papercoder.models.simulated import Simulated
from papercoder.settings import ROLES, RUN_ROLES, Role, Settings

READER = 1_000_000
"""Tokens that a person who answers a relay can read and write."""

AGENT_WINDOW = 200_000
"""Tokens that a coding agent can read and write at once."""


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
        case "agent":
            raise SettingsError(
                f"{spec} is a coding agent that answers through `papercoder mcp`. Continue this run there with the "
                "tool resume_run, or choose another model with --model."
            )
    provider = provider_of(spec)
    from papercoder.models.provider import ProviderModel  # noqa: PLC0415, takes a second to import

    return ProviderModel(provider, rest, settings)


def price_of_spec(spec: str, settings: Settings) -> Price | None:
    """What tokens of this model cost at most, without opening it; None if that is not known.

    Raises:
        SettingsError: no such provider.
    """
    kind, _, rest = spec.partition(":")
    if kind in WITHOUT_PROVIDER:
        return Simulated(rest).price if kind == "simulated" else FREE
    return price_of(provider_of(spec), rest, settings)


def window_of_spec(spec: str, settings: Settings) -> int:
    """Tokens that this model can read and write at once, without a key for it.

    Raises:
        SettingsError: no such provider, or a test model or program that cannot be opened.
    """
    kind, _, rest = spec.partition(":")
    if kind == AGENT:
        return settings.context_window or AGENT_WINDOW
    if kind in WITHOUT_PROVIDER:
        return resolve(spec, settings).context_window
    return context_window_of(provider_of(spec), rest, settings)


def vision_problem(spec: str) -> str:
    """Why a model cannot be used for `vision`; empty if it may read images, which only its answer can show."""
    if spec.partition(":")[0] not in {AGENT, COMMAND}:
        return ""
    return (
        "a program or a connected agent gets text alone. Choose a model that reads images, or leave the role out; the "
        "figures are then not described."
    )


def models_by_role(
    settings: Settings, roles: Iterable[Role] = RUN_ROLES, agent: Model | None = None
) -> dict[Role, Model]:
    """The models of these roles, without those that are off; roles with the same specification share one.

    Args:
        settings: the user's.
        roles: those that are needed.
        agent: the coding agent that answers within this process, if there is one.

    Raises:
        SettingsError: as for resolve; or a model without pictures is chosen for `vision`.
    """
    specs = {role: settings.model_for(role) for role in roles if settings.has(role)}
    if problem := vision_problem(specs.get("vision", "")):
        raise SettingsError(f"--model vision={specs['vision']}: {problem}")
    models = {
        spec: agent if agent and spec == agent.name else resolve(spec, settings)
        for spec in dict.fromkeys(specs.values())
    }
    return {role: models[spec] for role, spec in specs.items()}


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
