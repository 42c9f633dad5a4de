"""The report as the file that it is; the lines of code that it leads to are shown on the page."""

from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from nicegui import app

from papercoder.errors import RunFolderError
from papercoder.runs.folder import read_text
from papercoder.web.parts.tabs import address
from papercoder.web.server.state import Web

_ALONE = {
    "Content-Security-Policy": (
        "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "unsafe-none",
}
"""It is a file that a run folder came with: what scripts it has see no page of ours and ask nothing. (Browsers refuse
what is both in a sandbox and alone with its opener.)"""


def register(web: Web) -> None:
    """Put up `/run/{name}/report.html`, and what its links name."""

    @app.get("/run/{name}/report.html")
    def report(name: str) -> Response:
        try:
            text = read_text(web.shelf.file(name, "report.html"))
        except RunFolderError as error:
            return PlainTextResponse(str(error), 404)
        if text is None:
            return PlainTextResponse("No report yet. A run writes it at its end.", 404)
        return HTMLResponse(text, headers=_ALONE)

    @app.get("/run/{name}/repo/{path:path}")
    def line(name: str, path: str) -> Response:
        return RedirectResponse(address(name, "read", file=path))
