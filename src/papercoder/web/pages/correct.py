"""One place of the paper, corrected: the picture of what is printed beside the text that was read."""

from markupsafe import Markup
from nicegui import app, ui
from starlette.responses import FileResponse, PlainTextResponse, Response

from papercoder.artifacts import Paper
from papercoder.errors import PaperCoderError, RunFolderError
from papercoder.operations.preview import artifact_states
from papercoder.paper.corrections import corrected, editable_text
from papercoder.paper.pictures import FOLDER, picture_name
from papercoder.runs.folder import load, read_text
from papercoder.web.pages.edit import Opened
from papercoder.web.parts import tabs
from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web

_FILE = "paper.json"


def register(web: Web) -> None:
    """Put up `/run/NAME/correct`; `at` is the anchor of the place. And the pictures of places."""

    @ui.page("/run/{name}/correct", response_timeout=60)
    async def correct(name: str, at: str = "title") -> None:
        with frame.page(f"{name}, correct", wide=True):
            folder = web.shelf.run(name)
            tabs.bar(name, folder, "read")
            if web.watches.of(name).look().is_going:
                message = "A running run cannot be corrected. Wait for its end, or stop it."
                frame.empty(message, "To the run", tabs.address(name, ""))
                return
            try:
                paper = load(folder, _FILE, Paper)
                text = editable_text(paper, at)
            except PaperCoderError as error:
                frame.empty(str(error), "To the paper", tabs.address(name, "read"))
                return
            kept = (await artifact_states(folder)).get(_FILE, "generated")
            place = next((place for place in paper.places if place.anchor == at), None)
            with ui.element("div").classes("correcting"):
                if web.shelf.file(name, f"{FOLDER}/{picture_name(at)}").is_file():
                    printed = f"Page {place.page}, as printed" if place else "As printed"
                    ui.html(_picture(name, at, printed), sanitize=False)
                Opened(
                    web,
                    name,
                    _FILE,
                    read_text(folder / _FILE),
                    kept,
                    heading=f"Correct {at}",
                    shown=text,
                    as_artifact=lambda typed: corrected(paper, at, typed).model_dump_json(indent=1) + "\n",
                ).draw()
                ui.link("Back to the paper", tabs.address(name, "read", at=at))

    @app.get("/run/{name}/pictures/{file}")
    def picture(name: str, file: str) -> Response:
        try:
            path = web.shelf.file(name, f"{FOLDER}/{file}")
        except RunFolderError as error:
            return PlainTextResponse(str(error), 404)
        if path.suffix != ".png" or not path.is_file():
            return PlainTextResponse("There is no such picture.", 404)
        return FileResponse(path, media_type="image/png")


def _picture(name: str, anchor: str, caption: str) -> Markup:
    source = tabs.address(name, f"{FOLDER}/{picture_name(anchor)}")
    return Markup(
        '<figure class="printed"><img src="{}" alt="{} as printed"><figcaption>{}</figcaption></figure>'
    ).format(source, anchor, caption)
