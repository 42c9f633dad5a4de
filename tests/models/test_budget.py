import asyncio

import pytest

from papercoder.errors import CostCapReached, ModelError, SettingsError
from papercoder.models.budget import CappedModel, LocalBudget
from papercoder.models.contract import Answer, Price, Request
from papercoder.models.tokens import prompt_tokens
from tests.models.fakes import Scripted, ask, said

PRICE = Price(prompt=0.0, cached=0.0, completion=1000.0)
"""A dollar for the thousand tokens that a request of these tests may get."""


def priced(*script: Answer | Exception, seconds: float = 0.0) -> Scripted:
    model = Scripted(*script, seconds=seconds)
    model.price = PRICE
    return model


def test_what_might_exceed_the_cap_is_not_sent() -> None:
    model = priced(said("x", cost_usd=0.6))
    budget = LocalBudget(1.5)

    async def spend() -> None:
        capped = CappedModel(model, budget)
        await capped.answer(ask())
        with pytest.raises(CostCapReached, match=r"\$0\.6000 is spent .* up to \$1\.0000, .* \$1\.5\..*--max-cost"):
            await capped.answer(ask())

    asyncio.run(spend())
    assert len(model.asked) == 1
    assert budget.spent == pytest.approx(0.6)


def test_what_was_spent_before_counts() -> None:
    model = priced(said("x", cost_usd=0.1))
    with pytest.raises(CostCapReached):
        asyncio.run(CappedModel(model, LocalBudget(1.5, spent=0.6)).answer(ask()))
    assert not model.asked


def test_calls_in_flight_never_exceed_the_cap_together_and_all_that_fits_is_made() -> None:
    model = priced(said("x", cost_usd=0.1), seconds=0.005)
    budget = LocalBudget(2.5)

    async def spend() -> list[Answer | BaseException]:
        capped = CappedModel(model, budget)
        return await asyncio.gather(*(capped.answer(ask()) for _ in range(40)), return_exceptions=True)

    results = asyncio.run(spend())
    refused = [result for result in results if isinstance(result, CostCapReached)]
    assert model.most_at_once == 2
    assert budget.spent == pytest.approx(1.6)
    assert len(refused) == 24
    assert budget.reserved == pytest.approx(0.0)


def test_a_call_that_failed_costs_nothing() -> None:
    budget = LocalBudget(1.5)
    with pytest.raises(ModelError):
        asyncio.run(CappedModel(priced(ModelError("no")), budget).answer(ask()))
    assert (budget.spent, budget.reserved) == (0.0, 0.0)


def test_the_prompt_counts_as_if_nothing_were_cached() -> None:
    model = priced(said("x"))
    model.price = Price(prompt=1e6, cached=0.0, completion=0.0)
    request: Request = ask(text="words " * 50)
    with pytest.raises(CostCapReached):
        asyncio.run(CappedModel(model, LocalBudget(prompt_tokens(request) - 0.5)).answer(request))
    asyncio.run(CappedModel(model, LocalBudget(prompt_tokens(request) + 0.5)).answer(request))


def test_without_a_price_a_cap_cannot_bind_and_says_so() -> None:
    model = priced(said("x"))
    model.price = None
    with pytest.raises(SettingsError, match="--price-prompt"):
        CappedModel(model, LocalBudget(1.0))
    assert asyncio.run(CappedModel(model, LocalBudget(None)).answer(ask())).text == "x"


def test_a_cost_that_the_provider_does_not_tell_is_reckoned() -> None:
    budget = LocalBudget(5.0)
    asyncio.run(CappedModel(priced(said("x", prompt=10, completion=500)), budget).answer(ask()))
    assert budget.spent == pytest.approx(0.5)
