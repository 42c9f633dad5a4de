"""Leases of the shared rate limits, budget and cluster to hosts, and how the entries of a host use them.

`Leases` is independent of Ray: there it is the class of an actor, in its tests a plain class. Those of a dead host are
returned.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from papercoder.bench.placement import SharedLimits
from papercoder.errors import CostCapReached
from papercoder.models.limits import LocalBudget, LocalRateLimits
from papercoder.pipeline.reproduction import OpenPlace, place_on_ray


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


class RemoteRateLimits:
    """Rate limits that the cluster's `Leases` enforce."""

    def __init__(self, leases: Any, host: str) -> None:
        self._leases = leases
        self._host = host

    @asynccontextmanager
    async def slot(self, tokens: int) -> AsyncIterator[None]:
        """Wait for a slot. It is returned even if the caller is cancelled while waiting."""
        lease_id = uuid.uuid4().hex
        try:
            await self._leases.enter.remote(self._host, lease_id, tokens)
            yield
        finally:
            self._leases.end.remote(lease_id)

    def charge(self, tokens: int) -> None:
        """Count tokens that a call used beyond the estimate."""
        self._leases.charge.remote(tokens)


class ClusterShares:
    """Shares of the cluster, of which `Leases` gives each to one entry at a time; trials are Ray tasks."""

    def __init__(self, leases: Any, host: str, workers: int) -> None:
        self._leases = leases
        self._host = host
        self._workers = workers

    @asynccontextmanager
    async def take(self) -> AsyncIterator[OpenPlace]:
        """Wait for a share."""
        lease_id = uuid.uuid4().hex
        try:
            await self._leases.take_share.remote(self._host, lease_id)
            yield place_on_ray(self._workers)
        finally:
            self._leases.end.remote(lease_id)


class RemoteBudget:
    """A budget that the cluster's `Leases` enforce."""

    def __init__(self, leases: Any, host: str, cap: float | None) -> None:
        self.cap = cap
        self._leases = leases
        self._host = host
        self._lease_ids: dict[float, list[str]] = {}

    async def reserve(self, cost: float, what: str) -> None:
        """Reserve money for a call.

        Raises:
            CostCapReached: too little is left.
        """
        lease_id = uuid.uuid4().hex
        granted = False
        try:
            refusal = await self._leases.reserve.remote(self._host, lease_id, cost, what)
            granted = not refusal
        finally:
            if not granted:
                self._leases.end.remote(lease_id)
        if refusal:
            raise CostCapReached(refusal)
        self._lease_ids.setdefault(cost, []).append(lease_id)

    async def settle(self, reserved: float, cost: float) -> None:
        """Replace a reservation by the cost of the call. Reservations of the same amount are interchangeable."""
        await self._leases.end.remote(self._lease_ids[reserved].pop(), cost)
