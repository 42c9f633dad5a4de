"""Paper and code side by side, with the requirements that connect them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from markupsafe import Markup
from nicegui import events, run, ui
from starlette.requests import Request

from papercoder.artifacts import Paper
from papercoder.errors import PaperCoderError
from papercoder.files.regular import is_file
from papercoder.paper.fidelity import suspicions
from papercoder.paper.pictures import FOLDER, picture_name
from papercoder.report import Report, load
from papercoder.report.model import TracedRequirement
from papercoder.runs import folder as run_folder
from papercoder.web.parts import tabs
from papercoder.web.parts.code_text import Source, code_html, file_select_html, first_shown, owners, read_source
from papercoder.web.parts.live import RunHeader
from papercoder.web.parts.paper_text import (
    FIELDS,
    Filter,
    Printed,
    detail_html,
    filter_html,
    index_of,
    list_html,
    paper_html,
)
from papercoder.web.server import layout
from papercoder.web.server.layout import for_page
from papercoder.web.server.state import Web


@dataclass(frozen=True)
class Result:
    """The result of a run so far."""

    report: Report
    paper: Markup | None
    """None if the paper was not read yet."""


def load_result(folder: Path) -> Result:
    """Load the report of a run and render its paper.

    Raises:
        RunFolderError: it is not a run folder, or cannot be read.
        ArtifactError: `paper.json` was edited and is not valid.
    """
    paper = run_folder.load(folder, "paper.json", Paper) if is_file(folder, "paper.json") else None
    report = load(folder)
    if paper is None:
        return Result(report, None)
    requirements = (item.requirement for item in report.requirements)
    return Result(report, paper_html(paper, requirements, _printed(folder, paper)))


def _printed(folder: Path, paper: Paper) -> dict[str, Printed]:
    """The title, equations, tables and all suspicious places that have a picture or a suspicion, by anchor."""
    messages: dict[str, list[str]] = {}
    for loss in suspicions(paper):
        if loss.anchor:
            messages.setdefault(loss.anchor, []).append(loss.message)
    pages = {place.anchor: place.page for place in paper.places}
    printed = {}
    blocks = (block.anchor for block in (*paper.equations, *paper.tables))
    for anchor in ["title", *blocks, *messages]:
        name = picture_name(anchor)
        picture = tabs.address(folder.name, f"{FOLDER}/{name}") if is_file(folder, f"{FOLDER}/{name}") else ""
        if picture or anchor in messages:
            correction = tabs.address(folder.name, "correct", at=anchor)
            printed[anchor] = Printed(picture, pages.get(anchor), tuple(messages.get(anchor, ())), correction)
    return printed


def register(web: Web) -> None:
    """Register `/run/NAME/read`.

    `r` is a requirement, `file` and `line` a place in the code, `at` one in the paper; fields of the filter are its
    initial values.
    """

    @ui.page("/run/{name}/read", response_timeout=30)
    async def read(name: str, request: Request) -> None:
        with layout.page(f"{web.runs_folder.label(name)}, paper and code", wide=True):
            folder = web.runs_folder.run(name)
            RunHeader(web, name, "read")
            result = await run.io_bound(load_result, folder)
            if result is None or result.paper is None:
                tabs.show_empty(web, name, tabs.BY_NAME["read"])
                return
            query = dict(request.query_params)
            reading = Reading(web, name, result, _filter(query))
            reading.draw()
            reading.show(query)


def _filter(query: Mapping[str, str]) -> Filter:
    return Filter(**{name: value[:200] for name, value in query.items() if name in FIELDS - {"file"}})


class Reading:
    """The page in one browser."""

    def __init__(self, web: Web, name: str, result: Result, chosen: Filter) -> None:
        self.web, self.name, self.result = web, name, result
        self.filter = chosen
        self.selected = ""
        self.path, self.line = "", 1
        self.source: Source | None = None
        self.first = 1
        """The first shown line of the file."""

    @property
    def requirements(self) -> tuple[TracedRequirement, ...]:
        """The requirements that match the filter."""
        return tuple(item for item in self.result.report.requirements if self.filter.matches(item))

    def draw(self) -> None:
        """Draw the list, the paper and the code."""
        with ui.element("div").classes("reading report"):
            with ui.element("aside").classes("requirement-list"):
                self._filter = ui.html("", sanitize=False)
                self._on_event(self._filter, self._filter_changed, "input")
                self._list = self._on_event(ui.html("", sanitize=False).classes("list"), self._clicked)
                self._list.props.update({"tabindex": "0", "role": "region", "aria-label": "Requirements"})
            with ui.splitter(value=50, limits=(20, 80)).classes("sides") as sides:
                with sides.before:
                    self._paper = self._on_event(ui.html("", sanitize=False).classes("side left"), self._clicked)
                with sides.after:
                    self._files = self._on_event(
                        ui.html("", sanitize=False).classes("files"), self._file_selected, "change"
                    )
                    self._code = self._on_event(ui.html("", sanitize=False).classes("side right"), self._clicked)
        for side, label in ((self._paper, "The paper"), (self._code, "The code")):
            side.props.update({"tabindex": "0", "role": "region", "aria-label": label})
        ui.on("place", self._went_back)
        self._filter.set_content(filter_html(self.result.report.requirements, self.filter))
        self._fill()
        tabs.refresh_on_progress(self.web, self.name, self._refresh)

    def show(self, query: Mapping[str, str]) -> None:
        """Show what the query of an address names, without a new entry in the browser's history."""
        selected, path, line = query.get("r", ""), query.get("file", ""), _number(query.get("line", ""))
        if selected in {item.requirement.id for item in self.result.report.requirements}:
            self.select(selected, path, line, is_new=False)
            return
        self.selected = ""
        self.open(path if path in self.result.report.files else self._first_file(), line)
        self._scroll(query.get("at", ""), is_new=False)

    def select(self, selected: str, path: str = "", line: int = 0, *, is_new: bool = True) -> None:
        """Show a requirement on both sides; in the code this place, else its first one."""
        item = self._item(selected)
        if item is None:
            return
        places = [(place.path, place.line) for place in item.places if place.lines]
        if path not in self.result.report.files:
            path, line = places[0] if places else (item.owner or self.path, 1)
        self.selected = selected
        if not self.filter.matches(item):
            self._set_filter(Filter())
        self.open(path, line)
        self._scroll(item.requirement.anchor, is_new=is_new)

    def open(self, path: str, line: int) -> None:
        """Show a file of the repository around a line."""
        self.line = max(line, 1)
        if self.source and self.source.path == path and first_shown(self.source, self.line) == self.first:
            return
        self.path = path
        self._code.set_content(self._code_html(path))

    def clear(self) -> None:
        """Clear the selection."""
        self.selected, self.line = "", 1
        self._scroll("")

    def step(self, by: int) -> None:
        """Select the next or the previous requirement of the list."""
        items = self.requirements
        if items:
            index = index_of(items, self.selected, default=-1 if by > 0 else len(items))
            self.select(items[min(max(index + by, 0), len(items) - 1)].requirement.id)

    def _item(self, requirement: str) -> TracedRequirement | None:
        return next((item for item in self.result.report.requirements if item.requirement.id == requirement), None)

    def _went_back(self, event: events.GenericEventArguments) -> None:
        """The user pressed Back or Forward."""
        if isinstance(event.args, dict):
            query = {str(key): str(value) for key, value in event.args.items()}
            self._set_filter(replace(_filter(query), file=self.filter.file))
            self.show(query)

    def _clicked(self, data: dict[str, str]) -> None:
        match data:
            case {"step": "0"}:
                self.clear()
            case {"step": by}:
                self.step(1 if by == "1" else -1)
            case {"r": ids}:
                path = data.get("path") or (self.path if "n" in data else "")
                self.select(self._next_of(ids.split()), path, _number(data.get("line") or data.get("n", "")))
            case {"path": path} if path in self.result.report.files:
                self.open(path, _number(data.get("line", "")))
                self._scroll("")

    def _next_of(self, ids: list[str]) -> str:
        """The next of several requirements at one place, so that each click selects another."""
        after = ids.index(self.selected) + 1 if self.selected in ids else 0
        return ids[after % len(ids)] if ids else ""

    def _set_filter(self, chosen: Filter) -> None:
        if chosen != self.filter:
            self.filter = chosen
            # Drawn again, equal HTML would leave what the user chose in the browser.
            ui.run_javascript(f"showFilter({json.dumps(asdict(chosen))})")
            self._fill_list()

    def _filter_changed(self, data: dict[str, str]) -> None:
        self.filter = Filter(**{name: value for name, value in data.items() if name in FIELDS})
        self._fill_list()
        self._scroll(self._anchor(), is_new=False)

    def _file_selected(self, data: dict[str, str]) -> None:
        if data.get("path") in self.result.report.files:
            self.open(data["path"], 1)
            self._scroll("")

    def _anchor(self) -> str:
        item = self._item(self.selected)
        return item.requirement.anchor if item else ""

    def _fill(self) -> None:
        self._paper.set_content(self.result.paper or "")
        self._files.set_content(file_select_html(self.result.report))
        self._fill_list()

    def _fill_list(self) -> None:
        self._list.set_content(list_html(self.requirements, is_planned=bool(self.result.report.requirements)))

    def _code_html(self, path: str) -> Markup:
        try:
            self.source = read_source(self.web.runs_folder.folder(self.name), path) if path else None
        except PaperCoderError as error:
            self.source = None
            return _message(for_page(str(error)))
        if self.source is None:
            return _message("No code yet. Files appear as soon as they are written.")
        self.first = first_shown(self.source, self.line)
        return code_html(self.source, owners(self.result.report.requirements, path), self.line)

    def _scroll(self, anchor: str, *, is_new: bool = True) -> None:
        """Scroll both sides, mark the places, and put them into the address: as a new entry of the history or not."""
        is_at_top = not self.selected and self.line == 1
        is_start = is_at_top and self.path == self._first_file()
        place = {"r": self.selected, "file": "" if is_start else self.path, "line": "" if is_at_top else self.line}
        query = asdict(self.filter) | place  # the filter's file is not kept: `file` is a place in the code
        item = self._item(self.selected)
        shown = {
            "requirement": self.selected,
            "anchor": anchor,
            "path": self.path,
            "line": self.line,
            "url": tabs.address(self.name, "read", **query, at="" if self.selected else anchor),
            "detail": detail_html(item) if item else "",
            "isNew": is_new,
        }
        ui.run_javascript(f"showPlace({json.dumps(shown)})")

    async def _refresh(self) -> None:
        """Load the result again and keep the current place."""
        folder = self.web.runs_folder.run(self.name)
        result = await run.io_bound(load_result, folder)
        if result:
            self.result, self.source = result, None
            with self._list:
                self._filter.set_content(filter_html(result.report.requirements, self.filter))
                self._fill()
                self.open(self.path or self._first_file(), self.line)
                self._scroll(self._anchor(), is_new=False)

    def _first_file(self) -> str:
        files = self.result.report.files
        entries = sorted(path for path in files if path.endswith(("/experiments.py", "main.py")))
        return entries[0] if entries else files[0] if files else ""

    def _on_event(self, element: ui.html, handle: Callable[[dict[str, str]], None], kind: str = "click") -> ui.html:
        """Handle clicks on, or input into, the parts of an element that have data attributes."""

        def listen(event: events.GenericEventArguments) -> None:
            if isinstance(event.args, dict):
                handle({str(key): str(value) for key, value in event.args.items()})

        element.on(
            kind, listen, js_handler="(event) => emitTarget(event, emit)", throttle=0.15 if kind == "input" else 0
        )
        if kind == "click":
            element.on("keydown.enter", listen, js_handler="(event) => emitTarget(event, emit)")
        return element


def _message(text: str) -> Markup:
    return Markup('<p class="empty">{}</p>').format(text)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
