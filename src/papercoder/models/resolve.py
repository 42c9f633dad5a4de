"""From `provider:name` to a model."""

from collections.abc import Iterable
from pathlib import Path

from papercoder.errors import SettingsError
from papercoder.models.catalog import AGENT, COMMAND, WITHOUT_PROVIDER, provider_of
from papercoder.models.command import Command
from papercoder.models.contract import FREE, Model, Price
from papercoder.models.prices import context_window_of, price_of
from papercoder.models.recorded import Recorded
from papercoder.models.relay import Relay
from papercoder.models.simulated import Simulated
from papercoder.settings import RUN_ROLES, Role, Settings

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
