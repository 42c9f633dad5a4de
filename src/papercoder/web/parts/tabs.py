"""The six tabs of a run, their addresses and refresh, and the edits that are saved and not applied yet."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup
from nicegui import background_tasks, ui

from papercoder.errors import PaperCoderError
from papercoder.files.regular import is_file
from papercoder.operations.edit import discard, pending_edits
from papercoder.report.rendering import Links, environment
from papercoder.web.runs.view import View
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, Link, alert, button, do
from papercoder.web.server.state import Web


@dataclass(frozen=True)
class Tab:
    """A part of a run's page."""

    name: str
    """Last part of its address, `/run/RUN/NAME`; empty for the run itself."""

    label: str
    needs: tuple[str, ...] = ()
    """There is something to show once one of these files of the run folder exists; always if there are none."""

    empty: str = ""
    """What to show before that."""


TABS = (
    Tab("", "Overview"),
    Tab("read", "Paper & code", ("paper.json",), "The paper has not been read yet."),
    Tab(
        "results",
        "Results",
        ("planning/claims.json", "planning/data.json"),
        "No claims yet. A run collects the numbers that the paper reports while it plans; its trials measure them.",
    ),
    Tab(
        "assumptions",
        "Assumptions & questions",
        ("planning/plan.json", "planning/config.json"),
        "No plan yet. What the paper leaves open appears here once there is one.",
    ),
    Tab("progress", "Run"),
    Tab("files", "Files", ("paper.json",), "No files yet."),
)

BY_NAME = {tab.name: tab for tab in TABS}


def is_available(tab: Tab, folder: Path) -> bool:
    """Is there something to show?"""
    return not tab.needs or any(is_file(folder, name) for name in tab.needs)


def address(run: str, view: str, **query: object) -> str:
    """The address of a view of a run."""
    pairs = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in query.items() if value != "")
    path = f"/run/{quote(run, safe='')}" + (f"/{view}" if view else "")
    return f"{path}?{pairs}" if pairs else path


class RunLinks(Links):
    """Links from the sections of a report to the tabs of a run."""

    def __init__(self, run: str) -> None:
        self.run = run

    def need(self, requirement: str) -> str:
        """A requirement in paper and code."""
        return address(self.run, "read", r=requirement)

    def line(self, path: str, line: int) -> str:
        """A line of code beside the paper."""
        return address(self.run, "read", file=path, line=line)

    def view(self, section: str) -> str:
        """The tab that has a section."""
        tab = _TAB_OF_SECTION.get(section, "")
        return address(self.run, tab) + (f"#{section}" if tab not in {"read", ""} else "")

    def paper(self, anchor: str) -> str:
        """A place in the paper."""
        return address(self.run, "read", at=anchor)

    def correction(self, anchor: str) -> str:
        """The page that corrects a place in the paper."""
        return address(self.run, "correct", at=anchor)


_TAB_OF_SECTION = {
    "requirements": "read",
    **dict.fromkeys(("claims", "trials", "diagnosis", "data", "evaluation"), "results"),
    **dict.fromkeys(("assumptions", "configuration"), "assumptions"),
    **dict.fromkeys(("execution", "checks", "cost", "losses"), "progress"),
    "architecture": "files",
}


def bar_html(run: str, here: str) -> Markup:
    """Links to the tabs; each has its number as key."""
    template = environment("papercoder.web").get_template("tabs.html")
    rows = [(tab, address(run, tab.name), tab.name == here) for tab in TABS]
    return Markup(template.render(rows=rows))  # noqa: S704  the template escapes


def refresh_on_progress(web: Web, run: str, redraw: Callable[[], Awaitable[None]]) -> None:
    """Redraw a view whenever a stage has made something, until the browser leaves."""
    watcher, client = web.watchers.of(run), ui.context.client
    drawn = _progress_mark(watcher.look())

    async def draw() -> None:
        with suppress(PaperCoderError):  # an invalid artifact ends the run, and the run's page reports it
            await redraw()

    def listen(view: View) -> None:
        nonlocal drawn
        if _progress_mark(view) != drawn:
            drawn = _progress_mark(view)
            background_tasks.create_lazy(draw(), name=f"redraw-{client.id}")

    client.on_delete(watcher.listen(listen))


def show_empty(web: Web, run: str, tab: Tab) -> None:
    """Explain what to do in place of a tab that has nothing to show yet, and load it once it has."""
    layout.empty(tab.empty, "Watch the run", address(run, "progress"))
    reload_when(web, run, lambda: is_available(tab, web.runs_folder.run(run)))


def reload_when(web: Web, run: str, condition: Callable[[], bool]) -> None:
    """Reload the page once a condition holds."""
    client = ui.context.client

    async def check() -> None:
        if condition():
            client.run_javascript("location.reload()")

    refresh_on_progress(web, run, check)


def _progress_mark(view: View) -> tuple[object, ...]:
    """Changes whenever a view may have something new."""
    verdicts = len(view.reproduction.verdicts)
    return (
        view.state,
        len(view.steps),
        verdicts,
        len(view.tried),
        *((stage.name, stage.done) for stage in view.stages),
    )


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
                Link("Edit", address(self._name, "edit", artifact=names[0])).classes("button")
                button("Discard", do(self._discard, wrong), "danger").mark("discard-pending")
            wrong.move(self._box)

    async def _resume(self) -> None:
        await self._web.active_runs.resume(self._name)
        ui.navigate.to(address(self._name, ""))

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
