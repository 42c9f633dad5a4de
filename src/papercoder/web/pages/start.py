"""A new run: choose a paper, check what was read and the cost, then start."""

import asyncio
from collections.abc import Mapping
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
from papercoder.web.papers import run_options
from papercoder.web.papers.sources import read_in_process, source_of, store_upload
from papercoder.web.parts import example_card
from papercoder.web.parts import fidelity as fidelity_card
from papercoder.web.runs.folder import UPLOAD
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, alert, button, field, number, select
from papercoder.web.server.state import Web

_SUFFIXES = ".pdf,.tex,.gz,.tgz,.tar,.zip,.html,.htm,.md,.json,.xml"

_ZONE = """
<div class="zone" role="button" tabindex="0" @click="props.pickFiles" @keydown.enter="props.pickFiles">
  <span>Drop a paper here, or <b>choose a file</b></span>
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
        self.latest = 0
        """Number of the latest reading; the results of earlier ones are discarded."""

    def draw(self) -> None:
        """Draw the first step, and containers for the later ones."""
        example_card.draw(self.web)
        with ui.element("section").classes("step"):
            layout.heading("The paper", 2)
            _upload_zone(self)
            with ui.element("div").classes("line"):
                self.field = field("arXiv id, URL, or a file in the runs folder", self.typed)
                self.field.on("keydown.enter", self.read)
                layout.key(self.field, "/", "type a paper")
                button("Read it", self.read, "main").mark("read")
            self.error = alert()
        self.after = ui.element("div")

    async def upload(self, event: events.UploadEventArguments) -> None:
        """Store an uploaded paper, and read it."""
        try:
            data = await event.file.read()
            self.field.value = await asyncio.to_thread(store_upload, self.web.runs_folder, event.file.name, data)
        except PaperCoderError as error:
            self.error.set_text(str(error))
            return
        await self.read()

    async def read(self) -> None:
        """Read the paper, and show what was read and the cost of a run."""
        self.latest = number_of_this = self.latest + 1
        self.error.set_text("")
        self.after.clear()
        with self.after:
            Label("Reading…").classes("soft under-way")
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


class RunForm:
    """The options of a run, its estimated cost, and its start."""

    def __init__(self, web: Web, paper: Paper, source: str) -> None:
        self.web = web
        self.paper = paper
        self.source = source

    def draw(self) -> None:
        """Draw the options, the cost and the start button."""
        base = self.web.settings
        with ui.element("div").classes("terms"):
            self.model = field("Model, provider:name", base.model, run_options.suggested_models(base)).on(
                "update:model-value", self.estimate, throttle=0.4, leading_events=False
            )
            self.profile = select("Profile", run_options.PROFILES, base.profile)
            self.max_cost = number("Cost limit ($)", base.max_cost)
            self.name = field("Name", self.web.runs_folder.new(_run_name(self.paper.title)))
        self.price = ui.element("div").classes("price").mark("price")
        with ui.element("div").classes("line"):
            start = button("Start the run", self.start, "main").mark("start")
            layout.key(start, "s", "start the run")
            self.error = alert()
        ui.timer(0, self.estimate, once=True)

    async def estimate(self) -> None:
        """Show the cost with the selected model."""
        model = self.model.value
        try:
            found: Estimate | str = await asyncio.to_thread(self._compute_estimate)
        except PaperCoderError as error:
            found = str(error)
        if model == self.model.value:
            self._show_cost(found)

    def _show_cost(self, found: Estimate | str) -> None:
        self.price.clear()
        with self.price:
            if isinstance(found, str):
                Label(found).classes("soft")
                return
            Label(_dollars(found)).classes("dollars")
            Label(run_options.describe(found)).classes("soft")
            Label(f"Rough estimate: {found.note}.").classes("soft small")

    async def start(self) -> None:
        """Start the run, and open its page."""
        self.error.set_text("")
        try:
            settings = self._settings()
            await asyncio.to_thread(run_options.check_models, settings)
            await example_card.start_run(self.web, self.name.value or self.paper.title, self.source, settings)
        except PaperCoderError as error:
            self.error.set_text(str(error))

    def _settings(self) -> Settings:
        profile = next(each for each in get_args(Profile) if each == self.profile.value)
        return run_options.run_settings(self.web.settings, self.model.value or "", profile, self.max_cost.value)

    def _compute_estimate(self) -> Estimate:
        settings = self._settings()
        name = settings.model_for("coding")
        return estimate(self.paper, name, price_of_spec(name, settings), settings.refine)


def _upload_zone(start: Start) -> None:
    upload = ui.upload(
        auto_upload=True,
        max_files=1,
        max_file_size=UPLOAD,
        on_upload=start.upload,
        on_rejected=lambda: start.error.set_text(f"Upload rejected. Upload one paper, at most {UPLOAD // 2**20} MiB."),
    )
    upload.add_slot("header", _ZONE)
    upload.props(f"accept={_SUFFIXES} flat").classes("drop").mark("upload")


def _run_name(title: str) -> str:
    """A short run name from a title: the part before its colon."""
    return title.partition(":")[0].lower()[:40]


def _dollars(estimate: Estimate) -> str:
    if estimate.cost_usd is None:
        return "Price unknown"
    return "Free" if estimate.cost_usd == 0 else f"About ${estimate.cost_usd:,.2f}"
