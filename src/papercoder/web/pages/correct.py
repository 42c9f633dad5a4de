"""Correct a place of the paper: a picture of the printed page beside the text that was read."""

from markupsafe import Markup
from nicegui import app, ui
from starlette.responses import PlainTextResponse, Response

from papercoder.artifacts import Paper
from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.files.regular import is_file, read_bytes, read_text
from papercoder.operations.preview import artifact_states
from papercoder.paper.fidelity import corrected, editable_text
from papercoder.paper.pictures import FOLDER, picture_name
from papercoder.runs.folder import load
from papercoder.web.editing.editor import Editor
from papercoder.web.editing.text import PlainText
from papercoder.web.parts import tabs
from papercoder.web.parts.run_header import RunHeader
from papercoder.web.server import layout
from papercoder.web.server.layout import Link
from papercoder.web.server.state import Web

_FILE = "paper.json"


def register(web: Web) -> None:
    """Register `/run/NAME/correct`, where `at` is the anchor of the place, and the pictures of places."""

    @ui.page("/run/{name}/correct", response_timeout=60)
    async def correct(name: str, at: str = "title") -> None:
        with layout.page(f"{name}, correct", wide=True):
            folder = web.runs_folder.run(name)
            header = RunHeader(web, name, "read")
            if web.watchers.of(name).look().is_active:
                message = "A run cannot be corrected while it is running. Wait for it to end, or stop it."
                layout.empty(message, "To the run", tabs.address(name, ""))
                return
            try:
                paper = load(folder, _FILE, Paper)
                text = editable_text(paper, at)
            except PaperCoderError as error:
                layout.empty(str(error), "To the paper", tabs.address(name, "read"))
                return
            await _draw(web, header, at, paper, text)

    @app.get("/run/{name}/pictures/{file}")
    def picture(name: str, file: str) -> Response:
        try:
            picture = read_bytes(web.runs_folder.folder(name), f"{FOLDER}/{file}") if file.endswith(".png") else None
        except RunFolderError as error:
            return PlainTextResponse(str(error), 404)
        if picture is None:
            return PlainTextResponse("Picture not found.", 404)
        return Response(picture, media_type="image/png")


async def _draw(web: Web, header: RunHeader, at: str, paper: Paper, text: str) -> None:
    """The picture of a place above the editor of its text."""
    name = header.name
    folder = web.runs_folder.run(name)
    state = (await artifact_states(folder)).get(_FILE, "generated")
    place = next((place for place in paper.places if place.anchor == at), None)
    before = read_text(folder, _FILE) or ""
    editor = Editor(web, name, _FILE, before, state, title=f"Correct {at}", pending=header.pending)

    def as_artifact(typed: str) -> str:
        return before if typed == text else corrected(paper, at, typed).model_dump_json(indent=1) + "\n"

    editor.content = PlainText(editor.title, text, editor.changed, as_artifact)
    with ui.element("div").classes("correcting"):
        if is_file(folder, f"{FOLDER}/{picture_name(at)}"):
            printed = f"Page {place.page}, as printed" if place else "As printed"
            ui.html(_picture(name, at, printed), sanitize=False)
        editor.draw()
        Link("Back to the paper", tabs.address(name, "read", at=at))


def _picture(name: str, anchor: str, caption: str) -> Markup:
    source = tabs.address(name, f"{FOLDER}/{picture_name(anchor)}")
    return Markup(
        '<figure class="printed"><img src="{}" alt="{} as printed"><figcaption>{}</figcaption></figure>'
    ).format(source, anchor, caption)
