"""The tabs Overview and Run: the outcome and what to do next; stages, requests and steps as they happen, the log."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from nicegui import run, ui

from papercoder.console.progress import line
from papercoder.evaluation import rendering as evaluation_page
from papercoder.report import Report, load
from papercoder.report.model import State
from papercoder.report.rendering import Section, parts_style, section
from papercoder.runs.events import Event
from papercoder.runs.overview import NextAction, NextStep
from papercoder.web.parts import live
from papercoder.web.parts.live import RunHeader
from papercoder.web.parts.tabs import RunLinks, address, refresh_on_progress
from papercoder.web.runs.view import View
from papercoder.web.runs.watcher import Watcher
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, Link, alert, button, do, for_page
from papercoder.web.server.state import Web


@dataclass(frozen=True)
class _Button:
    """Where the page offers something that a user may do next."""

    label: str
    tab: str
    """Part of the run's address."""

    place: str = ""
    """On that page."""


_BUTTONS: dict[NextAction, _Button] = {
    "revise": _Button("Show the output", "progress", "execution"),
    "data": _Button("Get the data", "results", "get-data"),
    "reproduce": _Button("Set a budget", "results", "reproduce"),
    "diagnose": _Button("Diagnose", "results", "diagnose"),
    "requirements": _Button("Show them", "read"),
    "ask": _Button("Show them", "assumptions"),
    "share": _Button("Download the code", "repository.zip"),
}
"""What resumes the run has no address; it starts at once."""

_UNMET: tuple[State, ...] = ("contradicts", "missing", "partly")


def register_overview(web: Web) -> None:
    """Register `/run/NAME`."""
    ui.add_head_html(f"<style>{parts_style('.report')}{evaluation_page.body_style('.report')}</style>", shared=True)

    @ui.page("/run/{name}", response_timeout=60)
    async def overview(name: str) -> None:
        with layout.page(web.runs_folder.label(name)):
            web.runs_folder.run(name)
            RunHeader(web, name, "")
            await Overview(web, name).draw()


class Overview:
    """The outcome in one browser."""

    def __init__(self, web: Web, name: str) -> None:
        self._web, self._name = web, name
        self._outcome = ui.html("", sanitize=False).classes("report view-overview")
        self._next = ui.element("section").classes("next-steps").mark("next-steps")

    async def draw(self) -> None:
        """Draw the outcome, and again whenever the run has made something."""
        await self._fill()
        refresh_on_progress(self._web, self._name, self._fill)

    async def _fill(self) -> None:
        folder = self._web.runs_folder.run(self._name)
        report = await run.io_bound(load, folder)
        if report is None:  # the server is shutting down
            return
        view = self._web.watchers.of(self._name).look()
        if view.is_active and report.execution is None:
            self._outcome.set_content(live.beginning(view))
        else:
            self._outcome.set_content(await run.io_bound(section, report, "observed", RunLinks(self._name)) or "")
        self._next.clear()
        with self._next:
            layout.heading("What to do next", 2)
            if view.is_active:
                with self._step("The run is working", "See each request, trial and step as it happens."):
                    Link("Watch it", address(self._name, "progress")).classes("button main")
            for position, step in enumerate(() if view.is_active else report.next_steps):
                self._draw_step(step, report, is_first=position == 0)

    def _draw_step(self, step: NextStep, report: Report, *, is_first: bool) -> None:
        with self._step(step.reason, step.detail):
            found = _BUTTONS.get(step.action)
            if found is None:
                wrong = alert()
                button("Resume", do(self._resume, wrong), "main" if is_first else "").mark("resume-next")
                return
            unmet = next((state for state in _UNMET if report.states[state]), "")
            target = address(self._name, found.tab, state=unmet if step.action == "requirements" else "")
            Link(found.label, target + (f"#{found.place}" if found.place else "")).classes(
                "button main" if is_first else "button"
            )

    @contextmanager
    def _step(self, title: str, text: str) -> Iterator[None]:
        with ui.element("article").classes("next-step"):
            with ui.element("div"):
                layout.heading(title, 3)
                Label(text).classes("soft")
            yield

    async def _resume(self) -> None:
        await self._web.active_runs.resume(self._name)


_LOG_LINES = 500
"""Lines that the log keeps."""

_SECTIONS: tuple[Section, ...] = ("execution", "checks", "cost", "losses")
"""What the report says about how the run went."""


def register_progress(web: Web) -> None:
    """Register `/run/NAME/progress`."""

    @ui.page("/run/{name}/progress", response_timeout=60)
    async def progress(name: str) -> None:
        with layout.page(f"{web.runs_folder.label(name)}, run"):
            web.runs_folder.run(name)
            RunHeader(web, name, "progress")
            page = ProgressPage(web, name)
            await page.draw_sections()


