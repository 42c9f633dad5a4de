"""Pause, stop and go on; only what can be done now is shown."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from papercoder.errors import PaperCoderError
from papercoder.runs.events import RunStarted
from papercoder.web.parts.controls import Kind, button, number
from papercoder.web.parts.tabs import address
from papercoder.web.runs.view import View
from papercoder.web.server.layout import key
from papercoder.web.server.state import Web


class RunControls:
    """The buttons of one run in one browser."""

    def __init__(self, web: Web, name: str, told: Callable[[str], None]) -> None:
        self._web = web
        self._name = name
        self._told = told
        with ui.element("div").classes("controls"):
            self._pause = self._button("Pause", self._hold, " ", "pause")
            self._resume = self._button("Go on", self._release, " ", "continue after a pause", "main")
            self._stop = self._button("Stop", self._end, "x", "stop", "danger")
            self._cap = number("Cost limit ($)", self._capped())
            self._go_on = self._button("Go on", self._continue, "g", "resume the run", "main")
            self._read = ui.link("Read the result", address(name, "read")).classes("button main")
            self._report = ui.link("Report", address(name, "report.html")).classes("button")
            self._zip = ui.link("Download", address(name, "repository.zip")).classes("button")

    def show(self, view: View) -> None:
        """Show what can be done now."""
        is_over = view.state in {"partial", "interrupted"}
        self._pause.set_visibility(view.is_here and view.state == "running")
        self._resume.set_visibility(view.is_here and view.state in {"pausing", "paused"})
        self._stop.set_visibility(view.is_here and view.state != "stopping")
        self._go_on.set_visibility(is_over)
        self._cap.set_visibility(is_over and self._capped() is not None)
        self._read.set_visibility(view.state == "complete")
        self._report.set_visibility(not view.is_going and self._has_report())
        self._zip.set_visibility(not view.is_going and bool(view.files))

    def _button(
        self, label: str, do: Callable[[], Awaitable[None]], letter: str, what: str, kind: Kind = ""
    ) -> ui.element:
        async def tried() -> None:
            self._told("")
            try:
                await do()
            except PaperCoderError as error:
                self._told(str(error))

        return key(button(label, tried, kind).mark(what.replace(" ", "-")), letter, what)

    async def _hold(self) -> None:
        if work := self._web.works.of(self._name):
            work.pause()

    async def _release(self) -> None:
        if work := self._web.works.of(self._name):
            work.resume()

    async def _end(self) -> None:
        if work := self._web.works.of(self._name):
            await work.stop()

    async def _continue(self) -> None:
        await self._web.works.go_on(self._name, {"max_cost": self._cap.value if self._cap.visible else None})

    def _has_report(self) -> bool:
        return (self._web.shelf.folder(self._name) / "report.html").is_file()

    def _capped(self) -> float | None:
        """What the run may cost, by how it was started last."""
        events = self._web.watches.of(self._name).events
        started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
        cap = started.settings.get("max_cost") if started else None
        return cap if isinstance(cap, float | int) else None
