"""The server: NiceGUI behind the access control, on one socket, until Ctrl-C."""

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
    assumptions,
    compare,
    correct,
    downloads,
    edit,
    files,
    overview,
    progress,
    read,
    results,
    runs,
    start,
)
from papercoder.web.runs.folder import RunsFolder
from papercoder.web.server import layout
from papercoder.web.server.access import Access, AccessControl, is_loopback
from papercoder.web.server.state import Web, open_web

PAGES = (runs, start, overview, read, correct, results, assumptions, progress, files, edit, downloads, compare)
"""Each registers its own routes."""

_STATIC = Path(__file__).parent.parent / "static"
_SHORTEST_TOKEN = 16
_GRACE = 2
"""Seconds that open connections may take to close after Ctrl-C."""


def serve(
    root: Path, opened: str, host: str, port: int, token: str | None, show: Callable[[str], None], *, browser: bool
) -> None:
    """Serve the runs of a folder until Ctrl-C.

    Args:
        root: the folder with the runs.
        opened: the path of the first page, for example `/run/kiln`.
        host: the address to listen on.
        port: 0 picks a free one.
        token: what browsers must present; None: a generated one.
        show: shows the address to open and the end of the server to the user.
        browser: also open the page in the user's browser.

    Raises:
        SettingsError: the address is not available, or the token is too short.
    """
    access = Access(_token(token), is_local=is_loopback(host))
    web = open_web(RunsFolder(root), Settings())
    with _listen(host, port) as sock:
        address = _address(host, sock.getsockname()[1], opened)
        show(f"PaperCoder runs at {address}?token={quote(access.token, safe='')}  (press Ctrl-C to stop)")
        if browser:  # in a thread: a browser in the terminal blocks until it is closed
            link = f"{address}?token={access.new_ticket()}"
            app.on_startup(lambda: Thread(target=webbrowser.open, args=(link,), daemon=True).start())
        config = uvicorn.Config(
            build(web, access),
            ws="wsproto",
            log_config=None,  # the handler of the command line
            log_level="warning",
            timeout_graceful_shutdown=_GRACE,
            access_log=False,
        )
        server = _Server(config, show)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` sets it
            signal.signal(signal.SIGHUP, server.handle_exit)
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[sock])


class _Server(uvicorn.Server):
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


def build(web: Web, access: Access) -> AccessControl:
    """All pages behind the access control; call it once in a process, since NiceGUI has only one application."""
    for page in PAGES:
        page.register(web)
    layout.register_errors()
    app.add_static_files("/static", _STATIC, max_cache_age=0)
    ui.add_head_html(_links(), shared=True)
    app.on_shutdown(web.active_runs.close)
    application = FastAPI(openapi_url=None)
    ui.run_with(
        application, title="PaperCoder", dark=None, tailwind=False, show_welcome_message=False, reconnect_timeout=10.0
    )
    return AccessControl(application, access)


def _links() -> str:
    """All our styles and scripts, those of the layout first."""
    files = sorted(_STATIC.iterdir(), key=lambda path: (path.stem != "page", path.name))
    styles = [f'<link rel="stylesheet" href="/static/{file.name}">' for file in files if file.suffix == ".css"]
    return "".join(
        [
            '<script>document.documentElement.lang = "en"</script>',
            *styles,
            *(f'<script defer src="/static/{file.name}"></script>' for file in files if file.suffix == ".js"),
        ]
    )


def _token(given: str | None) -> str:
    if given is None:
        return secrets.token_urlsafe(24)
    if len(given) < _SHORTEST_TOKEN:
        raise SettingsError(f"--token: give at least {_SHORTEST_TOKEN} characters, or omit it to generate one.")
    return given


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(
            f"{host}:{port} is not available ({error.strerror}). Choose another with --host and --port."
        ) from error


def _address(host: str, port: int, opened: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}{opened}"
