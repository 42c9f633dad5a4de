"""The cost cap and the rate limits. A call that might exceed the cap is not made."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from papercoder.errors import CostCapReached, SettingsError
from papercoder.models.contract import Answer, Model, ModelWrapper, Price, Request, Usage, prompt_tokens


class Budget(Protocol):
    """Money for calls: of this process, or of many machines."""

    @property
    def cap(self) -> float | None:
        """Dollars; None: no limit."""

    async def reserve(self, cost: float, what: str) -> None:
        """Reserve money for a call.

        Raises:
            CostCapReached: too little is left.
        """

    async def settle(self, reserved: float, cost: float) -> None:
        """Replace what was reserved for a call by what it cost."""


class LocalBudget:
    """The budget of one process: what is spent, what is reserved for calls in flight, and the cap."""

    def __init__(self, cap: float | None, spent: float = 0.0) -> None:
        self.cap = cap
        self.spent = spent
        self.reserved = 0.0
        self._settled = asyncio.Condition()

    async def reserve(self, cost: float, what: str) -> None:
        """Reserve money for a call; waits for calls in flight if they may leave enough.

        Raises:
            CostCapReached: too little is left, however little the calls in flight will cost.
        """
        async with self._settled:
            await self._settled.wait_for(lambda: not self._may_fit_later(cost))
            if not self._fits(self.spent + cost):
                raise CostCapReached(
                    f"{what}: ${self.spent:.4f} is spent and the next call may cost up to ${cost:.4f}, which exceeds "
                    f"the cap of ${self.cap:g}. Run the same command with a higher --max-cost to resume."
                )
            self.reserved += cost

    async def settle(self, reserved: float, cost: float) -> None:
        """Replace what was reserved for a call by what it cost."""
        async with self._settled:
            self.reserved -= reserved
            self.spent += cost
            self._settled.notify_all()

    def _fits(self, total: float) -> bool:
        return self.cap is None or total <= self.cap

    def _may_fit_later(self, cost: float) -> bool:
        """Whether the call may fit once the calls in flight have ended."""
        return self._fits(self.spent + cost) and not self._fits(self.spent + self.reserved + cost)


class CappedModel(ModelWrapper):
    """Reserves money before each call, and settles it afterwards."""

    def __init__(self, inner: Model, budget: Budget) -> None:
        """Cap a model.

        Raises:
            SettingsError: there is a cap, but the model's price is not known.
        """
        if budget.cap is not None and inner.price is None:
            raise SettingsError(
                f"--max-cost needs the price of {inner.name}, which is not known. Give --price-prompt and "
                "--price-completion in dollars per million tokens, or leave --max-cost out."
            )
        super().__init__(inner)
        self._budget = budget

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer.

        Raises:
            CostCapReached: the call might exceed the cap; it was not made.
        """
        worst = self.price.of(prompt_tokens(request), 0, request.max_tokens) if self.price else 0.0
        await self._budget.reserve(worst, request.about)
        cost = 0.0
        try:
            answer = await self.inner.answer(request)
            cost = cost_of(answer.usage, self.price)
        finally:
            await self._budget.settle(worst, cost)
        return answer


def cost_of(usage: Usage, price: Price | None) -> float:
    """Dollars of a call: as reported with its usage, else by the price, else nothing."""
    if usage.cost_usd is not None:
        return usage.cost_usd
    return price.of(usage.prompt, usage.cached, usage.completion) if price else 0.0


class TokenBucket:
    """So many units a minute; at most one minute's worth accumulates."""

    def __init__(
        self,
        per_minute: int | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._sleep = sleep
        self._left = float(per_minute or 0)
        self._at = clock()
        self._queue = asyncio.Lock()

    async def take(self, units: int) -> None:
        """Wait until the units may be used; more than a minute's worth count as a minute's worth."""
        if self._per_minute is None:
            return
        units = min(units, self._per_minute)
        async with self._queue:
            while (missing := units - self._refill(self._per_minute)) > 0:
                await self._sleep(missing * 60 / self._per_minute)
            self._left -= units

    def charge(self, units: int) -> None:
        """Count units that were used without waiting; negative ones are given back."""
        self._left -= units

    def _refill(self, size: int) -> float:
        now = self._clock()
        self._left = min(size, self._left + (now - self._at) * size / 60)
        self._at = now
        return self._left


class RateLimits(Protocol):
    """Who may call, and when: for the models of this process, or of many machines."""

    def slot(self, tokens: int) -> AbstractAsyncContextManager[None]:
        """Wait until a call of about this many tokens may be made; the call is made inside the context."""

    def charge(self, tokens: int) -> None:
        """Count tokens that a call used beyond those expected; negative ones are given back."""


class LocalRateLimits:
    """The limits that models of this process share."""

    def __init__(
        self, concurrency: int, requests_per_minute: int | None = None, tokens_per_minute: int | None = None
    ) -> None:
        self.calls = asyncio.Semaphore(concurrency)
        self.requests = TokenBucket(requests_per_minute)
        self.tokens = TokenBucket(tokens_per_minute)

    @asynccontextmanager
    async def slot(self, tokens: int) -> AsyncIterator[None]:
        """One of the concurrent calls, then a request and tokens of this minute."""
        async with self.calls:
            await self.requests.take(1)
            await self.tokens.take(tokens)
            yield

    def charge(self, tokens: int) -> None:
        """Count tokens that were used beyond those expected."""
        self.tokens.charge(tokens)


class RateLimitedModel(ModelWrapper):
    """Waits until the limits allow the call."""

    def __init__(self, inner: Model, limits: RateLimits) -> None:
        super().__init__(inner)
        self._limits = limits

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer."""
        expected = prompt_tokens(request)
        async with self._limits.slot(expected):
            answer = await self.inner.answer(request)
        self._limits.charge(answer.usage.prompt + answer.usage.completion - expected)
        return answer
