"""The edits of a run that are saved and not applied yet, with what to do with them."""

import asyncio
from collections.abc import Callable

from nicegui import ui

from papercoder.errors import PaperCoderError
from papercoder.operations.edit import discard, pending_edits
from papercoder.web.parts import tabs
from papercoder.web.server.layout import Label, Link, alert, button
from papercoder.web.server.state import Web

_NAMED = 3
"""Artifacts that are named; the others are counted."""


class PendingChange:
    """A note about pending edits in one browser; nothing while there are none."""

    def __init__(self, web: Web, name: str, on_discard: Callable[[], None] | None = None) -> None:
        """Draw the note.

        Args:
            web: the server's state.
            name: the run's name.
            on_discard: called after the edits were discarded.
        """
        self._web, self._name = web, name
        self._on_discard = on_discard
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
                button("Resume", self._resume, "main").mark("resume-pending")
                Link("Edit", tabs.address(self._name, "edit", artifact=names[0])).classes("button")
                button("Discard", self._discard, "danger").mark("discard-pending")
            self._error = alert()

    async def _resume(self) -> None:
        try:
            await self._web.active_runs.resume(self._name)
        except PaperCoderError as error:
            self._error.set_text(str(error))
            return
        ui.navigate.to(tabs.address(self._name, ""))

    async def _discard(self) -> None:
        try:
            await asyncio.to_thread(discard, self._web.runs_folder.run(self._name))
        except PaperCoderError as error:
            self._error.set_text(str(error))
            return
        self.refresh()
        if self._on_discard:
            self._on_discard()


def pending_names(web: Web, name: str) -> tuple[str, ...]:
    """The artifacts with a pending edit; none if the list cannot be read."""
    try:
        return tuple(pending_edits(web.runs_folder.run(name)).before)
    except PaperCoderError:
        return ()


def _more(names: tuple[str, ...]) -> str:
    return f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
