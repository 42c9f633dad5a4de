"""The shared limits and the shared money, as the models on a host see them."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from papercoder.errors import CostCapReached


class RemoteRateLimits:
    """Turns that the leases of the cluster give."""

    def __init__(self, leases: Any, host: str) -> None:
        self._leases = leases
        self._host = host

    @asynccontextmanager
    async def slot(self, tokens: int) -> AsyncIterator[None]:
        """Wait for a turn; it ends even where who waits for it is cancelled."""
        ticket = uuid.uuid4().hex
        try:
            await self._leases.enter.remote(self._host, ticket, tokens)
            yield
        finally:
            self._leases.end.remote(ticket)

    def charge(self, tokens: int) -> None:
        """Count tokens that a call took beyond those expected."""
        self._leases.charge.remote(tokens)


class RemoteBudget:
    """Money that the leases of the cluster keep."""

    def __init__(self, leases: Any, host: str, cap: float | None) -> None:
        self.cap = cap
        self._leases = leases
        self._host = host
        self._tickets: dict[float, list[str]] = {}

    async def reserve(self, cost: float, what: str) -> None:
        """Set money aside for a call.

        Raises:
            CostCapReached: there is too little left.
        """
        ticket = uuid.uuid4().hex
        granted = False
        try:
            refusal = await self._leases.reserve.remote(self._host, ticket, cost, what)
            granted = not refusal
        finally:
            if not granted:
                self._leases.end.remote(ticket)
        if refusal:
            raise CostCapReached(refusal)
        self._tickets.setdefault(cost, []).append(ticket)

    async def settle(self, reserved: float, cost: float) -> None:
        """Replace what was set aside by what the call cost; promises of the same sum are all alike."""
        await self._leases.end.remote(self._tickets[reserved].pop(), cost)
