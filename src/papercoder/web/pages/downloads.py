"""What a run gives away as files: its code as a zip, its report, and each of its files."""

import asyncio
import errno
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO

from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from nicegui import app

from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.files.regular import file_status, read_bytes, read_text, walk
from papercoder.web.parts.tabs import address
from papercoder.web.server.messages import for_page
from papercoder.web.server.state import Web

MAX_BYTES = 256 * 2**20
"""Largest total size of a zip in bytes."""

_IN_MEMORY = 8 * 2**20
_CHUNK = 2**16
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every file, so that the same files give the same zip."""

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
    """Register `/run/NAME/repository.zip`, `report.html`, `file/PATH`, and the targets of the report's links."""

    @app.get("/run/{name}/repository.zip")
    async def repository(name: str) -> Response:
        try:
            packed = await asyncio.to_thread(pack, web.runs_folder.run(name), _safe_name(name))
        except PaperCoderError as error:
            return PlainTextResponse(for_page(str(error)), 404)
        return StreamingResponse(_chunks(packed), media_type="application/zip", headers=_attachment(f"{name}.zip"))

    @app.get("/run/{name}/report.html")
    def report(name: str) -> Response:
        return _report(web, name)

    @app.get("/run/{name}/repo/{path:path}")
    def line(name: str, path: str) -> Response:
        return RedirectResponse(address(name, "read", file=path))

    @app.get("/run/{name}/file/{path:path}")
    def file(name: str, path: str) -> Response:
        return _file(web, name, PurePosixPath(path))


def _report(web: Web, name: str) -> Response:
    try:
        text = read_text(web.runs_folder.folder(name), "report.html")
    except RunFolderError as error:
        return PlainTextResponse(for_page(str(error)), 404)
    if text is None:
        return PlainTextResponse("No report yet. A run writes it at its end.", 404)
    return HTMLResponse(text, headers=_SANDBOX)


def _file(web: Web, name: str, path: PurePosixPath) -> Response:
    """A file of the run folder, but none of what the run keeps for itself."""
    try:
        is_hidden = any(part.startswith(".") for part in path.parts)
        content = None if is_hidden else read_bytes(web.runs_folder.run(name), str(path), MAX_BYTES)
    except RunFolderError as error:
        return PlainTextResponse(for_page(str(error)), 404)
    if content is None:
        return PlainTextResponse("The run has no such file.", 404)
    return Response(content, media_type="application/octet-stream", headers=_attachment(path.name))


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{_safe_name(name)}"'}


def _safe_name(name: str) -> str:
    """A name that needs no quoting in a header and is valid on any disk."""
    return "".join(
        character if character.isascii() and (character.isalnum() or character in "-_.") else "-" for character in name
    )


def _chunks(packed: IO[bytes]) -> Iterator[bytes]:
    with packed:
        while chunk := packed.read(_CHUNK):
            yield chunk


def pack(folder: Path, name: str) -> IO[bytes]:
    """A zip of a run's repository in a folder of this name, without git history and links.

    Raises:
        RunFolderError: there are no files, they are too large, or cannot be read.
    """
    try:
        return _packed(folder, name)
    except OSError as error:
        raise RunFolderError(f"The code of {name} could not be packed ({error.strerror}); try again.") from error


def _packed(folder: Path, name: str) -> IO[bytes]:
    files = list(walk(folder, "repo", lambda each: each.name not in {".git", "__pycache__"}))
    if not files:
        raise RunFolderError(f"{name} has no code to download yet.")
    if sum(status.st_size for path in files if (status := file_status(folder, f"repo/{path}"))) > MAX_BYTES:
        raise RunFolderError(f"{folder / 'repo'} is larger than {MAX_BYTES // 2**20} MiB. Copy it from the run folder.")
    packed = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  the response closes it
    try:
        _fill(packed, folder, files, name)
    except OSError:
        packed.close()
        raise
    packed.seek(0)
    return packed


def _fill(packed: IO[bytes], folder: Path, files: list[PurePosixPath], name: str) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            status, content = file_status(folder, f"repo/{path}"), read_bytes(folder, f"repo/{path}", MAX_BYTES)
            if status is None or content is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
            info = zipfile.ZipInfo(f"{name}/{_plain(path)}", _EPOCH)
            info.external_attr = (0o100755 if status.st_mode & 0o100 else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def _plain(path: PurePosixPath) -> str:
    """The file's path without characters that a zip cannot hold or that separate folders on another system."""
    return os.fsencode(path).decode("utf-8", "replace").replace("\\", "_")
