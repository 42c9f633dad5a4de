"""Runs the asynchronous part of a command so that Ctrl-C, SIGTERM and SIGHUP stop it cleanly."""

import os
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from papercoder.cli.options import echo

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)

INTERRUPTED = {128 + number for number in _SIGNALS}
"""The exit codes after a signal, as in a shell."""


def run_interruptible(work: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`, but signals cancel the work, so that files, sandboxes and locks are left in order.

    The first signal still waits for calls that were sent to a model, because they are paid for. The second does not.
    The third ends the process at once, in case a thread is still busy.

    Raises:
        typer.Exit: a signal stopped the work. The exit code is in `INTERRUPTED`.
    """
    import asyncio

    received: list[int] = []

    async def interruptible() -> T:
        loop, stop = asyncio.get_running_loop(), _Stop(asyncio.current_task(), received)
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` sets it
                loop.add_signal_handler(number, stop, number)
        return await work

    try:
        return asyncio.run(interruptible())
    except asyncio.CancelledError:
        if received:
            raise typer.Exit(128 + received[0]) from None
        raise


class _Stop:
    """Stops a task when a signal arrives."""

    def __init__(self, task: "asyncio.Task[Any] | None", received: list[int]) -> None:
        self.task = task
        self.received = received
        self.terminals = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]

    def __call__(self, number: int) -> None:
        self.received.append(number)
        if len(self.received) > 2:
            os._exit(128 + number)
        if number == signal.SIGHUP:
            self._forget_terminals()
        if len(self.received) == 1:
            say("stopping after the calls in flight; press Ctrl-C again to stop now.")
        if self.task:
            self.task.cancel()

    def _forget_terminals(self) -> None:
        """A terminal that was closed raises an error at every write, which would get in the way of stopping."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in self.terminals:
            os.dup2(nowhere, descriptor)
        os.close(nowhere)


def say(text: str) -> None:
    """Print a message to standard error, if it is still open."""
    with suppress(OSError):
        echo(f"papercoder: {text}", err=True)
