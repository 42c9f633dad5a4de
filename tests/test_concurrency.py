"""Waiting for many tasks, and slow work in threads of its own."""

import asyncio
import os
import threading

import pytest

from papercoder.concurrency import gather_all, run_in_thread


def test_a_file_is_written_while_all_slow_threads_are_busy() -> None:
    gate = threading.Event()

    def slow(number: int) -> int:
        assert gate.wait(timeout=60)
        return number

    async def both() -> None:
        many = 4 * (os.cpu_count() or 1) + 40
        work = [asyncio.create_task(run_in_thread(slow, number)) for number in range(many)]
        await asyncio.to_thread(gate.set)  # would wait forever if the threads were shared
        assert await asyncio.gather(*work) == list(range(many))

    asyncio.run(both())


def test_all_have_ended_when_an_error_is_raised() -> None:
    ended = list[str]()

    async def fail() -> None:
        raise ValueError("first")

    async def pay(failed: asyncio.Event) -> None:
        await failed.wait()
        ended.append("paid")

    async def both() -> None:
        failed = asyncio.Event()
        asyncio.get_running_loop().call_soon(failed.set)
        await gather_all([fail(), pay(failed)])

    with pytest.raises(ValueError, match="first"):
        asyncio.run(both())
    assert ended == ["paid"]


def test_a_cancellation_is_passed_on_and_waits_for_what_ends_later() -> None:
    ended = list[str]()

    async def pay(cancelled: asyncio.Event, answered: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            await answered.wait()
            ended.append("paid")
            raise

    async def interrupted() -> None:
        cancelled, answered = asyncio.Event(), asyncio.Event()
        waiting = asyncio.create_task(gather_all([pay(cancelled, answered)]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
        await cancelled.wait()
        assert not waiting.done()
        answered.set()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(interrupted())
    assert ended == ["paid"]
