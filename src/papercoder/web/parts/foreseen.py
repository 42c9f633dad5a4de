"""What comes of an edit, before it is saved."""

from collections.abc import Iterable

from markupsafe import Markup

from papercoder.operations.preview import Preview, Remade
from papercoder.report.rendering import environment
from papercoder.report.words import amount, money, plural
from papercoder.runs.step_costs import Spent


def foreseen_html(preview: Preview) -> Markup:
    """What is made again for sure, what may follow, and what both take."""
    template = environment("papercoder.web").get_template("foreseen.html")
    text = template.render(
        preview=preview,
        least=price(preview.least, preview.again),
        most=price(preview.most, (*preview.again, *preview.follows)),
        price_of=lambda remade: price(remade.spent, (remade,)),
    )
    return Markup(text)  # noqa: S704  the template escapes


def price(spent: Spent, remade: Iterable[Remade]) -> str:
    """Calls, tokens and dollars in words, as they were the last time."""
    unknown = sum(not each.is_known for each in remade)
    if not spent.calls:
        return "not known" if unknown else "no calls"
    cost = "price unknown" if spent.cost_usd is None else money(spent.cost_usd)
    told = f"{plural(round(spent.calls), 'call')}, {amount(spent.tokens)} tokens, {cost}"
    return told + (f", and {unknown} of unknown cost" if unknown else "")


def button_label(preview: Preview) -> str:
    """What saving and making again is called, with its price where there is one."""
    spent = preview.least
    if not spent.calls:
        return "Save and resume"
    return "Save and resume" + (f" (about {money(spent.cost_usd)})" if spent.cost_usd else "")
