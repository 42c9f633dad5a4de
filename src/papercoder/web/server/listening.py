"""One socket and the server on it, until Ctrl-C; which application it serves is the caller's business."""

import contextlib
import os
import secrets
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from papercoder.errors import SettingsError

_SHORTEST_TOKEN = 16
_GRACE = 2
"""Seconds that open connections may take to close after Ctrl-C."""


def token_from(given: str | None) -> str:
    """The token that the user gave, or a new one.

    Raises:
        SettingsError: it is too short.
    """
    if given is None:
        return secrets.token_urlsafe(24)
    if len(given) < _SHORTEST_TOKEN:
        raise SettingsError(f"--token: give at least {_SHORTEST_TOKEN} characters, or omit it to generate one.")
    return given


def listen(host: str, port: int) -> socket.socket:
    """A socket on this address; port 0 picks a free one.

    Raises:
        SettingsError: the address is not available.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(
            f"{host}:{port} is not available ({error.strerror}). Choose another with --host and --port."
        ) from error


def address_of(host: str, port: int, opened: str) -> str:
    """The address of a page."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}{opened}"


def run_until_stopped(application: ASGIApp, sock: socket.socket, show: Callable[[str], None]) -> None:
    """Serve an application until Ctrl-C; `show` tells the user that it stops."""
    config = uvicorn.Config(
        application,
        ws="wsproto",
        log_config=None,  # the handler of the command line
        log_level="warning",
        timeout_graceful_shutdown=_GRACE,
        access_log=False,
    )
    server = Server(config, show)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` sets it
        signal.signal(signal.SIGHUP, server.handle_exit)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[sock])


class Server(uvicorn.Server):
    """Stops gracefully at the first Ctrl-C, when active calls have finished, and at once at the second."""

    def __init__(self, config: uvicorn.Config, show: Callable[[str], None]) -> None:
        super().__init__(config)
        self._show = show

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop on a signal."""
        if self.should_exit:
            os._exit(128 + sig)
        super().handle_exit(sig, frame)
        with contextlib.suppress(OSError):  # its terminal may be gone
            self._show("Stopping. Active calls finish first; press Ctrl-C again to stop at once.")
