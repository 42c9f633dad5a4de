"""The server: NiceGUI behind the access control, on one socket, until Ctrl-C."""

import webbrowser
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from urllib.parse import quote

from fastapi import FastAPI
from nicegui import app, ui

from papercoder.settings import Settings
from papercoder.web.pages import compare, edit, files, overview, read, results, runs, start
from papercoder.web.runs.folder import RunsFolder
from papercoder.web.server import layout
from papercoder.web.server.access import (
    Access,
    AccessControl,
    address_of,
    is_loopback,
    listen,
    run_until_stopped,
    token_from,
)
from papercoder.web.server.state import Web, open_web

PAGES = (
    runs.register,
    start.register,
    overview.register_overview,
    read.register,
    edit.register_correct,
    results.register_results,
    results.register_assumptions,
    overview.register_progress,
    files.register_files,
    edit.register_edit,
    files.register_downloads,
    compare.register,
)
"""Each registers the routes of a page."""

_STATIC = Path(__file__).parent.parent / "static"


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
    access = Access(token_from(token), is_local=is_loopback(host))
    web = open_web(RunsFolder(root), Settings())
    with listen(host, port) as sock:
        address = address_of(host, sock.getsockname()[1], opened)
        show(f"PaperCoder runs at {address}?token={quote(access.token, safe='')}  (press Ctrl-C to stop)")
        if browser:  # in a thread: a browser in the terminal blocks until it is closed
            link = f"{address}?token={access.new_ticket()}"
            app.on_startup(lambda: Thread(target=webbrowser.open, args=(link,), daemon=True).start())
        run_until_stopped(build(web, access), sock, show)


def build(web: Web, access: Access) -> AccessControl:
    """All pages behind the access control; call it once in a process, since NiceGUI has only one application."""
    for register in PAGES:
        register(web)
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