class ProgressPage:
    """The page in one browser; it follows the run until the browser leaves."""

    def __init__(self, web: Web, name: str) -> None:
        self._web, self._name = web, name
        self._watcher = web.watchers.of(name)
        self._figures = ui.html(sanitize=False)
        with ui.element("div").classes("live"):
            with ui.element("div"):
                self._stages = _Part("Stages", "all-stages")
            with ui.element("div"):
                self._calls = _Part("Requests", "calls")
                self._trials = _Part("Trials")
                self._hypotheses = _Part("Diagnosis")
                self._steps = _Part("Execution steps")
                self._graph = _Part("Files", "graph")
                self._warnings = _Part("Warnings", "warned")
        self._log = RunLog(self._watcher)
        self._sections = ui.html("", sanitize=False).classes("report view-progress")
        self.show(self._watcher.look())
        self._graph_timer = ui.timer(1.0, self._finish_graph)
        ui.context.client.on_delete(self._watcher.listen(self.show))

    def show(self, view: View) -> None:
        """Show the current state of the run; NiceGUI sends only what changed."""
        self._figures.set_content(live.figures(view))
        self._stages.show(live.stages(view))
        self._calls.show(live.active_calls(view.calls) if view.calls else "")
        self._show_graph(view)
        found = view.reproduction
        self._trials.show(live.trials(found) if view.is_active and (found.plan or found.running) else "")
        self._hypotheses.show(live.hypotheses(view) if view.is_active and view.hypotheses is not None else "")
        self._steps.show(
            live.steps(view.steps, view.forecast) if view.is_active and (view.steps or view.forecast) else ""
        )
        self._warnings.show(live.warnings(view.summary.warnings) if view.is_active and view.summary.warnings else "")
        self._log.follow()

    async def draw_sections(self) -> None:
        """Draw the sections of the report below, and again whenever the run has made something."""
        await self._fill_sections()
        refresh_on_progress(self._web, self._name, self._fill_sections)

    async def _fill_sections(self) -> None:
        is_active = self._watcher.look().is_active
        self._sections.set_visibility(not is_active)
        if not is_active:
            self._sections.set_content(await run.io_bound(self._render) or "")

    def _render(self) -> Markup:
        report, links = load(self._web.runs_folder.run(self._name)), RunLinks(self._name)
        report = report.model_copy(update={"warnings": tuple(map(for_page, report.warnings))})
        return Markup("").join(section(report, name, links) for name in _SECTIONS)

    def _show_graph(self, view: View) -> None:
        self._graph.show(live.file_graph(self._name, view.logic, view.files) if view.files else "")

    def _finish_graph(self) -> None:
        """Replace the list of files by their graph once it is laid out, even if the run has ended."""
        view = self._watcher.look()
        self._show_graph(view)
        if not view.is_active and (view.logic is None or live.graph_is_ready(view.logic)):
            self._graph_timer.deactivate()


class _Part:
    """A part of the page, hidden while it is empty."""

    def __init__(self, title: str, kind: str = "") -> None:
        with ui.element("section").classes(f"part {kind}".strip()) as self._section:
            layout.heading(title, 2)
            self._html = ui.html(sanitize=False).classes("shown")

    def show(self, text: str) -> None:
        """Show this HTML."""
        self._section.set_visibility(bool(text))
        self._html.set_content(text)


class RunLog:
    """The log of a run; it is hidden at first, and follows the run while it is shown."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._shown = 0
        opener = button("Log", self._toggle).classes("log-opener").mark("log-button")
        layout.key(opener, "l", "show or hide the log")
        self._log = ui.log(max_lines=_LOG_LINES).classes("run-log").mark("log").props("tabindex=0")
        self._log.set_visibility(False)

    def follow(self) -> None:
        """Add new events if the log is shown."""
        events = self._watcher.events
        if len(events) < self._shown:  # the run was started again from scratch
            self._shown = 0
            self._log.clear()
        if self._log.visible:
            for text in _lines(events[self._shown :])[-_LOG_LINES:]:
                self._log.push(text)
            self._shown = len(events)

    def _toggle(self) -> None:
        self._log.set_visibility(not self._log.visible)
        self.follow()


def _lines(events: Sequence[Event]) -> list[str]:
    return [f"{_time(event)}  {for_page(' '.join(text.split()))}" for event in events if (text := line(event))]


def _time(event: Event) -> str:
    """The local time of an event."""
    return datetime.fromtimestamp(event.at).astimezone().strftime("%H:%M:%S")
