"""How many calls at once, and how many requests and tokens a minute; in the order in which they came."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from papercoder.models.contract import Answer, Model, Request
from papercoder.models.estimate import prompt_tokens
from papercoder.models.wrapped import Wrapped

Sleep = Callable[[float], Awaitable[None]]


class Bucket:
    """So many units a minute, at most a minute's worth saved up."""

    def __init__(
        self,
        per_minute: int | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._sleep = sleep
        self._left = float(per_minute or 0)
        self._at = clock()
        self._turn = asyncio.Lock()

    async def take(self, units: int) -> None:
        """Wait until the units may be used; more than a minute's worth count as a minute's worth."""
        if self._per_minute is None:
            return
        units = min(units, self._per_minute)
        async with self._turn:
            while (missing := units - self._refill(self._per_minute)) > 0:
                await self._sleep(missing * 60 / self._per_minute)
            self._left -= units

    def charge(self, units: int) -> None:
        """Count units that were used without asking; negative ones are given back."""
        self._left -= units

    def _refill(self, size: int) -> float:
        now = self._clock()
        self._left = min(size, self._left + (now - self._at) * size / 60)
        self._at = now
        return self._left


class Turns(Protocol):
    """Who may call, and when: for the models of this process, or for those of many machines."""

    def turn(self, tokens: int) -> AbstractAsyncContextManager[None]:
        """Wait until a call of about so many tokens may be made; it is being made while this is entered."""

    def charge(self, tokens: int) -> None:
        """Count tokens that a call took beyond those expected; negative ones are given back."""


class Limits:
    """The turns of all models of this process that share it."""

    def __init__(
        self, concurrency: int, requests_per_minute: int | None = None, tokens_per_minute: int | None = None
    ) -> None:
        self.slots = asyncio.Semaphore(concurrency)
        self.requests = Bucket(requests_per_minute)
        self.tokens = Bucket(tokens_per_minute)

    @asynccontextmanager
    async def turn(self, tokens: int) -> AsyncIterator[None]:
        """A slot, then a request and tokens of this minute."""
        async with self.slots:
            await self.requests.take(1)
            await self.tokens.take(tokens)
            yield

    def charge(self, tokens: int) -> None:
        """Count tokens that were used without asking."""
        self.tokens.charge(tokens)


class Limited(Wrapped):
    """Waits for its turn."""

    def __init__(self, inner: Model, turns: Turns) -> None:
        super().__init__(inner)
        self._turns = turns

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer, when it is this request's turn."""
        expected = prompt_tokens(request)
        async with self._turns.turn(expected):
            answer = await self.inner.answer(request)
        self._turns.charge(answer.usage.prompt + answer.usage.completion - expected)
        return answer
