"""A run as it goes on, or as it ended; every browser that looks sees the same."""

from pathlib import Path

from nicegui import ui

from papercoder.web.parts import live, states, tabs
from papercoder.web.parts.controls import alert
from papercoder.web.parts.run_controls import RunControls
from papercoder.web.parts.run_log import RunLog
from papercoder.web.runs.view import View
from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web


def register(web: Web) -> None:
    """Put up `/run/{name}`."""

    @ui.page("/run/{name}")
    def run(name: str) -> None:
        with frame.page(name):
            Live(web, name, web.shelf.run(name))


class Live:
    """The page of one browser; it follows the run until the browser leaves."""

    def __init__(self, web: Web, name: str, folder: Path) -> None:
        self._name, self._folder = name, folder
        self._watch = web.watches.of(name)
        view = self._watch.look()
        self._tabs = tabs.bar(name, folder, "")
        with ui.element("h1"):
            self._title = ui.label().classes("bare")
        with ui.element("div").classes("state-line"):
            self._badge = ui.label().mark("state")
            self._sentence = ui.label().classes("sentence")
        self._controls = RunControls(web, name, self._tell)
        self._wrong = alert()
        self._figures = ui.html(sanitize=False)
        with ui.element("div").classes("live"):
            with ui.element("div"):
                self._stages = _Part("Stages")
                self._waiting = _Part("Active calls")
            with ui.element("div"):
                self._graph = _Part("Files", "graph")
                self._steps = _Part("Execution")
                self._warnings = _Part("Warnings")
        self._log = RunLog(self._watch)
        self.show(view)
        self._graph_timer = ui.timer(1.0, self._finish_graph)
        ui.context.client.on_delete(self._watch.listen(self.show))

    def show(self, view: View) -> None:
        """Show the run as it is now; what did not change is not sent."""
        self._tabs.set_content(tabs.bar_html(self._name, self._folder, ""))
        self._title.set_text(view.title or self._name)
        self._badge.set_text(states.LABELS[view.state])
        self._badge.classes(replace=f"badge {states.TONES[view.state]}")
        self._sentence.set_text(states.sentence(view))
        self._controls.show(view)
        self._figures.set_content(live.figures(view))
        self._stages.show(live.stages(view.stages) if view.stages else "")
        self._waiting.show(live.waiting(view.calls) if view.calls else "")
        self._show_graph(view)
        self._steps.show(live.steps(view.steps, view.forecast) if view.steps or view.forecast else "")
        self._warnings.show(live.warnings(view.summary.warnings) if view.summary.warnings else "")
        self._log.follow()

    def _show_graph(self, view: View) -> None:
        self._graph.show(live.file_graph(self._name, view.logic, view.files) if view.logic else "")

    def _finish_graph(self) -> None:
        """Replace the list of files by their graph once it is laid out, even if the run has ended."""
        view = self._watch.look()
        self._show_graph(view)
        if view.logic is None or live.graph_is_ready(view.logic):
            self._graph_timer.deactivate()

    def _tell(self, what: str) -> None:
        self._wrong.set_text(what)


class _Part:
    """A part of the page, hidden while there is nothing to show in it."""

    def __init__(self, title: str, kind: str = "") -> None:
        with ui.element("section").classes(f"part {kind}".strip()) as self._section:
            frame.heading(title, 2)
            self._html = ui.html(sanitize=False).classes("shown")

    def show(self, text: str) -> None:
        """Show this HTML."""
        self._section.set_visibility(bool(text))
        self._html.set_content(text)
