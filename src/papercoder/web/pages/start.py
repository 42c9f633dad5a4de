"""A new run: choose a paper, check what was read and the cost, then start.

Papers are uploaded, come from arXiv, or lie in the runs folder; each is read in a process of its own.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path, PurePath
from re import ASCII, sub
from typing import get_args
from urllib.parse import urlencode

from nicegui import events, ui

from papercoder.artifacts import Loss, Paper, render_block
from papercoder.errors import PaperCoderError, PaperError
from papercoder.files.regular import write
from papercoder.files.temporary import temporary_folder
from papercoder.operations.generate import example
from papercoder.paper.addresses import online_source
from papercoder.paper.fidelity import Check, Fidelity, fidelity
from papercoder.paper.files import Kind, kind_of
from papercoder.paper.pictures import pictures
from papercoder.report.formatting import plural
from papercoder.report.loading import LARGEST_PICTURE, data_uri
from papercoder.web.parts import run_form
from papercoder.web.parts.run_form import RunForm
from papercoder.web.runs.folder import UPLOAD, UPLOADS, RunsFolder
from papercoder.web.server import layout
from papercoder.web.server import layout as frame
from papercoder.web.server.layout import Label, alert, button, field, for_page
from papercoder.web.server.state import Web

_COMMAND = "from papercoder.cli import main; main()"
_TIMEOUT = 600.0
"""Seconds, including downloads."""


async def read_in_process(source: str | Path) -> Paper:
    """Read a paper, as `papercoder read` does.

    Raises:
        PaperError: it cannot be read.
    """
    with temporary_folder() as folder:
        file = folder / "paper.json"
        stderr = await _run("read", "--json", "-o", str(file), "--", str(source))
        if not file.is_file():
            raise PaperError(_error_message(stderr) or f"{source} could not be read: the reader process crashed.")
        return Paper.model_validate_json(await asyncio.to_thread(file.read_bytes))


async def _run(*arguments: str) -> str:
    """The command's standard error. The process is killed if this is cancelled."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-c",
        _COMMAND,
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, stderr = await asyncio.wait_for(child.communicate(), _TIMEOUT)
    except TimeoutError as error:
        raise PaperError(f"{arguments[-1]} could not be read within {_TIMEOUT / 60:.0f} minutes.") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return stderr.decode("utf-8", "replace")


def _error_message(stderr: str) -> str:
    """The last error message of the command."""
    lines = [line.removeprefix("papercoder: ") for line in stderr.splitlines() if line.startswith("papercoder: ")]
    return lines[-1] if lines else ""


_KINDS: frozenset[Kind] = frozenset(get_args(Kind)) - {"lfs", "empty", "binary", "text"}


def source_of(runs_folder: RunsFolder, text: str) -> str:
    """The source of a run for the text that the user typed.

    Raises:
        PaperError: it is neither an id or an address of a paper nor a file that may be read.
    """
    typed = text.strip()
    if not typed:
        raise PaperError(
            "Drop a paper here, or type an arXiv id such as 1706.03762, a DOI, or an address of OpenReview."
        )
    if online := online_source(typed):
        return online
    bundled = example()
    allowed_folders = (runs_folder.root, *((bundled.folder.resolve(),) if bundled else ()))
    found = Path(os.path.realpath(runs_folder.root / typed)) if "\0" not in typed else Path("/")
    if not any(found.is_relative_to(folder) for folder in allowed_folders):
        raise PaperError(
            f"{typed[:120]!r} is not an id or address that leads to a paper, and files are only read from the runs "
            "folder. Drop the paper here instead."
        )
    if not os.path.exists(found):  # noqa: PTH110  Path.exists raises for names that are too long
        raise PaperError(
            f"{typed[:120]!r} is not an id or address that leads to a paper, and the runs folder has no such file. "
            "Drop the paper here instead."
        )
    return str(found)


