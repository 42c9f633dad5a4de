"""Rate limits that can be paused or closed."""

import asyncio

import pytest

from papercoder.models.journal import finish
from papercoder.models.rate_limits import LocalRateLimits
from papercoder.web.runs.pause import Pause, StoppedError


async def call(pause: Pause, done: list[str], name: str, seconds: float = 0.02) -> None:
    async def sent() -> None:
        await asyncio.sleep(seconds)
        done.append(name)

    async with pause.slot(1):
        await finish(sent())


async def soon() -> None:
    await asyncio.sleep(0.005)


def test_while_held_active_calls_end_and_none_starts() -> None:
    async def play() -> None:
        pause, done = Pause(LocalRateLimits(4)), list[str]()
        one = asyncio.create_task(call(pause, done, "one"))
        await soon()
        pause.hold()
        two = asyncio.create_task(call(pause, done, "two"))
        await one
        await asyncio.sleep(0.05)
        assert (done, pause.calls, pause.is_held) == (["one"], 0, True)
        pause.release()
        await two
        assert done == ["one", "two"]

    asyncio.run(play())


def test_closing_waits_for_active_calls_and_rejects_the_rest() -> None:
    async def play() -> None:
        pause, done = Pause(LocalRateLimits(1)), list[str]()
        one, two = (asyncio.create_task(call(pause, done, name)) for name in ("one", "two"))
        await soon()
        await pause.close()
        assert done == ["one"]
        await asyncio.wait([one])
        with pytest.raises(StoppedError, match="it was stopped"):
            await two

    asyncio.run(play())


def test_closing_while_held_releases_waiting_calls() -> None:
    async def play() -> None:
        pause, done = Pause(LocalRateLimits(1)), list[str]()
        pause.hold()
        one = asyncio.create_task(call(pause, done, "one"))
        await soon()
        await pause.close()
        with pytest.raises(StoppedError):
            await one
        assert done == []

    asyncio.run(play())


def test_closing_does_not_wait_for_retries() -> None:
    async def again(pause: Pause) -> None:
        async with pause.slot(1):
            await asyncio.sleep(600)

    async def play() -> None:
        pause = Pause(LocalRateLimits(1))
        one = asyncio.create_task(again(pause))
        await soon()
        await asyncio.wait_for(pause.close(), 60)
        assert one.cancelled()

    asyncio.run(play())
