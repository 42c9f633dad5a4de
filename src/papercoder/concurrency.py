"""Waiting for several awaitables, and work in threads."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")


async def run_in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work that takes seconds in a thread of its own pool.

    asyncio's default pool writes answers to disk; a paid answer must not queue behind slow work.
    """
    return await asyncio.get_running_loop().run_in_executor(_slow_work_pool(), partial(work, *args, **kwargs))


@cache
def _slow_work_pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="slow-work")


async def gather_all(awaitables: Iterable[Awaitable[T]]) -> list[T]:
    """Wait until all have ended; return the results in order, or raise the first error.

    A task group would cancel the others at the first error, and with them calls that cost money.
    """
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    await _wait_for_all(tasks)
    return [task.result() for task in tasks]


async def gather_pair(one: Awaitable[A], other: Awaitable[B]) -> tuple[A, B]:
    """`gather_all` for two results of different types."""
    first, second = asyncio.ensure_future(one), asyncio.ensure_future(other)
    await _wait_for_all([first, second])
    return first.result(), second.result()


async def _wait_for_all(tasks: Sequence["asyncio.Future[Any]"]) -> None:
    cancelled: asyncio.CancelledError | None = None
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as cancellation:  # pass it on; calls that were sent still end first
            cancelled = cancellation
            for task in pending:
                task.cancel()
    if cancelled:
        raise cancelled
    errors = [error for task in tasks if (error := task.exception())]
    if errors:
        raise errors[0]


async def wait_until_done(awaitable: Awaitable[T]) -> "asyncio.Future[T]":
    """Wait until an awaitable has ended, with a result or an error, and return its task.

    Cancelling the wait cancels the task.
    """
    task = asyncio.ensure_future(awaitable)
    try:
        await asyncio.wait([task])
    finally:
        task.cancel()  # no effect once it has ended
        await asyncio.wait([task])
    return task
