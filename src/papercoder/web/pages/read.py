"""The paper on the left, the code on the right, and the requirements that tie one to the other."""

import json
from collections.abc import Callable

from markupsafe import Markup
from nicegui import events, run, ui

from papercoder.errors import PaperCoderError
from papercoder.report.model import TracedRequirement
from papercoder.web.parts import tabs
from papercoder.web.parts.code_text import Source, code_html, first_shown, owners, read_source
from papercoder.web.parts.files import files_html
from papercoder.web.parts.going import keep_up, wait_for
from papercoder.web.parts.need_list import FIELDS, Filter, filter_html, index_of, list_html, page_with
from papercoder.web.parts.text import Text, gather
from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web


def register(web: Web) -> None:
    """Put up `/run/NAME/read`; `r` is the requirement, `file` and `line` the place in the code, `at` in the paper."""

    @ui.page("/run/{name}/read", response_timeout=30)
    async def read(name: str, r: str = "", file: str = "", line: str = "", at: str = "") -> None:
        with frame.page(f"{name}, read", wide=True):
            folder = web.shelf.run(name)
            bar = tabs.bar(name, folder, "read")
            text = await run.io_bound(gather, folder)
            if text is None or text.paper is None:
                wait_for(web, name, tabs.BY_NAME["read"])
                return
            reading = Reading(web, name, text, bar)
            reading.draw()
            reading.begin(r, file, _number(line), at)


