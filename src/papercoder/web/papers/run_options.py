"""What a run may be told on the page: a model, a profile and a cap; all else is as in the settings file."""

from papercoder.errors import SettingsError
from papercoder.models.catalog import COMMAND, TEST_MODELS, provider_of
from papercoder.models.overview import provider_statuses
from papercoder.models.resolve import resolve
from papercoder.paper.fidelity import Estimate
from papercoder.settings import RUN_ROLES, Profile, Settings

TOLD: dict[str, str] = {
    "full": "full: plan, code, review, execute, repair",
    "papercoder": "papercoder: as published",
    "paper": "paper: only the paper",
    "plan": "plan: with an overall plan",
    "architecture": "architecture: with the files",
    "logic": "logic: with their order",
    "config": "config: with the configuration",
    "analysis": "analysis: with an analysis of each file",
    "requirements": "requirements: with requirements",
    "review": "review: with review",
    "repair": "repair: with execution and repair",
}
"""Each profile in a few words."""

_LOCAL = frozenset({"recorded", "relay", COMMAND})
"""Kinds of models that open folders or run programs on this machine."""


def chosen(given: Settings, model: str, profile: Profile, cap: float | None) -> Settings:
    """The settings of a run.

    Raises:
        SettingsError: a value is wrong, or names a folder or a program, which only the settings file may.
    """
    settings = Settings(model=model.strip(), profile=profile, max_cost=cap)
    known = {given.model, *given.models.values()}
    for role in RUN_ROLES:
        spec = settings.model_for(role)
        kind = spec.partition(":")[0]
        if kind in _LOCAL and spec not in known:
            raise SettingsError(f"{kind} models use folders or programs of this machine. Set them in papercoder.toml.")
    return settings


def check(settings: Settings) -> None:
    """Be sure that the models can be asked, before anything is begun.

    Raises:
        SettingsError: no such provider, or no credentials for it.
    """
    for spec in dict.fromkeys(settings.model_for(role) for role in RUN_ROLES):
        if spec.partition(":")[0] in {*TEST_MODELS, COMMAND}:
            resolve(spec, settings)
        else:
            provider_of(spec).check(settings)


def offered(settings: Settings) -> list[str]:
    """Models to choose from: that of the settings, then one of each provider that is ready."""
    ready = [f"{each.provider}:{each.example}" for each in provider_statuses(settings) if not each.missing]
    return list(dict.fromkeys([settings.model, *ready]))


def in_words(estimate: Estimate) -> str:
    """What a run will take beside its price, in a sentence."""
    tokens = f"{estimate.prompt_tokens:,} prompt and {estimate.completion_tokens:,} completion tokens"
    if estimate.cost_usd is None:
        return (
            f"{estimate.calls} calls, {tokens}; the price of {estimate.model} is unknown, "
            "so a cost limit cannot be enforced."
        )
    return f"{estimate.calls} calls, {tokens}, with {estimate.model}."
