"""The head of a run's page: its name, its state, what can be done with it now, and the tabs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from nicegui import ui

from papercoder.files.regular import is_file
from papercoder.report import write_report
from papercoder.runs.events import RunStarted
from papercoder.web.editing.pending import PendingChange
from papercoder.web.parts import live, tabs
from papercoder.web.runs.view import View
from papercoder.web.server import layout
from papercoder.web.server.layout import Alert, Kind, Label, Link, alert, button, do, number
from papercoder.web.server.state import Web


class RunHeader:
    """The head in one browser; it follows the run until the browser leaves."""

    def __init__(self, web: Web, name: str, here: str) -> None:
        self.name = name
        self._watcher = web.watchers.of(name)
        wrong = alert()
        with ui.element("div").classes("run-head") as head:
            with ui.element("div").classes("run-name"):
                Link(web.runs_folder.label(name), tabs.address(name, "")).classes("label")
                self._badge = Label().mark("state")
                self._sentence = Label().classes("sentence")
            self._controls = RunControls(web, name, wrong)
            wrong.move(head)
        ui.run_javascript("showTab()")
        ui.html(tabs.bar_html(name, here), sanitize=False).classes("tab-bar")
        self.pending = PendingChange(web, name)
        self.show(self._watcher.look())
        ui.context.client.on_delete(self._watcher.listen(self.show))

    def show(self, view: View) -> None:
        """Show the current state of the run; NiceGUI sends only what changed."""
        self._badge.set_text(live.STATE_LABELS[view.state])
        self._badge.classes(replace=f"badge {live.STATE_TONES[view.state]}")
        self._sentence.set_text(live.state_sentence(view))
        self._controls.show(view)


class RunControls:
    """The buttons of a run in one browser; only those that apply are shown."""

    def __init__(self, web: Web, name: str, wrong: Alert) -> None:
        self._web = web
        self._name = name
        self.wrong = wrong
        with ui.element("div").classes("controls"):
            self._pause = self._button("Pause", self._do_pause, " ", "pause")
            self._continue = self._button("Continue", self._do_continue, " ", "continue after a pause", "main")
            self._stop = self._button("Stop", self._do_stop, "x", "stop", "danger")
            self._cap = number("Cost limit ($)", self._max_cost())
            self._resume = self._button("Resume", self._do_resume, "g", "resume the run", "main")
            self._menu()

    def show(self, view: View) -> None:
        """Show the buttons that apply now."""
        is_over = view.state in {"partial", "interrupted"}
        self._pause.set_visibility(view.is_here and view.state == "running" and view.work in {"pipeline", "note"})
        self._continue.set_visibility(view.is_here and view.state in {"pausing", "paused"})
        self._stop.set_visibility(view.is_here and view.state != "stopping")
        self._resume.set_visibility(is_over)
        self._cap.set_visibility(is_over and self._max_cost() is not None)
        self._report.set_visibility(not view.is_active and is_file(self._folder(), "report.html"))
        self._zip.set_visibility(view.has_code and not view.is_active)
        self._delete.set_visibility(not view.is_active)

    def _menu(self) -> None:
        """What is seldom needed."""
        with ui.element("details").classes("menu"):
            with ui.element("summary") as summary:
                Label("⋯").classes("bare")
            summary.props.update({"aria-label": "More", "title": "More"})
            with ui.element("div").classes("items"):
                self._report = Link("Open the report", tabs.address(self._name, "report.html"), new_tab=True)
                self._zip = Link("Download the code", tabs.address(self._name, "repository.zip"))
                self._again = button("Update the report", do(self._do_report, self.wrong)).mark("write-report")
                button("Rename", self._ask_name).mark("rename")
                self._delete = button("Delete", self._ask_to_delete, "danger").mark("delete")

    def _button(
        self, label: str, action: Callable[[], Awaitable[None]], letter: str, does: str, kind: Kind = ""
    ) -> ui.element:
        element = button(label, do(action, self.wrong), kind).mark(does.replace(" ", "-"))
        return layout.key(element, letter, does)

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

    async def _do_report(self) -> None:
        await asyncio.to_thread(write_report, self._web.runs_folder.run(self._name))
        ui.navigate.to(tabs.address(self._name, "report.html"))

    def _ask_name(self) -> None:
        with ui.dialog(value=True) as dialog, ui.element("div").classes("card ask"):
            layout.heading("Rename the run", 2)
            typed = layout.field("Name", self._web.runs_folder.label(self._name)).props("autofocus")
            wrong = alert()

            async def rename() -> None:
                await asyncio.to_thread(self._web.runs_folder.rename, self._name, typed.value or "")
                ui.navigate.reload()

            typed.on("keydown.enter", do(rename, wrong))
            with ui.element("div").classes("line"):
                button("Rename", do(rename, wrong), "main").mark("rename-now")
                button("Cancel", dialog.close)

    def _ask_to_delete(self) -> None:
        with ui.dialog(value=True) as dialog, ui.element("div").classes("card ask"):
            layout.heading("Delete the run?", 2)
            Label(
                f"{self._web.runs_folder.label(self._name)} moves to the bin, from which it can be restored: see "
                "“Deleted runs” below the list."
            )
            wrong = alert()

            async def delete() -> None:
                await asyncio.to_thread(self._web.runs_folder.delete, self._name)
                ui.navigate.to("/")

            with ui.element("div").classes("line"):
                button("Move to the bin", do(delete, wrong), "danger").mark("delete-now")
                button("Cancel", dialog.close)

    def _folder(self) -> Path:
        return self._web.runs_folder.folder(self._name)

    def _max_cost(self) -> float | None:
        """The cost limit of the latest start."""
        events = self._web.watchers.of(self._name).events
        started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
        max_cost = started.settings.get("max_cost") if started else None
        return max_cost if isinstance(max_cost, float | int) else None
