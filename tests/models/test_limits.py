""""""

import asyncio

import pytest

from papercoder.errors import CostCapReached, ModelError, SettingsError
from papercoder.models.contract import Answer, Price, Request, prompt_tokens
from papercoder.models.limits import CappedModel, LocalBudget, LocalRateLimits, RateLimitedModel, TokenBucket
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


class Clock:
    """Time that passes only when someone sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def test_no_more_calls_at_once_than_slots() -> None:
    model = Scripted(said("x"), seconds=0.005)

    async def flood() -> None:
        limited = RateLimitedModel(model, LocalRateLimits(concurrency=3))
        await asyncio.gather(*(limited.answer(ask()) for _ in range(12)))

    asyncio.run(flood())
    assert model.most_at_once == 3


def test_slots_are_shared_by_all_models_and_given_in_order() -> None:
    first, second = Scripted(said("x"), seconds=0.005), Scripted(said("y"), seconds=0.005)
    order: list[int] = []

    async def flood() -> None:
        limits = LocalRateLimits(concurrency=1)
        models = [RateLimitedModel(first, limits), RateLimitedModel(second, limits)]

        async def call(number: int) -> None:
            await models[number % 2].answer(ask())
            order.append(number)

        await asyncio.gather(*(call(number) for number in range(6)))

    asyncio.run(flood())
    assert order == list(range(6))


@pytest.mark.parametrize(("per_minute", "units", "times"), [(60, 1, 180), (6000, 500, 40)])
def test_a_bucket_gives_a_minutes_worth_and_then_the_rate(per_minute: int, units: int, times: int) -> None:
    clock = Clock()

    async def take() -> None:
        bucket = TokenBucket(per_minute, clock, clock.sleep)
        await asyncio.gather(*(bucket.take(units) for _ in range(times)))

    asyncio.run(take())
    assert clock.now == pytest.approx((units * times - per_minute) * 60 / per_minute)


def test_more_than_a_minutes_worth_waits_for_a_full_bucket_and_not_for_ever() -> None:
    clock = Clock()

    async def take() -> None:
        bucket = TokenBucket(60, clock, clock.sleep)
        await bucket.take(10)
        await bucket.take(1000)

    asyncio.run(take())
    assert clock.now == pytest.approx(10.0)


def test_tokens_are_counted_as_they_were_used() -> None:
    request = ask()
    used = prompt_tokens(request) + 500

    async def call() -> float:
        limits = LocalRateLimits(concurrency=1, tokens_per_minute=600)
        clock = Clock()
        limits.tokens = TokenBucket(600, clock, clock.sleep)
        limited = RateLimitedModel(Scripted(said("x", prompt=prompt_tokens(request), completion=500)), limits)
        await limited.answer(request)
        await limits.tokens.take(600)
        return clock.now

    assert asyncio.run(call()) == pytest.approx(used / 10)
