"""What comes of an edit, before it is saved."""

from collections.abc import Iterable

from markupsafe import Markup

from papercoder.operations.preview import AffectedArtifact, Preview
from papercoder.report.formatting import amount, money, plural
from papercoder.report.rendering import environment
from papercoder.runs.summary import StepCost


def foreseen_html(preview: Preview) -> Markup:
    """What is made again for sure, what may follow, and what both take."""
    template = environment("papercoder.web").get_template("foreseen.html")
    text = template.render(
        preview=preview,
        least=price(preview.min_cost, preview.certain),
        most=price(preview.max_cost, (*preview.certain, *preview.possible)),
        price_of=lambda remade: price(remade.cost, (remade,)),
    )
    return Markup(text)  # noqa: S704  the template escapes


def price(spent: StepCost, remade: Iterable[AffectedArtifact]) -> str:
    """Calls, tokens and dollars in words, as they were the last time."""
    unknown = sum(not each.is_cost_known for each in remade)
    if not spent.calls:
        return "not known" if unknown else "no calls"
    cost = "price unknown" if spent.cost_usd is None else money(spent.cost_usd)
    told = f"{plural(round(spent.calls), 'call')}, {amount(spent.tokens)} tokens, {cost}"
    return told + (f", and {unknown} of unknown cost" if unknown else "")


def button_label(preview: Preview) -> str:
    """What saving and making again is called, with its price where there is one."""
    spent = preview.min_cost
    if not spent.calls:
        return "Save and resume"
    return "Save and resume" + (f" (about {money(spent.cost_usd)})" if spent.cost_usd else "")
