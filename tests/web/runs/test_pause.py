"""Turns that can be held back or ended."""

import asyncio

import pytest

from papercoder.models.journal import finish
from papercoder.models.rate_limits import LocalRateLimits
from papercoder.web.runs.pause import Gate, StoppedError


async def call(gate: Gate, done: list[str], name: str, seconds: float = 0.02) -> None:
    async def sent() -> None:
        await asyncio.sleep(seconds)
        done.append(name)

    async with gate.slot(1):
        await finish(sent())


async def soon() -> None:
    await asyncio.sleep(0.005)


def test_while_it_is_held_what_was_sent_ends_and_nothing_begins() -> None:
    async def play() -> None:
        gate, done = Gate(LocalRateLimits(4)), list[str]()
        one = asyncio.create_task(call(gate, done, "one"))
        await soon()
        gate.hold()
        two = asyncio.create_task(call(gate, done, "two"))
        await one
        await asyncio.sleep(0.05)
        assert (done, gate.calls, gate.is_held) == (["one"], 0, True)
        gate.release()
        await two
        assert done == ["one", "two"]

    asyncio.run(play())


def test_shut_it_waits_for_what_was_sent_and_refuses_the_rest() -> None:
    async def play() -> None:
        gate, done = Gate(LocalRateLimits(1)), list[str]()
        one, two = (asyncio.create_task(call(gate, done, name)) for name in ("one", "two"))
        await soon()
        await gate.shut()
        assert done == ["one"]
        await asyncio.wait([one])
        with pytest.raises(StoppedError, match="it was stopped"):
            await two

    asyncio.run(play())


def test_shut_while_it_is_held_nobody_waits_for_ever() -> None:
    async def play() -> None:
        gate, done = Gate(LocalRateLimits(1)), list[str]()
        gate.hold()
        one = asyncio.create_task(call(gate, done, "one"))
        await soon()
        await gate.shut()
        with pytest.raises(StoppedError):
            await one
        assert done == []

    asyncio.run(play())


def test_what_waits_to_be_sent_again_is_not_waited_for() -> None:
    async def again(gate: Gate) -> None:
        async with gate.slot(1):
            await asyncio.sleep(600)

    async def play() -> None:
        gate = Gate(LocalRateLimits(1))
        one = asyncio.create_task(again(gate))
        await soon()
        await asyncio.wait_for(gate.shut(), 60)
        assert one.cancelled()

    asyncio.run(play())
