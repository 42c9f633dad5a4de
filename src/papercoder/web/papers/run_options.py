"""The options of a new run on the page: model, profile and cost limit; the rest is from the settings file."""

from papercoder.errors import SettingsError
from papercoder.models.catalog import WITHOUT_PROVIDER, provider_of
from papercoder.models.overview import provider_statuses
from papercoder.models.resolve import resolve
from papercoder.paper.fidelity import Estimate
from papercoder.settings import LOCAL_MODELS, RUN_ROLES, Profile, Settings, own_file

PROFILES: dict[str, str] = {
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
"""Profile -> label."""


def run_settings(base: Settings, model: str, profile: Profile, max_cost: float | None) -> Settings:
    """The settings of a run.

    Raises:
        SettingsError: a value is invalid, or names a folder or a program that the settings file does not name.
    """
    settings = Settings(model=model.strip(), profile=profile, max_cost=max_cost)
    known = {base.model, *base.models.values()}
    for role in RUN_ROLES:
        spec = settings.model_for(role)
        kind = spec.partition(":")[0]
        if kind in LOCAL_MODELS and spec not in known:
            raise SettingsError(f"{kind} models use folders or programs of this machine. Set them in {own_file()}.")
    return settings


def check_models(settings: Settings) -> None:
    """Check that all models can be used before the run starts.

    Raises:
        SettingsError: a provider is unknown or not configured.
    """
    for spec in dict.fromkeys(settings.model_for(role) for role in RUN_ROLES):
        if spec.partition(":")[0] in WITHOUT_PROVIDER:
            resolve(spec, settings)
        else:
            provider_of(spec).check(settings)


def suggested_models(settings: Settings) -> list[str]:
    """The model of the settings, then one of each configured provider."""
    ready = [f"{each.provider}:{each.example}" for each in provider_statuses(settings) if not each.missing]
    return list(dict.fromkeys([settings.model, *ready]))


def describe(estimate: Estimate) -> str:
    """The calls and tokens of a run in a sentence."""
    tokens = f"{estimate.prompt_tokens:,} prompt and {estimate.completion_tokens:,} completion tokens"
    if estimate.cost_usd is None:
        return (
            f"{estimate.calls} calls, {tokens}; the price of {estimate.model} is unknown, "
            "so a cost limit cannot be enforced."
        )
    return f"{estimate.calls} calls, {tokens}, with {estimate.model}."
