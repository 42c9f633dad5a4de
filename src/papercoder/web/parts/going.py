"""A view of a run that goes on is drawn anew when there is more to see."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from nicegui import background_tasks, ui

from papercoder.errors import PaperCoderError
from papercoder.web.parts.tabs import Tab, address, is_there
from papercoder.web.runs.view import View
from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web


def keep_up(web: Web, run: str, redraw: Callable[[], Awaitable[None]]) -> None:
    """Draw again whenever a stage has made something more, for as long as the browser looks."""
    watch, client = web.watches.of(run), ui.context.client
    seen = _mark(watch.look())

    async def drawn() -> None:
        with suppress(PaperCoderError):  # an artifact that no longer fits ends the run, and the run's page says so
            await redraw()

    def told(view: View) -> None:
        nonlocal seen
        if _mark(view) != seen:
            seen = _mark(view)
            background_tasks.create_lazy(drawn(), name=f"redraw-{client.id}")

    client.on_delete(watch.listen(told))


def wait_for(web: Web, run: str, tab: Tab) -> None:
    """Say in place of a view how it comes about, and load it once there is something to see."""
    frame.empty(tab.empty, "Watch the run", address(run, ""))
    reload_once(web, run, lambda: is_there(tab, web.shelf.run(run)))


def reload_once(web: Web, run: str, is_so: Callable[[], bool]) -> None:
    """Load the page again once it is so."""
    client = ui.context.client

    async def look() -> None:
        if is_so():
            client.run_javascript("location.reload()")

    keep_up(web, run, look)


def _mark(view: View) -> tuple[object, ...]:
    """What of a run decides whether there is more to see."""
    return (view.state, len(view.steps), *((stage.summary.name, stage.done) for stage in view.stages))
