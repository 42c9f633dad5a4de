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
        return PlainTextResponse("There is nothing at this address.", 404)
    with Client(ui.page(""), request=request) as client, frame.page("Nothing here"):
        frame.heading("Nothing here")
        frame.empty("There is no page at this address. The list of runs leads to all there is.", "All runs", "/")
    return client.build_response(request, 404)


def _broken(error: Exception) -> None:
    with frame.page("An error"):
        frame.trouble(
            f"PaperCoder did not expect this: {type(error).__name__}: {error}. Nothing was lost; the terminal in which "
            "the page was started tells more."
        )
