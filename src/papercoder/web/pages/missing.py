"""The pages for unknown addresses and for unexpected errors."""

from fastapi import Request, Response
from nicegui import Client, app, ui
from starlette.responses import PlainTextResponse

from papercoder.web.server import layout
from papercoder.web.server.state import Web


def register(_: Web) -> None:
    """Register both."""
    app.add_exception_handler(404, _missing)
    app.on_page_exception(_failed)


async def _missing(request: Request, _: Exception) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse("Page not found.", 404)
    with Client(ui.page(""), request=request) as client, layout.page("Not found"):
        layout.heading("Not found")
        layout.empty("There is no page at this address. Start from the list of runs.", "All runs", "/")
    return client.build_response(request, 404)


def _failed(error: Exception) -> None:
    with layout.page("Error"):
        layout.error_page(
            f"Unexpected error: {type(error).__name__}: {error}. Nothing was lost. "
            "See the terminal of `papercoder web` for details."
        )