def store_upload(runs_folder: RunsFolder, name: str, data: bytes) -> str:
    """Store an uploaded paper beside the runs; returns its path in the runs folder.

    Raises:
        PaperError: it is too large, or not a paper of a known kind.
        RunFolderError: it cannot be written.
    """
    if len(data) > UPLOAD:
        raise PaperError(f"{_safe_name(name)} is larger than {UPLOAD // 2**20} MiB. Upload the paper itself.")
    kind = kind_of(data, PurePath(name).name)
    if kind not in _KINDS:
        raise PaperError(
            f"{_safe_name(name)} is not a paper of a known kind. Upload a PDF, LaTeX (as packed by arXiv), HTML, "
            "Markdown, S2ORC JSON, TEI or JATS."
        )
    path = f"{UPLOADS}/{sha256(data).hexdigest()[:12]}/{_safe_name(name)}"
    write(runs_folder.root, path, data)
    return path


def _safe_name(name: str) -> str:
    """A safe file name made from the uploaded one."""
    last = PurePath(name.replace("\\", "/")).name
    return sub(r"[^\w.-]+", "-", last, flags=ASCII).lstrip(".-")[-80:].lstrip(".-") or "paper"


_COUNTS = ("equations", "tables", "algorithms", "figures", "references", "words", "tokens", "numbers")

OPEN = 4
"""Suspicions that are shown at once; the others are behind a summary."""


def draw(report: Fidelity, pictures: Mapping[str, str], texts: Mapping[str, str]) -> None:
    """Title, counts, suspicions with pictures of their places, checks and headings.

    Args:
        report: what was read.
        pictures: anchor -> what is printed there, as a data URI.
        texts: anchor -> what was read there.
    """
    with ui.element("div").classes("card fidelity").mark("fidelity"):
        frame.heading(report.title or "(no title)", 3).classes("title")
        with ui.element("dl").classes("tiles"):
            for name in _COUNTS:
                _tile(name, getattr(report, name))
        placed = [one for one in report.suspicions if one.anchor in pictures]
        for message in dict.fromkeys(one.message for one in report.suspicions if one.anchor not in pictures):
            Label(message).classes("remark")
        for loss in placed[:OPEN]:
            _compared(loss, pictures[loss.anchor], texts.get(loss.anchor, ""))
        if len(placed) > OPEN:
            with _details(f"{plural(len(placed) - OPEN, 'more place')} that may have been read wrong"):
                for loss in placed[OPEN:]:
                    _compared(loss, pictures[loss.anchor], texts.get(loss.anchor, ""))
        if report.verdict:
            Label(f"✓ {report.verdict}").classes("fine")
        _checks(report.checks)
        _outline(report)
        if report.files:
            _files(report)


def _compared(loss: Loss, picture: str, text: str) -> None:
    """What is printed above what was read."""
    with ui.element("figure").classes("compared"):
        with ui.element("figcaption"):
            Label(loss.message)
        ui.element("img").props.update({"src": picture, "alt": f"{loss.anchor} as printed"})
        with ui.element("pre"):
            Label(text)


def _details(summary: str) -> ui.element:
    details = ui.element("details")
    with details, ui.element("summary"):
        Label(summary)
    return details


def _tile(name: str, count: int) -> None:
    with ui.element("div"):
        with ui.element("dt"):
            Label(name)
        with ui.element("dd"):
            Label(f"{count:,}")


def _checks(checks: tuple[Check, ...]) -> None:
    made = sum(check.made for check in checks)
    with _details(f"{made} of {plural(len(checks), 'check')} made"), ui.element("ul"):
        for check in checks:
            with ui.element("li"):
                Label(check.name if check.made else f"Not checked: {check.name} ({check.reason}).")


def _outline(report: Fidelity) -> None:
    with _details(plural(len(report.sections), "heading")), ui.element("ol").classes("outline"):
        for section in report.sections:
            with ui.element("li").style(f"margin-left: {max(section.level - 1, 0) * 1.2:.1f}rem"):
                Label(section.anchor).classes("mono soft")
                Label(section.title)


def _files(report: Fidelity) -> None:
    with _details(f"read from {plural(len(report.files), 'file')}"), ui.element("ul"):
        for name in report.files:
            with ui.element("li"):
                Label(name).classes("mono")


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
        run_form.draw(self.web)
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
                draw(found, shown, {block.anchor: render_block(block) for block in paper.blocks()})
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
