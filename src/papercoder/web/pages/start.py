"""A new run: choose a paper, check what was read and the cost, then start."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlencode

from nicegui import events, ui

from papercoder.artifacts import Paper
from papercoder.artifacts.paper import render_block
from papercoder.errors import PaperCoderError
from papercoder.paper.fidelity import Fidelity, fidelity
from papercoder.paper.pictures import pictures
from papercoder.report.loading import LARGEST_PICTURE, data_uri
from papercoder.web.papers.form import RunForm
from papercoder.web.papers.sources import read_in_process, source_of, store_upload
from papercoder.web.parts import example_card
from papercoder.web.parts import fidelity as fidelity_card
from papercoder.web.runs.folder import UPLOAD
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, alert, button, field
from papercoder.web.server.messages import for_page
from papercoder.web.server.state import Web

_SUFFIXES = ".pdf,.tex,.gz,.tgz,.tar,.zip,.html,.htm,.md,.json,.xml"

_ZONE = """
<div class="zone" @click="props.pickFiles">
  <span>Drop a paper here, or <button type="button" @click.stop="props.pickFiles">choose a file</button></span>
  <small>PDF, LaTeX as arXiv packs it, HTML, Markdown, S2ORC, TEI or JATS</small>
  <q-uploader-add-trigger />
</div>
"""
"""A click anywhere in the zone opens the file chooser."""


def register(web: Web) -> None:
    """Register `/new`."""

    @ui.page("/new")
    def new(paper: str = "") -> None:
        with layout.page("New run", "new"):
            layout.heading("New run")
            Start(web, paper[:300]).draw()


class Start:
    """The form in one browser, step by step."""

    def __init__(self, web: Web, typed: str) -> None:
        self.web = web
        self.typed = typed
        self.uploader: ui.upload | None = None
        self.latest = 0
        """Number of the latest reading; the results of earlier ones are discarded."""

    def draw(self) -> None:
        """Draw the first step, and containers for the later ones."""
        example_card.draw(self.web)
        with ui.element("section").classes("step"):
            layout.heading("The paper", 2)
            _upload_zone(self)
            self.uploaded = ui.element("div").classes("uploaded").mark("uploaded")
            with ui.element("div").classes("line"):
                self.field = field("arXiv id, DOI or address, or a file in the runs folder", self.typed)
                self.field.on("keydown.enter", self.read)
                layout.key(self.field, "/", "type a paper")
                button("Read it", self.read, "main").mark("read")
            self.error = alert()
        self.after = ui.element("div")
        if self.typed:
            ui.timer(0, self.read, once=True)

    def uploading(self) -> None:
        """Show that a file is on its way."""
        self._show_upload("Uploading…", "soft", is_over=False)

    def upload_failed(self, why: str, name: str = "The file") -> None:
        """Show that an upload failed and why; another one can be tried."""
        self._show_upload(f"✕ {name} was not uploaded: {why}.", "bad")
        self.after.clear()

    def _show_upload(self, text: str, tone: str, *, is_over: bool = True) -> None:
        self.uploaded.clear()
        with self.uploaded:
            Label(for_page(text)).classes(f"upload-state {tone}").props["role"] = "status"
        if self.uploader and is_over:  # a reset ends an upload that is on its way
            self.uploader.reset()

    async def upload(self, event: events.UploadEventArguments) -> None:
        """Store an uploaded paper, and read it."""
        name = event.file.name
        try:
            data = await event.file.read()
            self.field.value = await asyncio.to_thread(store_upload, self.web.runs_folder, name, data)
        except PaperCoderError as error:
            self.upload_failed(str(error).removeprefix(f"{name} ").rstrip("."), name)
            return
        self._show_upload(f"✓ {name} is uploaded.", "good")
        await self.read()

    async def read(self) -> None:
        """Read the paper, and show what was read and the cost of a run."""
        self.latest = number_of_this = self.latest + 1
        self.error.set_text("")
        self.after.clear()
        with self.after:
            Label("Reading…").classes("soft under-way")
        self._remember()
        try:
            source = source_of(self.web.runs_folder, self.field.value or "")
            paper = await read_in_process(source)
            found = await asyncio.to_thread(fidelity, paper)
            shown = await asyncio.to_thread(_suspicious_pictures, source, paper, found)
        except PaperCoderError as error:
            if number_of_this == self.latest:
                self.after.clear()
                self.error.set_text(str(error))
            return
        if number_of_this == self.latest:
            self._draw_steps(source, paper, found, shown)

    def _remember(self) -> None:
        """Keep the paper in the address, so that a reload shows it again."""
        query = urlencode({"paper": self.field.value or ""})
        ui.run_javascript(f"history.replaceState(history.state, '', '/new?{query}')")

    def _draw_steps(self, source: str, paper: Paper, found: Fidelity, shown: Mapping[str, str]) -> None:
        self.after.clear()
        with self.after:
            with ui.element("section").classes("step"):
                layout.heading("What was read", 2)
                fidelity_card.draw(found, shown, {block.anchor: render_block(block) for block in paper.blocks()})
            with ui.element("section").classes("step"):
                layout.heading("The run", 2)
                RunForm(self.web, paper, source).draw()


def _suspicious_pictures(source: str, paper: Paper, found: Fidelity) -> dict[str, str]:
    """Pictures of places that may have been misread, by anchor."""
    suspicious = {loss.anchor for loss in found.suspicions}
    return {
        anchor: data_uri(png)
        for anchor, png in pictures(source, paper).items()
        if anchor in suspicious and len(png) <= LARGEST_PICTURE
    }


def _upload_zone(start: Start) -> None:
    upload = ui.upload(
        auto_upload=True,
        max_file_size=UPLOAD,
        on_upload=start.upload,
        on_rejected=lambda: start.upload_failed(f"the page takes one paper of at most {UPLOAD // 2**20} MiB"),
    )
    upload.on("uploading", start.uploading)
    upload.on("failed", lambda: start.upload_failed("the connection was lost; try again"))
    upload.add_slot("header", _ZONE)
    upload.props(f"accept={_SUFFIXES} flat").classes("drop").mark("upload")
    start.uploader = upload
    ui.run_javascript("nameUpload()")
