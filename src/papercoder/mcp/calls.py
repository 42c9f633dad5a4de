"""Calls of tools: errors as sentences, progress of long work, and a cancellation that ends work in order."""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from papercoder.console.progress import line
from papercoder.errors import PaperCoderError, os_error_sentence
from papercoder.runs.events import Emit, Event, TrialProgress
from papercoder.text.characters import visible

P = ParamSpec("P")
T = TypeVar("T")

ToolContext = Context[Any, Any]

Report = Callable[[str], None]
"""Receives what happens, a line each."""


def sentence_on_error(tool: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """A tool whose errors reach the agent as one sentence each, as on the command line."""

    @functools.wraps(tool)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await tool(*args, **kwargs)
        except PaperCoderError as error:
            raise ToolError(visible(str(error))) from error
        except OSError as error:
            raise ToolError(visible(os_error_sentence(error))) from error

    return wrapped


@asynccontextmanager
async def reporting(context: ToolContext, total: float | None = None) -> AsyncIterator[Report]:
    """Sends lines to the client as progress, in order, while the context is open.

    Args:
        context: of the tool's call.
        total: how many lines there will be; None if nobody knows.
    """
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    async def send() -> None:
        count = 0
        while (text := await lines.get()) is not None:
            count += 1
            await context.report_progress(count, total, visible(text))

    sending = asyncio.create_task(send())
    try:
        yield lines.put_nowait
        lines.put_nowait(None)
        await sending
    finally:
        sending.cancel()


def lines_of_events(report: Report) -> Emit:
    """A listener that reports the events of a run that people want to see, and the progress of trials."""

    def listen(event: Event) -> None:
        if isinstance(event, TrialProgress):
            report(f"trial {event.trial}: {100 * event.fraction:.0f} %")
        elif text := line(event):
            report(text)

    return listen


async def run_to_end(work: Awaitable[T]) -> T:
    """Await work in a task of its own; if the call is cancelled, the work is cancelled once and ends in order."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task])
    finally:
        if not task.done():
            task.cancel()
            with anyio.CancelScope(shield=True):  # what it started is stopped and cleaned up
                await asyncio.wait([task])
    return task.result()