class Reading:
    """One browser's look at one run."""

    def __init__(self, web: Web, name: str, text: Text, bar: ui.html) -> None:
        self.web, self.name, self.text = web, name, text
        self._bar = bar
        self.sift = Filter()
        self.chosen = ""
        self.page = 0
        self.path, self.line = "", 1
        self.source: Source | None = None
        self.first = 1
        """Of the lines that are shown of it."""

    @property
    def needs(self) -> tuple[TracedRequirement, ...]:
        """Those that the filter lets through."""
        return tuple(item for item in self.text.report.requirements if self.sift.fits(item))

    def draw(self) -> None:
        """Put up the list, the paper and the code."""
        with ui.element("div").classes("reading report"):
            with ui.element("aside").classes("needs"):
                self._pointing(
                    ui.html(filter_html(self.text.report.requirements), sanitize=False), self._sifted, "input"
                )
                self._list = self._pointing(ui.html("", sanitize=False).classes("list"), self._clicked)
            with ui.splitter(value=50, limits=(20, 80)).classes("sides") as sides:
                with sides.before:
                    self._paper = self._pointing(ui.html("", sanitize=False).classes("side left"), self._clicked)
                with sides.after:
                    self._files = self._pointing(ui.html("", sanitize=False).classes("files"), self._opened, "change")
                    self._code = self._pointing(ui.html("", sanitize=False).classes("side right"), self._clicked)
        for side, label in ((self._paper, "The paper"), (self._code, "The code")):
            side.props.update({"tabindex": "0", "role": "region", "aria-label": label})
        keep_up(self.web, self.name, self._again)

    def begin(self, chosen: str, path: str, line: int, anchor: str) -> None:
        """Show what the address asks for."""
        self._fill()
        if chosen in {item.requirement.id for item in self.text.report.requirements}:
            self.choose(chosen, path, line)
        else:
            self.open(path if path in self.text.report.files else self._first_file(), line)
            self._show(anchor)

    def choose(self, chosen: str, path: str = "", line: int = 0) -> None:
        """Go to a requirement on both sides, in the code to this place, else to the first that it has."""
        item = next((item for item in self.text.report.requirements if item.requirement.id == chosen), None)
        if item is None:
            return
        places = [(place.path, place.line) for place in item.places if place.lines]
        if path not in self.text.report.files:
            path, line = places[0] if places else (item.owner or self.path, 1)
        self.chosen = chosen
        if not self.sift.fits(item):
            self.sift = Filter()
        self.page = page_with(self.needs, chosen)
        self._list_again()
        self.open(path, line)
        self._show(item.requirement.anchor)

    def open(self, path: str, line: int) -> None:
        """Show a file of the repository around a line."""
        self.line = max(line, 1)
        if self.source and self.source.path == path and first_shown(self.source, self.line) == self.first:
            return
        self.path = path
        self._code.set_content(self._code_html(path))

    def clear(self) -> None:
        """Choose nothing."""
        self.chosen, self.line = "", 1
        self._list_again()
        self._show("")

    def step(self, by: int) -> None:
        """Choose the next requirement of the list, or the one before."""
        needs = self.needs
        if needs:
            index = index_of(needs, self.chosen, default=-1 if by > 0 else len(needs))
            self.choose(needs[min(max(index + by, 0), len(needs) - 1)].requirement.id)

    def _clicked(self, said: dict[str, str]) -> None:
        match said:
            case {"step": "0"}:
                self.clear()
            case {"step": by}:
                self.step(1 if by == "1" else -1)
            case {"page": page}:
                self.page = max(_number(page), 0)
                self._list_again()
            case {"r": ids}:
                path = said.get("path") or (self.path if "n" in said else "")
                self.choose(self._next_of(ids.split()), path, _number(said.get("line") or said.get("n", "")))
            case {"path": path} if path in self.text.report.files:
                self.open(path, _number(said.get("line", "")))
                self._show("")

    def _next_of(self, ids: list[str]) -> str:
        """Where several requirements meet, each click goes to the next."""
        after = ids.index(self.chosen) + 1 if self.chosen in ids else 0
        return ids[after % len(ids)] if ids else ""

    def _sifted(self, said: dict[str, str]) -> None:
        self.sift = Filter(**{name: value for name, value in said.items() if name in FIELDS})
        self.page = page_with(self.needs, self.chosen)
        self._list_again()

    def _opened(self, said: dict[str, str]) -> None:
        if said.get("path") in self.text.report.files:
            self.open(said["path"], 1)
            self._show("")

    def _fill(self) -> None:
        self._paper.set_content(self.text.paper or "")
        self._files.set_content(files_html(self.text.report))
        self._list_again()

    def _list_again(self) -> None:
        report = self.text.report
        self._list.set_content(list_html(self.needs, self.chosen, self.page, is_planned=bool(report.requirements)))

    def _code_html(self, path: str) -> Markup:
        try:
            self.source = read_source(self.web.shelf.file(self.name, f"repo/{path}"), path) if path else None
        except PaperCoderError as error:
            self.source = None
            return _said(str(error))
        if self.source is None:
            return _said("No code yet. Files appear as soon as they are written.")
        self.first = first_shown(self.source, self.line)
        return code_html(self.source, owners(self.text.report.requirements, path), self.line)

    def _show(self, anchor: str) -> None:
        """Scroll both sides, mark the places, and write them into the address."""
        is_at_top = not self.chosen and self.line == 1
        is_plain = is_at_top and self.path == self._first_file()
        asked = {"r": self.chosen, "file": "" if is_plain else self.path, "line": "" if is_at_top else self.line}
        where = {"need": self.chosen, "anchor": anchor, "path": self.path, "line": self.line}
        url = tabs.address(self.name, "read", **asked, at="" if self.chosen else anchor)
        ui.run_javascript(f"showPlace({json.dumps(where | {'url': url})})")

    async def _again(self) -> None:
        """The run went on: read it anew and stay where one was."""
        folder = self.web.shelf.run(self.name)
        text = await run.io_bound(gather, folder)
        if text:
            self._bar.set_content(tabs.bar_html(self.name, folder, "read"))
            self.text, self.source = text, None
            with self._list:
                self._fill()
                self.open(self.path or self._first_file(), self.line)

    def _first_file(self) -> str:
        files = self.text.report.files
        return next((path for path in files if path.endswith("main.py")), files[0] if files else "")

    def _pointing(self, element: ui.html, told: Callable[[dict[str, str]], None], kind: str = "click") -> ui.html:
        """Tell of clicks on, or of what is put into, the parts of an element that say what they mean."""

        def tell(event: events.GenericEventArguments) -> None:
            if isinstance(event.args, dict):
                told({str(key): str(value) for key, value in event.args.items()})

        element.on(kind, tell, js_handler="(event) => pointed(event, emit)", throttle=0.15 if kind == "input" else 0)
        if kind == "click":
            element.on("keydown.enter", tell, js_handler="(event) => pointed(event, emit)")
        return element


def _said(words: str) -> Markup:
    return Markup('<p class="empty">{}</p>').format(words)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
