"""Waiting for many at once without losing what was paid for.

A task group would cancel the others at the first error, and with them calls that cost money.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")


async def together(awaitables: Iterable[Awaitable[T]]) -> list[T]:
    """Results in order, once all have ended; then the first error, if there was one."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    await _ended(tasks)
    return [task.result() for task in tasks]


async def both(one: Awaitable[A], other: Awaitable[B]) -> tuple[A, B]:
    """Two results of two types, once both have ended; then the first error, if there was one."""
    first, second = asyncio.ensure_future(one), asyncio.ensure_future(other)
    await _ended([first, second])
    return first.result(), second.result()


async def _ended(tasks: Sequence["asyncio.Future[Any]"]) -> None:
    if tasks:
        await asyncio.wait(tasks)
    errors = [error for task in tasks if (error := task.exception())]
    if errors:
        raise errors[0]


async def settled(awaitable: Awaitable[T]) -> "asyncio.Future[T]":
    """Wait until it has ended, however it ends, and give it back to be asked how; who stops waiting, stops it."""
    task = asyncio.ensure_future(awaitable)
    try:
        await asyncio.wait([task])
    finally:
        task.cancel()  # does nothing to what has ended
        await asyncio.wait([task])
    return task
