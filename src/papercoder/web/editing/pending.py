"""The edits of a run that are saved and not applied yet, with what to do with them."""

import asyncio

from nicegui import ui

from papercoder.errors import PaperCoderError
from papercoder.operations.edit import discard, pending_edits
from papercoder.web.parts import tabs
from papercoder.web.server.layout import Label, Link, alert, button, do
from papercoder.web.server.state import Web

_NAMED = 3
"""Artifacts that are named; the others are counted."""


class PendingChange:
    """A note about pending edits in one browser; nothing while there are none."""

    def __init__(self, web: Web, name: str) -> None:
        self._web, self._name = web, name
        self._box = ui.element("div").classes("pending").mark("pending-change")
        self.refresh()

    def refresh(self) -> None:
        """Draw it again."""
        self._box.clear()
        names = pending_names(self._web, self._name)
        is_active = self._web.watchers.of(self._name).look().is_active
        self._box.set_visibility(bool(names) and not is_active)
        if not names or is_active:
            return
        with self._box:
            Label(f"Saved, not applied yet: {', '.join(names[:_NAMED])}{_more(names)}.")
            with ui.element("div").classes("pending-tools"):
                wrong = alert()
                button("Resume", do(self._resume, wrong), "main").mark("resume-pending")
                Link("Edit", tabs.address(self._name, "edit", artifact=names[0])).classes("button")
                button("Discard", do(self._discard, wrong), "danger").mark("discard-pending")
            wrong.move(self._box)

    async def _resume(self) -> None:
        await self._web.active_runs.resume(self._name)
        ui.navigate.to(tabs.address(self._name, ""))

    async def _discard(self) -> None:
        await asyncio.to_thread(discard, self._web.runs_folder.run(self._name))
        ui.navigate.reload()


def pending_names(web: Web, name: str) -> tuple[str, ...]:
    """The artifacts with a pending edit; none if the list cannot be read."""
    try:
        return tuple(pending_edits(web.runs_folder.run(name)).before)
    except PaperCoderError:
        return ()


def _more(names: tuple[str, ...]) -> str:
    return f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
