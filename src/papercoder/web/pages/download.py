"""Download of a run's repository."""

import asyncio
from collections.abc import Iterator
from typing import IO

from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from nicegui import app

from papercoder.errors import PaperCoderError
from papercoder.web.runs.archive import pack
from papercoder.web.server.state import Web

_CHUNK = 2**16


def register(web: Web) -> None:
    """Register `/run/NAME/repository.zip`."""

    @app.get("/run/{name}/repository.zip")
    async def repository(name: str) -> Response:
        try:
            packed = await asyncio.to_thread(pack, web.runs_folder.run(name), _safe_name(name))
        except PaperCoderError as error:
            return PlainTextResponse(str(error), 404)
        disposition = f'attachment; filename="{_safe_name(name)}.zip"'
        return StreamingResponse(
            _chunks(packed), media_type="application/zip", headers={"Content-Disposition": disposition}
        )


def _safe_name(name: str) -> str:
    """A name that needs no quoting in a header and is valid on any disk."""
    return "".join(
        character if character.isascii() and (character.isalnum() or character in "-_.") else "-" for character in name
    )


def _chunks(packed: IO[bytes]) -> Iterator[bytes]:
    with packed:
        while chunk := packed.read(_CHUNK):
            yield chunk
