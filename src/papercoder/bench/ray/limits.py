"""The shared rate limits, budget and cluster, as the entries of a host use them."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from papercoder.errors import CostCapReached
from papercoder.pipeline.reproduction import OpenPlace, place_on_ray


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
