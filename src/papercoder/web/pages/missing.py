"""What is shown where there is no page, and where one broke."""

from fastapi import Request, Response
from nicegui import Client, app, ui
from starlette.responses import PlainTextResponse

from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web


def register(_: Web) -> None:
    """Put both up."""
    app.add_exception_handler(404, _missing)
    app.on_page_exception(_broken)


async def _missing(request: Request, _: Exception) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse("Page not found.", 404)
    with Client(ui.page(""), request=request) as client, frame.page("Not found"):
        frame.heading("Not found")
        frame.empty("There is no page at this address. Start from the list of runs.", "All runs", "/")
    return client.build_response(request, 404)


def _broken(error: Exception) -> None:
    with frame.page("An error"):
        frame.trouble(
            f"Unexpected error: {type(error).__name__}: {error}. Nothing was lost. "
            "See the terminal of `papercoder web` for details."
        )
