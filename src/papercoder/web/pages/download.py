"""The repository of a run to take away."""

import asyncio
from collections.abc import Iterator
from typing import IO

from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from nicegui import app

from papercoder.errors import PaperCoderError
from papercoder.web.runs.archive import pack
from papercoder.web.server.state import Web

_PIECE = 2**16


def register(web: Web) -> None:
    """Put up `/run/NAME/repository.zip`."""

    @app.get("/run/{name}/repository.zip")
    async def repository(name: str) -> Response:
        try:
            packed = await asyncio.to_thread(pack, web.shelf.run(name), _plain(name))
        except PaperCoderError as error:
            return PlainTextResponse(str(error), 404)
        disposition = f'attachment; filename="{_plain(name)}.zip"'
        return StreamingResponse(
            _pieces(packed), media_type="application/zip", headers={"Content-Disposition": disposition}
        )


def _plain(name: str) -> str:
    """A name that needs no quoting, in a header or on any disk."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "-" for sign in name)


def _pieces(packed: IO[bytes]) -> Iterator[bytes]:
    with packed:
        while piece := packed.read(_PIECE):
            yield piece
