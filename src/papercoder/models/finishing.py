"""What was begun is brought to its end, even when the task that waits for it is cancelled.

A call that was sent will be paid for. So the task that makes it may be cancelled, but hears of it only when the answer
is there. A task that uses this must belong to whoever cancels it, since it may end well in spite of the cancellation.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from papercoder.models.contract import Answer, Request
from papercoder.models.wrapped import Wrapped

T = TypeVar("T")


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """The work's result, though the task be cancelled once; a second cancellation ends the work too.

    Raises:
        CancelledError: the task was cancelled, and the work failed.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
        if task.cancelled() or task.exception():
            raise
        return task.result()


class Finishing(Wrapped):
    """A model whose calls, once sent, are waited for."""

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer, though the task be cancelled meanwhile."""
        return await finish(self.inner.answer(request))
