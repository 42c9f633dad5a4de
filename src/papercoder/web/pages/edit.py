"""Edit every artifact of a run in place, or correct a place of the paper beside its printed page."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup
from nicegui import app, run, ui
from starlette.responses import PlainTextResponse, Response

from papercoder.artifacts import Paper, Requirements
from papercoder.errors import ArtifactError, PaperCoderError, RunFolderError
from papercoder.files.regular import is_file, read_bytes, read_text
from papercoder.operations.preview import ArtifactState, artifact_states
from papercoder.paper.evidence import find_quote
from papercoder.paper.fidelity import corrected, editable_text
from papercoder.paper.pictures import FOLDER, picture_name
from papercoder.report.rendering import environment
from papercoder.runs.folder import load
from papercoder.runs.summary import stage_of
from papercoder.web.editing.draft import Draft
from papercoder.web.editing.editor import LABELS, TONES, Editor
from papercoder.web.editing.form import KINDS, ArtifactForm, PlainText
from papercoder.web.parts import tabs
from papercoder.web.parts.live import RunHeader
from papercoder.web.parts.tabs import address
from papercoder.web.server import layout
from papercoder.web.server.layout import Link
from papercoder.web.server.state import Web

_MAX_CHARS = 400_000
"""Largest text in characters; the messages of a browser are limited to little more."""

_REPOSITORY = "repository"


def register_edit(web: Web) -> None:
    """Register `/run/NAME/edit`; `artifact` is the one to open, `at` the item of it to show."""

    @ui.page("/run/{name}/edit", response_timeout=60)
    async def edit(name: str, artifact: str = "", at: str = "", use: str = "", text: str = "") -> None:
        with layout.page(f"{name}, edit", wide=True):
            folder = web.runs_folder.run(name)
            header = RunHeader(web, name, "files")
            if not tabs.is_available(tabs.BY_NAME["files"], folder):
                tabs.show_empty(web, name, tabs.BY_NAME["files"])
                return
            watcher = web.watchers.of(name)
            if watcher.look().is_active:
                layout.empty(
                    "A run cannot be edited while it is running, since it would mix old and new files. Wait for it to "
                    "end, or stop it. Finished work is kept.",
                    "To the run",
                    tabs.address(name, ""),
                )
                tabs.reload_when(web, name, lambda: not watcher.look().is_active)
                return
            states = await artifact_states(folder)
            opened = artifact or (
                "planning/requirements.json" if "planning/requirements.json" in states else next(iter(states))
            )
            with ui.element("div").classes("editing"):
                ui.html(tree_html(name, states, opened), sanitize=False)
                with ui.element("div"):
                    await _open(web, header, opened, states, Shown(at, use, bool(text)))


@dataclass(frozen=True)
class Shown:
    """What to show of an artifact."""

    at: str = ""
    """The id or key of an item; empty: the start."""

    use: str = ""
    """The number of the item's alternative to choose; empty: none."""

    as_text: bool = False
    """Not as a form."""


async def _open(web: Web, header: RunHeader, artifact: str, states: Mapping[str, ArtifactState], shown: Shown) -> None:
    name = header.name
    text = read_text(web.runs_folder.folder(name), artifact) if artifact in states else None
    if artifact not in states:
        layout.empty(
            f"{artifact[:200]} is not an input of anything, so editing it would have no effect. "
            "Choose another artifact."
        )
    elif text is None:
        layout.empty(f"{artifact} does not exist yet. Resume the run to make it.", "To the run", tabs.address(name, ""))
    elif len(text) > _MAX_CHARS:
        layout.empty(f"{artifact} is too large to edit here. Edit the file in the run folder, then resume the run.")
    else:
        editor = Editor(web, name, artifact, text, states[artifact], pending=header.pending)
        if artifact in KINDS and not shown.as_text:
            await run.io_bound(_use_form, editor, text)
        elif artifact == "paper.json":
            Link("Correct the title, a formula or a table beside its picture", address(name, "read"))
        editor.draw()
        if isinstance(editor.content, ArtifactForm) and shown.at:
            if shown.use.isdecimal():
                editor.content.use(shown.at, int(shown.use))
            else:
                editor.content.show(shown.at)


def _use_form(editor: Editor, text: str) -> None:
    """Edit as a form, unless the file is not valid."""
    folder, artifact = editor.folder, editor.artifact
    title, kind = KINDS[artifact]

    def is_quote(words: str) -> bool:
        try:
            return find_quote(load(folder, "paper.json", Paper), words) is not None
        except PaperCoderError:
            return False

    try:
        draft = Draft(artifact, kind, text, is_quote)
    except ArtifactError:
        return
    editor.title = title
    editor.content = ArtifactForm(editor.name, draft, editor.changed, _quotes(editor))


def _quotes(editor: Editor) -> dict[str, str]:
    """Requirement -> the paper's words."""
    if not is_file(editor.folder, "planning/requirements.json"):
        return {}
    try:
        requirements = load(editor.folder, "planning/requirements.json", Requirements)
    except RunFolderError:
        return {}
    return {item.id: item.quote or item.statement for item in requirements.items}


@dataclass(frozen=True)
class Row:
    """A link to an artifact."""

    name: str
    address: str
    label: str
    tone: str
    is_here: bool


def tree_html(name: str, artifacts: Mapping[str, ArtifactState], here: str) -> Markup:
    """Links to all artifacts of a run by stage, each with its state; the open one is marked."""
    groups: dict[str, list[Row]] = {}
    for artifact, state in artifacts.items():
        label = artifact.partition("/")[2] or artifact
        row = Row(label, address(name, "edit", artifact=artifact), LABELS[state], TONES[state], artifact == here)
        group = _REPOSITORY if artifact.startswith("repo/") else stage_of(artifact).removesuffix(".json")
        groups.setdefault(group, []).append(row)
    if repository := groups.pop(_REPOSITORY, None):
        groups[_REPOSITORY] = repository  # last, even if its first file comes early
    template = environment("papercoder.web").get_template("artifacts.html")
    return Markup(template.render(groups=groups))  # noqa: S704  the template escapes


_FILE = "paper.json"


def register_correct(web: Web) -> None:
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
