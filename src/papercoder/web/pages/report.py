"""The report of a run as a file; its links to code open the page."""

from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from nicegui import app

from papercoder.errors import RunFolderError
from papercoder.files.regular import read_text
from papercoder.web.parts.tabs import address
from papercoder.web.server.state import Web

_SANDBOX = {
    "Content-Security-Policy": (
        "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "unsafe-none",
}
"""The report may come from anyone, so its scripts can neither read our pages nor send requests. (Browsers reject a
sandboxed document with the opener policy `same-origin`.)"""


def register(web: Web) -> None:
    """Register `/run/NAME/report.html` and the targets of its links."""

    @app.get("/run/{name}/report.html")
    def report(name: str) -> Response:
        try:
            text = read_text(web.runs_folder.folder(name), "report.html")
        except RunFolderError as error:
            return PlainTextResponse(str(error), 404)
        if text is None:
            return PlainTextResponse("No report yet. A run writes it at its end.", 404)
        return HTMLResponse(text, headers=_SANDBOX)

    @app.get("/run/{name}/repo/{path:path}")
    def line(name: str, path: str) -> Response:
        return RedirectResponse(address(name, "read", file=path))
