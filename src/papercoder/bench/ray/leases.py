"""What hosts of a cluster hold of the shared limits and the shared money; what a dead host held is given back.

Nothing here knows Ray: it is an actor's class there, and a plain class in its tests.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from papercoder.bench.placement import Shared
from papercoder.errors import CostCapReached
from papercoder.models.budget import LocalBudget
from papercoder.models.rate_limits import LocalRateLimits


@dataclass
class _Lease:
    """A turn or a reservation, from when it was asked for until it is given back."""

    host: str
    granted: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Empty once it may be used, else why not."""

    ended: "asyncio.Future[float]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Dollars, where it was a reservation."""

    holding: "asyncio.Task[None] | None" = None

    def end(self, cost: float) -> None:
        """Give it back, or stop waiting for it."""
        if self.granted.done():
            self.ended.set_result(cost)
        else:
            self.granted.set_result("")
            if self.holding:
                self.holding.cancel()


Hold = Callable[[_Lease], Awaitable[None]]


class Leases:
    """One for all hosts; each asks with a ticket of its own making, so that it can let go while it still waits."""

    def __init__(self, shared: Shared) -> None:
        self._limits = LocalRateLimits(shared.concurrency, shared.requests_per_minute, shared.tokens_per_minute)
        self._budget = LocalBudget(shared.max_cost, shared.spent)
        self._leases: dict[str, _Lease] = {}
        self._gone: set[str] = set()

    async def enter(self, host: str, ticket: str, tokens: int) -> None:
        """Wait for the turn of a call of about so many tokens."""

        async def hold(lease: _Lease) -> None:
            async with self._limits.slot(tokens):
                lease.granted.set_result("")
                await lease.ended

        await self._grant(host, ticket, hold)

    async def reserve(self, host: str, ticket: str, cost: float, what: str) -> str:
        """Set money aside for a call; returns why that cannot be, or nothing."""

        async def hold(lease: _Lease) -> None:
            try:
                await self._budget.reserve(cost, what)
            except CostCapReached as refusal:
                lease.granted.set_result(str(refusal))
                return
            lease.granted.set_result("")
            await self._budget.settle(cost, await lease.ended)

        return await self._grant(host, ticket, hold)

    async def end(self, ticket: str, cost: float = 0.0) -> None:
        """Give a turn or a reservation back, granted or not; a reservation is settled at what the call cost."""
        if lease := self._leases.pop(ticket, None):
            lease.end(cost)

    async def charge(self, tokens: int) -> None:
        """Count tokens that a call took beyond those expected."""
        self._limits.charge(tokens)

    async def forget(self, host: str) -> None:
        """Give back all that a dead host held, and hear it no more."""
        self._gone.add(host)
        for ticket in [ticket for ticket, lease in self._leases.items() if lease.host == host]:
            await self.end(ticket)

    async def spent(self) -> float:
        """Dollars so far."""
        return self._budget.spent

    async def _grant(self, host: str, ticket: str, hold: Hold) -> str:
        if host in self._gone:
            return "its host is gone"
        lease = self._leases[ticket] = _Lease(host)
        lease.holding = asyncio.ensure_future(hold(lease))
        return await lease.granted
