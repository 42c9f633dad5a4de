"""Rate limits and budget of all hosts together; the leases of a dead host are returned."""

import asyncio
from typing import Any

import pytest

from papercoder.bench.placement import SharedLimits
from papercoder.bench.ray.leases import Leases


def leases(**changes: Any) -> Leases:
    fields = {"max_cost": 1.0, "spent": 0.0, "concurrency": 1, "requests_per_minute": None, "tokens_per_minute": None}
    return Leases(SharedLimits.model_validate({**fields, **changes}))


async def is_waiting(task: "asyncio.Task[Any]") -> bool:
    """Whether the task still waits after all others had a chance to run; nothing here takes time."""
    for _ in range(50):
        await asyncio.sleep(0)
    return not task.done()


def test_a_slot_is_held_until_it_is_returned() -> None:
    async def play() -> None:
        shared = leases()
        await shared.enter("a", "1", 10)
        second = asyncio.create_task(shared.enter("b", "2", 10))
        assert await is_waiting(second)
        await shared.end("1")
        assert not await is_waiting(second)

    asyncio.run(play())


def test_slots_and_requests_of_a_dead_host_are_returned() -> None:
    async def play() -> None:
        shared = leases()
        await shared.enter("dead", "1", 10)
        queued = asyncio.create_task(shared.enter("dead", "2", 10))
        other = asyncio.create_task(shared.enter("living", "3", 10))
        assert await is_waiting(other)
        await shared.forget("dead")
        assert not await is_waiting(queued)
        assert not await is_waiting(other)
        late = asyncio.create_task(shared.enter("dead", "4", 10))  # sent before it died, and heard after
        assert not await is_waiting(late)
        await shared.end("3")
        assert not await is_waiting(asyncio.create_task(shared.enter("living", "5", 10)))

    asyncio.run(play())


def test_a_lease_can_be_returned_while_waiting() -> None:
    async def play() -> None:
        shared = leases()
        await shared.enter("a", "1", 10)
        waiting = asyncio.create_task(shared.enter("a", "2", 10))
        await asyncio.sleep(0)
        await shared.end("2")
        assert not await is_waiting(waiting)
        await shared.end("1")
        assert not await is_waiting(asyncio.create_task(shared.enter("b", "3", 10)))

    asyncio.run(play())


def test_money_is_reserved_and_settled_at_the_cost() -> None:
    async def play() -> None:
        shared = leases(spent=0.2)
        assert await shared.reserve("a", "1", 0.5, "plan") == ""
        await shared.end("1", 0.1)
        await asyncio.sleep(0)
        assert await shared.spent() == pytest.approx(0.3)
        assert "exceeds the cap of $1" in await shared.reserve("b", "2", 0.9, "plan")
        assert await shared.reserve("b", "3", 0.7, "plan") == ""

    asyncio.run(play())


def test_reservations_of_a_dead_host_are_returned() -> None:
    async def play() -> None:
        shared = leases()
        assert await shared.reserve("dead", "1", 0.9, "plan") == ""
        other = asyncio.create_task(shared.reserve("living", "2", 0.9, "plan"))
        assert await is_waiting(other)
        await shared.forget("dead")
        assert not await is_waiting(other)
        assert other.result() == ""
        assert await shared.spent() == 0

    asyncio.run(play())
