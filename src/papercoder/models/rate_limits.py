"""How many calls at the same time, and how many requests and tokens a minute; first come, first served."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from papercoder.models.contract import Answer, Model, ModelWrapper, Request
from papercoder.models.tokens import prompt_tokens


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
        """Wait until a call of about so many tokens may be made; the call is made inside the context."""

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
