"""The cost cap: a call that might exceed it is not made."""

import asyncio
from typing import Protocol

from papercoder.errors import CostCapReached, SettingsError
from papercoder.models.contract import Answer, Model, Price, Request, Usage
from papercoder.models.estimate import prompt_tokens
from papercoder.models.wrapped import Wrapped


class Purse(Protocol):
    """Money that calls are paid from: that of this process, or that of many machines."""

    @property
    def cap(self) -> float | None:
        """Dollars; None: as many as it takes."""

    async def promise(self, cost: float, what: str) -> None:
        """Set money aside for a call.

        Raises:
            CostCapReached: there is too little left.
        """

    async def settle(self, promised: float, cost: float) -> None:
        """Replace what was set aside for a call by what it cost."""


class Budget:
    """The money of one run: spent, promised to calls in flight, and the cap; shared by all its models."""

    def __init__(self, cap: float | None, spent: float = 0.0) -> None:
        self.cap = cap
        self.spent = spent
        self.promised = 0.0
        self._settled = asyncio.Condition()

    async def promise(self, cost: float, what: str) -> None:
        """Set money aside for a call; waits for calls in flight where what they leave over may suffice.

        Raises:
            CostCapReached: what was spent leaves too little, whatever the calls in flight will cost.
        """
        async with self._settled:
            await self._settled.wait_for(lambda: not self._crowded(cost))
            if not self._fits(self.spent + cost):
                raise CostCapReached(self._refusal(cost, what))
            self.promised += cost

    async def settle(self, promised: float, cost: float) -> None:
        """Replace what was set aside for a call by what it cost."""
        async with self._settled:
            self.promised -= promised
            self.spent += cost
            self._settled.notify_all()

    def _fits(self, total: float) -> bool:
        return self.cap is None or total <= self.cap

    def _crowded(self, cost: float) -> bool:
        """True where the call would fit, were it not for what those in flight may cost."""
        return self._fits(self.spent + cost) and not self._fits(self.spent + self.promised + cost)

    def _refusal(self, cost: float, what: str) -> str:
        return (
            f"{what}: ${self.spent:.4f} is spent and the next call may cost up to ${cost:.4f}, which exceeds the cap "
            f"of ${self.cap:g}; run the same command again with a higher --max-cost to resume."
        )


class Capped(Wrapped):
    """Asks the budget before each call, and tells it afterwards."""

    def __init__(self, inner: Model, budget: Purse) -> None:
        """Cap a model.

        Raises:
            SettingsError: there is a cap, but no price to hold against it.
        """
        if budget.cap is not None and inner.price is None:
            raise SettingsError(
                f"--max-cost cannot bind: the price of {inner.name} is not known; give --price-prompt and "
                "--price-completion in dollars for a million tokens, or leave --max-cost out."
            )
        super().__init__(inner)
        self._budget = budget

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer.

        Raises:
            CostCapReached: the call might exceed the cap; it was not made.
        """
        worst = self._worst(request)
        await self._budget.promise(worst, f"{request.agent} {request.subject}".strip())
        cost = 0.0
        try:
            answer = await self.inner.answer(request)
            cost = cost_of(answer.usage, self.price)
        finally:
            await self._budget.settle(worst, cost)
        return answer

    def _worst(self, request: Request) -> float:
        """Nothing read from a cache, and an answer as long as it may be."""
        return self.price.of(prompt_tokens(request), 0, request.max_tokens) if self.price else 0.0


def cost_of(usage: Usage, price: Price | None) -> float:
    """Dollars of a call: as the provider says, else by the price, else nothing."""
    if usage.cost_usd is not None:
        return usage.cost_usd
    return price.of(usage.prompt, usage.cached, usage.completion) if price else 0.0
