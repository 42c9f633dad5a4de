"""The page of a run: its progress, its controls and its log; all browsers see the same."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

from nicegui import ui

from papercoder.console.progress import line
from papercoder.errors import PaperCoderError
from papercoder.files.regular import is_file
from papercoder.runs.events import Event, RunStarted
from papercoder.runs.overview import with_foreign_results
from papercoder.web.parts import live, tabs
from papercoder.web.runs.view import View
from papercoder.web.runs.watcher import Watcher
from papercoder.web.server import layout
from papercoder.web.server.layout import Kind, Label, Link, alert, button, field, number
from papercoder.web.server.state import Web

_LOG_LINES = 300
"""Lines that the log keeps."""


def register(web: Web) -> None:
    """Register `/run/NAME`."""

    @ui.page("/run/{name}")
    def run(name: str) -> None:
        with layout.page(name):
            Live(web, name, web.runs_folder.run(name))


class Live:
    """The page in one browser; it follows the run until the browser leaves."""

    def __init__(self, web: Web, name: str, folder: Path) -> None:
        self._name, self._folder = name, folder
        self._watcher = web.watchers.of(name)
        view = self._watcher.look()
        self._tabs = tabs.bar(name, folder, "")
        with ui.element("h1"):
            self._title = Label().classes("bare")
        with ui.element("div").classes("state-line"):
            self._badge = Label().mark("state")
            self._sentence = Label().classes("sentence")
        self._controls = RunControls(web, name, self._show_error)
        self._error = alert()
        self._figures = ui.html(sanitize=False)
        with ui.element("div").classes("live"):
            with ui.element("div"):
                self._stages = _Part("Stages")
                self._active_calls = _Part("Active calls")
            with ui.element("div"):
                self._graph = _Part("Files", "graph")
                self._steps = _Part("Execution")
                self._trials = _Part("Trials")
                self._claims = _Part("Claims")
                self._warnings = _Part("Warnings")
        self._log = RunLog(self._watcher)
        self.show(view)
        self._graph_timer = ui.timer(1.0, self._finish_graph)
        ui.context.client.on_delete(self._watcher.listen(self.show))

    def show(self, view: View) -> None:
        """Show the current state of the run; NiceGUI sends only what changed."""
        self._tabs.set_content(tabs.bar_html(self._name, self._folder, ""))
        self._title.set_text(view.title or self._name)
        self._badge.set_text(live.STATE_LABELS[view.state])
        self._badge.classes(replace=f"badge {live.STATE_TONES[view.state]}")
        self._sentence.set_text(live.state_sentence(view))
        self._controls.show(view)
        self._figures.set_content(live.figures(view))
        self._stages.show(live.stages(view.stages) if view.stages else "")
        self._active_calls.show(live.active_calls(view.calls) if view.calls else "")
        self._show_graph(view)
        self._steps.show(live.steps(view.steps, view.forecast) if view.steps or view.forecast else "")
        reproduction = view.reproduction
        self._trials.show(live.trials(reproduction) if reproduction.plan or reproduction.running else "")
        self._claims.show(live.claims(reproduction) if reproduction.verdicts else "")
        warnings = view.summary.warnings
        if not view.is_active:
            warnings = with_foreign_results(warnings, self._folder)
        self._warnings.show(live.warnings(warnings) if warnings else "")
        self._log.follow()

    def _show_graph(self, view: View) -> None:
        self._graph.show(live.file_graph(self._name, view.logic, view.files) if view.logic else "")

    def _finish_graph(self) -> None:
        """Replace the list of files by their graph once it is laid out, even if the run has ended."""
        view = self._watcher.look()
        self._show_graph(view)
        if view.logic is None or live.graph_is_ready(view.logic):
            self._graph_timer.deactivate()

    def _show_error(self, message: str) -> None:
        self._error.set_text(message)


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


class RunControls:
    """The buttons of a run in one browser; only those that apply are shown."""

    def __init__(self, web: Web, name: str, show_error: Callable[[str], None]) -> None:
        self._web = web
        self._name = name
        self._show_error = show_error
        with ui.element("div").classes("controls"):
            self._pause = self._button("Pause", self._do_pause, " ", "pause")
            self._continue = self._button("Continue", self._do_continue, " ", "continue after a pause", "main")
            self._stop = self._button("Stop", self._do_stop, "x", "stop", "danger")
            self._cap = number("Cost limit ($)", self._max_cost())
            self._resume = self._button("Resume", self._do_resume, "g", "resume the run", "main")
            self._budget = field("Budget", "1h")
            self._reproduce = self._button("Reproduce", self._do_reproduce, "b", "run the trials within the budget")
            self._read = Link("Read the result", tabs.address(name, "read")).classes("button main")
            self._report = Link("Report", tabs.address(name, "report.html")).classes("button")
            self._zip = Link("Download", tabs.address(name, "repository.zip")).classes("button")

    def show(self, view: View) -> None:
        """Show the buttons that apply now."""
        is_over = view.state in {"partial", "interrupted"}
        self._pause.set_visibility(view.is_here and view.state == "running")
        self._continue.set_visibility(view.is_here and view.state in {"pausing", "paused"})
        self._stop.set_visibility(view.is_here and view.state != "stopping")
        self._resume.set_visibility(is_over)
        self._cap.set_visibility(is_over and self._max_cost() is not None)
        can_reproduce = not view.is_active and is_file(self._folder(), "repo/trials.py")
        self._budget.set_visibility(can_reproduce)
        self._reproduce.set_visibility(can_reproduce)
        self._read.set_visibility(view.state == "complete")
        self._report.set_visibility(not view.is_active and self._has_report())
        self._zip.set_visibility(not view.is_active and bool(view.files))

    def _button(
        self, label: str, do: Callable[[], Awaitable[None]], letter: str, action: str, kind: Kind = ""
    ) -> ui.element:
        async def click() -> None:
            self._show_error("")
            try:
                await do()
            except PaperCoderError as error:
                self._show_error(str(error))

        return layout.key(button(label, click, kind).mark(action.replace(" ", "-")), letter, action)

    async def _do_pause(self) -> None:
        if run := self._web.active_runs.of(self._name):
            run.pause()

    async def _do_continue(self) -> None:
        if run := self._web.active_runs.of(self._name):
            run.resume()

    async def _do_stop(self) -> None:
        if run := self._web.active_runs.of(self._name):
            await run.stop()

    async def _do_resume(self) -> None:
        await self._web.active_runs.resume(self._name, {"max_cost": self._cap.value if self._cap.visible else None})

    async def _do_reproduce(self) -> None:
        await self._web.active_runs.reproduce(self._name, self._budget.value or "")

    def _has_report(self) -> bool:
        return is_file(self._folder(), "report.html")

    def _folder(self) -> Path:
        return self._web.runs_folder.folder(self._name)

    def _max_cost(self) -> float | None:
        """The cost limit of the latest start."""
        events = self._web.watchers.of(self._name).events
        started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
        max_cost = started.settings.get("max_cost") if started else None
        return max_cost if isinstance(max_cost, float | int) else None


class RunLog:
    """The log of a run; it is hidden at first, and follows the run while it is shown."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._shown = 0
        opener = button("Log", self._toggle).classes("log-opener").mark("log-button")
        layout.key(opener, "l", "show or hide the log")
        self._log = ui.log(max_lines=_LOG_LINES).classes("run-log").mark("log")
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
    return [f"{_time(event)}  {' '.join(text.split())}" for event in events if (text := line(event))]


def _time(event: Event) -> str:
    """The local time of an event."""
    return datetime.fromtimestamp(event.at).astimezone().strftime("%H:%M:%S")
