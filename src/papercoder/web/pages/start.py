"""A new run: the paper, what was read of it and what it will cost, and only then the run."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from nicegui import events, ui

from papercoder.artifacts import Paper
from papercoder.artifacts.paper import render_block
from papercoder.errors import PaperCoderError
from papercoder.models.resolve import price_of_spec
from papercoder.operations.estimate import estimate
from papercoder.paper.fidelity import Estimate, Fidelity, fidelity
from papercoder.paper.pictures import pictures
from papercoder.report.loading import LARGEST_PICTURE, data_uri
from papercoder.settings import Profile, Settings
from papercoder.web.papers import run_options as choosing
from papercoder.web.papers.reader_process import read_apart
from papercoder.web.papers.sources import keep_upload, source_of
from papercoder.web.parts import example_card
from papercoder.web.parts import fidelity as report
from papercoder.web.parts.controls import alert, button, field, number, select
from papercoder.web.runs.folder import UPLOAD
from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web

_SUFFIXES = ".pdf,.tex,.gz,.tgz,.tar,.zip,.html,.htm,.md,.json,.xml"

_DROP = """
<div class="zone" role="button" tabindex="0" @click="props.pickFiles" @keydown.enter="props.pickFiles">
  <span>Drop a paper here, or <b>choose a file</b></span>
  <small>PDF, LaTeX as arXiv packs it, HTML, Markdown, S2ORC, TEI or JATS</small>
  <q-uploader-add-trigger />
</div>
"""
"""All of the zone opens the chooser."""


def register(web: Web) -> None:
    """Put up `/new`."""

    @ui.page("/new")
    def new(paper: str = "") -> None:
        with frame.page("New run", "new"):
            frame.heading("New run")
            Start(web, paper[:300]).draw()


class Start:
    """The form of one browser, step by step."""

    def __init__(self, web: Web, typed: str) -> None:
        self.web = web
        self.typed = typed
        self.turn = 0
        """Which reading is the latest: an earlier one that ends after it is not drawn."""

    def draw(self) -> None:
        """The paper's step, and the places of the steps that follow."""
        example_card.draw(self.web)
        with ui.element("section").classes("step"):
            frame.heading("The paper", 2)
            _drop(self)
            with ui.element("div").classes("line"):
                self.field = field("arXiv id, URL, or a file in the runs folder", self.typed)
                self.field.on("keydown.enter", self.read)
                frame.key(self.field, "/", "type a paper")
                button("Read it", self.read, "main").mark("read")
            self.wrong = alert()
        self.after = ui.element("div")

    async def take(self, event: events.UploadEventArguments) -> None:
        """Keep what was dropped, and read it."""
        try:
            data = await event.file.read()
            self.field.value = await asyncio.to_thread(keep_upload, self.web.shelf, event.file.name, data)
        except PaperCoderError as error:
            self.wrong.set_text(str(error))
            return
        await self.read()

    async def read(self) -> None:
        """Read the paper and show what was read and what a run would take."""
        self.turn = turn = self.turn + 1
        self.wrong.set_text("")
        self.after.clear()
        with self.after:
            ui.label("Reading…").classes("soft under-way")
        try:
            source = source_of(self.web.shelf, self.field.value or "")
            paper = await read_apart(source)
            found = await asyncio.to_thread(fidelity, paper)
            shown = await asyncio.to_thread(_suspicious_pictures, source, paper, found)
        except PaperCoderError as error:
            if turn == self.turn:
                self.after.clear()
                self.wrong.set_text(str(error))
            return
        if turn == self.turn:
            self._offer(source, paper, found, shown)

    def _offer(self, source: str, paper: Paper, found: Fidelity, shown: Mapping[str, str]) -> None:
        self.after.clear()
        with self.after:
            with ui.element("section").classes("step"):
                frame.heading("What was read", 2)
                report.draw(found, shown, {block.anchor: render_block(block) for block in paper.blocks()})
            with ui.element("section").classes("step"):
                frame.heading("The run", 2)
                Terms(self.web, paper, source).draw()


def _suspicious_pictures(source: str, paper: Paper, found: Fidelity) -> dict[str, str]:
    """Pictures of the places that may have been read wrong, by anchor."""
    suspicious = {loss.anchor for loss in found.suspicions}
    return {
        anchor: data_uri(png)
        for anchor, png in pictures(Path(source), paper).items()
        if anchor in suspicious and len(png) <= LARGEST_PICTURE
    }


class Terms:
    """On what terms a run begins; what it will take is shown for them before it does."""

    def __init__(self, web: Web, paper: Paper, source: str) -> None:
        self.web = web
        self.paper = paper
        self.source = source

    def draw(self) -> None:
        """Model, profile, cap and name; the price; the button that begins."""
        given = self.web.settings
        with ui.element("div").classes("terms"):
            self.model = field("Model, provider:name", given.model, choosing.offered(given)).on(
                "update:model-value", self.foresee, throttle=0.4, leading_events=False
            )
            self.profile = select("Profile", choosing.TOLD, given.profile)
            self.cap = number("Cost limit ($)", given.max_cost)
            self.name = field("Name", self.web.shelf.new(_short(self.paper.title)))
        self.price = ui.element("div").classes("price").mark("price")
        with ui.element("div").classes("line"):
            begin = button("Start the run", self.begin, "main").mark("start")
            frame.key(begin, "s", "start the run")
            self.wrong = alert()
        ui.timer(0, self.foresee, once=True)

    async def foresee(self) -> None:
        """Show the price for the model that is chosen."""
        asked = self.model.value
        try:
            found: Estimate | str = await asyncio.to_thread(self._estimate)
        except PaperCoderError as error:
            found = str(error)
        if asked == self.model.value:
            self._show_price(found)

    def _show_price(self, found: Estimate | str) -> None:
        self.price.clear()
        with self.price:
            if isinstance(found, str):
                ui.label(found).classes("soft")
                return
            ui.label(_dollars(found)).classes("dollars")
            ui.label(choosing.in_words(found)).classes("soft")
            ui.label(f"Rough estimate: {found.note}.").classes("soft small")

    async def begin(self) -> None:
        """Start, and go where it can be watched."""
        self.wrong.set_text("")
        try:
            settings = self._settings()
            await asyncio.to_thread(choosing.check, settings)
            await example_card.begin(self.web, self.name.value or self.paper.title, self.source, settings)
        except PaperCoderError as error:
            self.wrong.set_text(str(error))

    def _settings(self) -> Settings:
        profile = next(each for each in get_args(Profile) if each == self.profile.value)
        return choosing.chosen(self.web.settings, self.model.value or "", profile, self.cap.value)

    def _estimate(self) -> Estimate:
        settings = self._settings()
        name = settings.model_for("coding")
        return estimate(self.paper, name, price_of_spec(name, settings), settings.refine)


def _drop(start: Start) -> None:
    upload = ui.upload(
        auto_upload=True,
        max_files=1,
        max_file_size=UPLOAD,
        on_upload=start.take,
        on_rejected=lambda: start.wrong.set_text(f"Upload rejected. Upload one paper, at most {UPLOAD // 2**20} MiB."),
    )
    upload.add_slot("header", _DROP)
    upload.props(f"accept={_SUFFIXES} flat").classes("drop").mark("upload")


def _short(title: str) -> str:
    """A name from a title: what stands before its colon."""
    return title.partition(":")[0].lower()[:40]


def _dollars(estimate: Estimate) -> str:
    if estimate.cost_usd is None:
        return "Price unknown"
    return "Free" if estimate.cost_usd == 0 else f"About ${estimate.cost_usd:,.2f}"
