"""The server: NiceGUI behind the guard, on one socket, until Ctrl-C."""

import contextlib
import os
import secrets
import signal
import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from types import FrameType
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI
from nicegui import app, ui

from papercoder.errors import SettingsError
from papercoder.settings import Settings
from papercoder.web.pages import (
    bench,
    compare,
    correct,
    download,
    edit,
    live,
    missing,
    questions,
    read,
    report,
    runs,
    start,
    views,
)
from papercoder.web.runs.folder import Shelf
from papercoder.web.server.access import Access, Guard, is_loopback
from papercoder.web.server.state import Web, open_web

PAGES = (runs, start, live, read, correct, views, edit, report, questions, download, compare, bench, missing)
"""Each puts its own routes up."""

_STATIC = Path(__file__).parent.parent / "static"
_SHORTEST_TOKEN = 16
_GRACE = 2
"""Seconds that open connections have to end after Ctrl-C."""


def serve(
    root: Path, opened: str, host: str, port: int, token: str | None, told: Callable[[str], None], *, browser: bool
) -> None:
    """Serve the runs of a folder until Ctrl-C.

    Args:
        root: the folder with the runs.
        opened: the path of the page to open first, as `/run/kiln`.
        host: the address to listen on; another than loopback is served only with a token.
        port: 0: a free one.
        token: None: none on loopback, else one is made.
        told: is told the address to open, and of the end.
        browser: open it in the user's browser too.

    Raises:
        SettingsError: the address cannot be had, or the token is too short.
    """
    web, access = open_web(Shelf(root), Settings()), Access(_token(host, token))
    with _listen(host, port) as sock:
        address = _address(host, sock.getsockname()[1], opened, access.token)
        told(f"PaperCoder runs at {address}  (press Ctrl-C to stop)")
        if browser:  # in a thread: one that draws in the terminal lets go of it only when it is closed
            app.on_startup(lambda: Thread(target=webbrowser.open, args=(address,), daemon=True).start())
        config = uvicorn.Config(
            build(web, access), ws="wsproto", log_level="warning", timeout_graceful_shutdown=_GRACE, access_log=False
        )
        server = _Server(config, told)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` sets it
            signal.signal(signal.SIGHUP, server.handle_exit)
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[sock])


class _Server(uvicorn.Server):
    """Ends at the first Ctrl-C, when calls that were sent are answered; at the second one at once."""

    def __init__(self, config: uvicorn.Config, told: Callable[[str], None]) -> None:
        super().__init__(config)
        self._told = told

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Told of a signal."""
        if self.should_exit:
            os._exit(128 + sig)
        super().handle_exit(sig, frame)
        with contextlib.suppress(OSError):  # its terminal may be gone
            self._told("Stopping. Active calls finish first; press Ctrl-C again to stop at once.")


def build(web: Web, access: Access) -> Guard:
    """All pages behind the guard; once in a process, as NiceGUI has one application for it."""
    for page in PAGES:
        page.register(web)
    app.add_static_files("/static", _STATIC, max_cache_age=0)
    ui.add_head_html(_links(), shared=True)
    app.on_shutdown(web.works.close)
    front = FastAPI(openapi_url=None)
    ui.run_with(
        front, title="PaperCoder", dark=None, tailwind=False, show_welcome_message=False, reconnect_timeout=10.0
    )
    return Guard(front, access)


def _links() -> str:
    """All our styles and scripts, those of the frame first."""
    files = sorted(_STATIC.iterdir(), key=lambda path: (path.stem != "page", path.name))
    styles = [f'<link rel="stylesheet" href="/static/{file.name}">' for file in files if file.suffix == ".css"]
    return "".join(
        [*styles, *(f'<script defer src="/static/{file.name}"></script>' for file in files if file.suffix == ".js")]
    )


def _token(host: str, token: str | None) -> str | None:
    if token is None:
        return None if is_loopback(host) else secrets.token_urlsafe(24)
    if len(token) < _SHORTEST_TOKEN:
        raise SettingsError(f"--token: give at least {_SHORTEST_TOKEN} characters, or omit it to generate one.")
    return token


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(
            f"{host}:{port} is not available ({error.strerror}). Choose another with --host and --port."
        ) from error


def _address(host: str, port: int, opened: str, token: str | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}{opened}" + (f"?token={quote(token, safe='')}" if token else "")
