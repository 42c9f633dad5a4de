import asyncio

import pytest

from papercoder.models.rate_limits import LocalRateLimits, RateLimitedModel, TokenBucket
from papercoder.models.tokens import prompt_tokens
from tests.models.fakes import Scripted, ask, said


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
