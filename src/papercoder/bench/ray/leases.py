"""Leases of the shared rate limits and budget to the hosts of a cluster; those of a dead host are returned.

Independent of Ray: there it is the class of an actor, in its tests a plain class.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from papercoder.bench.placement import SharedLimits
from papercoder.errors import CostCapReached
from papercoder.models.budget import LocalBudget
from papercoder.models.rate_limits import LocalRateLimits


@dataclass
class _Lease:
    """A rate limit slot, a share for trials or a reservation of money, from its request to its return."""

    host: str
    granted: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Empty if it was granted, otherwise the reason for the refusal."""

    ended: "asyncio.Future[float]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Dollars, for a reservation."""

    holding: "asyncio.Task[None] | None" = None

    def end(self, cost: float) -> None:
        """Return it, or stop waiting for it."""
        if self.granted.done():
            self.ended.set_result(cost)
        else:
            self.granted.set_result("")
            if self.holding:
                self.holding.cancel()


Hold = Callable[[_Lease], Awaitable[None]]


class Leases:
    """One for all hosts. Hosts choose the ids of their leases, so that they can return one that they still wait for."""

    def __init__(self, limits: SharedLimits, shares: int = 1) -> None:
        """Share limits among all hosts; `shares` entries may run trials at the same time."""
        self._shares = asyncio.Semaphore(shares)
        self._limits = LocalRateLimits(limits.concurrency, limits.requests_per_minute, limits.tokens_per_minute)
        self._budget = LocalBudget(limits.max_cost, limits.spent)
        self._leases: dict[str, _Lease] = {}
        self._dead: set[str] = set()

    async def enter(self, host: str, lease_id: str, tokens: int) -> None:
        """Wait for a slot for a call of about this many tokens."""

        async def hold(lease: _Lease) -> None:
            async with self._limits.slot(tokens):
                lease.granted.set_result("")
                await lease.ended

        await self._grant(host, lease_id, hold)

    async def take_share(self, host: str, lease_id: str) -> None:
        """Wait for a share of the cluster for the trials of an entry."""

        async def hold(lease: _Lease) -> None:
            async with self._shares:
                lease.granted.set_result("")
                await lease.ended

        await self._grant(host, lease_id, hold)

    async def reserve(self, host: str, lease_id: str, cost: float, what: str) -> str:
        """Reserve money for a call; returns the reason if that is refused, otherwise an empty text."""

        async def hold(lease: _Lease) -> None:
            try:
                await self._budget.reserve(cost, what)
            except CostCapReached as error:
                lease.granted.set_result(str(error))
                return
            lease.granted.set_result("")
            await self._budget.settle(cost, await lease.ended)

        return await self._grant(host, lease_id, hold)

    async def end(self, lease_id: str, cost: float = 0.0) -> None:
        """Return a lease, granted or not. A reservation is settled at the cost of the call."""
        if lease := self._leases.pop(lease_id, None):
            lease.end(cost)

    async def charge(self, tokens: int) -> None:
        """Count tokens that a call used beyond the estimate."""
        self._limits.charge(tokens)

    async def forget(self, host: str) -> None:
        """Return all leases of a dead host, and refuse its later requests."""
        self._dead.add(host)
        for lease_id in [lease_id for lease_id, lease in self._leases.items() if lease.host == host]:
            await self.end(lease_id)

    async def spent(self) -> float:
        """Dollars so far."""
        return self._budget.spent

    async def _grant(self, host: str, lease_id: str, hold: Hold) -> str:
        if host in self._dead:
            return "its host is dead"
        lease = self._leases[lease_id] = _Lease(host)
        lease.holding = asyncio.ensure_future(hold(lease))
        return await lease.granted
