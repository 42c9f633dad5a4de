"""What `papercoder models` shows: at most 80 columns."""

from rich.console import Console
from rich.text import Text

from papercoder.models.catalog import provider_of
from papercoder.models.contract import Price
from papercoder.models.overview import chosen_models, provider_statuses
from papercoder.models.prices import current_models
from papercoder.settings import TEXT_ROLES, Settings


def show_models(settings: Settings, console: Console) -> None:
    """The models that the settings choose, then all providers; at most 80 columns.

    Raises:
        SettingsError: there is no such provider, or a test model or program cannot be opened.
    """
    for model in chosen_models(settings):
        roles = "all roles" if {*TEXT_ROLES} <= {*model.roles} else ", ".join(model.roles)
        console.print(Text.assemble((model.spec, "bold"), f" ({roles})"))
        console.print(f"  {model.context_window:,} tokens, {_price(model.price)}")
        for note in model.notes:
            console.print(f"  {note}", style="yellow")
    statuses = provider_statuses(settings)
    configured = [each for each in statuses if not each.missing]
    for title, rows in (
        ("Configured", [(each.provider, f"such as {each.example}") for each in configured if not each.base_url]),
        ("At this address", [(each.provider, each.base_url) for each in configured if each.base_url]),
        ("Without a provider", _WITHOUT_PROVIDER),
        ("Not configured", [(each.provider, each.missing) for each in statuses if each.missing]),
    ):
        if not rows:
            continue
        console.print(f"\n{title}", style="bold")
        for name, text in rows:
            console.print(f"  {name:<18} {text}")
    console.print("\n`papercoder models PROVIDER` lists the current models of one provider.")


_WITHOUT_PROVIDER = (
    ("command:PROGRAM", "a program that reads a prompt and writes the answer"),
    ("recorded:FOLDER", "the answers of an earlier run"),
    ("relay:FOLDER", "requests as files, which you answer by hand"),
    ("simulated:", "made-up answers, for tests"),
)


def show_provider(name: str, settings: Settings, console: Console) -> None:
    """The current models of a provider.

    Raises:
        SettingsError: there is no such provider; suggests the nearest name.
    """
    provider = provider_of(f"{name}:")
    missing = provider.missing(settings)
    console.print(Text.assemble((provider.name, "bold"), f": {missing or 'ready'}"))
    models = current_models(provider.name)
    width = min(max((len(model.name) for model in models), default=0), 44)
    if models:
        console.print(f"  {'model':<{width}}    window  $ per million in, cached, out", style="dim")
    for model in models:
        window = f"{model.context_window:,}" if model.context_window else ""
        prices = f"{model.price.prompt:g}, {model.price.cached:g}, {model.price.completion:g}" if model.price else ""
        console.print(f"  {model.name:<{width}} {window:>9}  {prices}", soft_wrap=True)
    if not models:
        console.print(f"  Any model that it offers: {provider.name}:NAME. Their names are not known here.")


def _price(price: Price | None) -> str:
    if price is None:
        return "price unknown"
    return f"${price.prompt:g} in, ${price.cached:g} cached, ${price.completion:g} out per million"
