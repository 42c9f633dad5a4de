"""The tab Files: artifacts and repository, to read, edit and download, with versions; and downloads of a run."""

import asyncio
import errno
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO

from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from markupsafe import Markup
from nicegui import app, run, ui
from starlette.requests import Request

from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.files.regular import file_status, is_file, read_bytes, read_text, walk
from papercoder.report import load
from papercoder.report.rendering import environment, section
from papercoder.runs.summary import stage_of
from papercoder.web.parts.code_text import changes_html, code_html, read_source
from papercoder.web.parts.live import RunHeader
from papercoder.web.parts.tabs import BY_NAME, RunLinks, address, is_available, refresh_on_progress, show_empty
from papercoder.web.server import layout
from papercoder.web.server.layout import for_page
from papercoder.web.server.state import Web

_OWN = ("paper.json", "paper.md", "events.jsonl", "report.html", "report.md", "data.lock.json")
"""Files of a run folder that are in no folder of their own."""

_FOLDERS = (
    "planning",
    "analysis",
    "review",
    "checking",
    "execution",
    "repair",
    "reproduction",
    "diagnosis",
    "evaluation",
    "notes",
)
"""Folders of artifacts, in the order of the stages."""

_MOST = 2_000
"""Files of a folder that are listed."""


@dataclass(frozen=True)
class Entry:
    """A file in the list."""

    path: str
    name: str
    """As it is shown: without its folder."""


def entries(folder: Path) -> dict[str, list[Entry]]:
    """Group -> its files: the repository, then the artifacts by stage."""
    found: dict[str, list[Entry]] = {}
    for group in ("repo", *_FOLDERS):
        files = walk(folder, group, lambda each: each.name != "__pycache__" and not each.name.startswith("."))
        paths = sorted(map(str, files), key=lambda path: (not path.endswith(".py"), path.startswith("tests/"), path))
        if paths:
            found["repository" if group == "repo" else group] = [
                Entry(f"{group}/{path}", path) for path in paths[:_MOST]
            ]
    own = [Entry(name, name) for name in _OWN if is_file(folder, name)]
    return found | ({"run": own} if own else {})


def tree_html(name: str, groups: dict[str, list[Entry]], here: str) -> Markup:
    """Links to all files; the group of the open one is open."""
    shown = {
        group: [(entry.name, address(name, "files", path=entry.path), entry.path == here) for entry in files]
        for group, files in groups.items()
    }
    template = environment("papercoder.web").get_template("file_tree.html")
    return Markup(template.render(groups=shown))  # noqa: S704  the template escapes


def register_files(web: Web) -> None:
    """Register `/run/NAME/files`: `path` is a file of the run folder, `line` a line of it."""

    @ui.page("/run/{name}/files", response_timeout=60)
    async def files(name: str, request: Request, path: str = "", line: str = "") -> None:
        with layout.page(f"{web.runs_folder.label(name)}, files", wide=True):
            folder = web.runs_folder.run(name)
            RunHeader(web, name, "files")
            if not is_available(BY_NAME["files"], folder):
                show_empty(web, name, BY_NAME["files"])
                return
            with ui.element("div").classes("browsing"):
                tree = ui.html("", sanitize=False)
                shown = ui.html("", sanitize=False).classes("report view-files")

            async def fill() -> None:
                tree.set_content(tree_html(name, entries(folder), path))
                shown.set_content(await _content(name, folder, path, line, dict(request.query_params)))

            await fill()
            refresh_on_progress(web, name, fill)


async def _content(name: str, folder: Path, path: str, line: str, query: dict[str, str]) -> Markup:
    if path:
        return await run.io_bound(_chosen_file, name, folder, path, line) or Markup()
    if "before" in query or "changes" in query:
        return await changes_html(folder / "repo", query)
    return await run.io_bound(_design, name, folder) or Markup()


def _design(name: str, folder: Path) -> Markup:
    """What the repository is made of."""
    return section(load(folder), "architecture", RunLinks(name))


def _chosen_file(name: str, folder: Path, path: str, line: str) -> Markup:
    known = {entry.path for files in entries(folder).values() for entry in files}
    if path not in known:
        raise RunFolderError(f"{path[:120]!r} is not a file of this run. Choose one in the list.")
    number = int(line) if line.isascii() and line.isdecimal() and len(line) < 9 else 1
    template = environment("papercoder.web").get_template("file.html")
    try:
        source = read_source(folder, path, "")
        text, problem = code_html(source, {}, number, lambda at: address(name, "files", path=path, line=at)), ""
    except RunFolderError as error:
        text, problem = Markup(), for_page(str(error))
    is_code = path.startswith("repo/")
    links = {
        "beside": address(name, "read", file=path.removeprefix("repo/")) if is_code and path.endswith(".py") else "",
        "edit": address(name, "edit", artifact=path) if _is_editable(path) else "",
        "download": address(name, f"file/{path}"),
    }
    values = {"path": path, "text": text, "problem": problem, "links": links}
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def _is_editable(path: str) -> bool:
    return path == "paper.json" or stage_of(path) in {"planning", "analysis", "coding"}


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


def register_downloads(web: Web) -> None:
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
        return _sent_file(web, name, PurePosixPath(path))


def _report(web: Web, name: str) -> Response:
    try:
        text = read_text(web.runs_folder.folder(name), "report.html")
    except RunFolderError as error:
        return PlainTextResponse(for_page(str(error)), 404)
    if text is None:
        return PlainTextResponse("No report yet. A run writes it at its end.", 404)
    return HTMLResponse(text, headers=_SANDBOX)


def _sent_file(web: Web, name: str, path: PurePosixPath) -> Response:
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
