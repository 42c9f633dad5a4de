"""A view of a run that goes on is drawn anew when there is more to see."""

from collections.abc import Awaitable, Callable

from nicegui import background_tasks, ui

from papercoder.web.state import Web
from papercoder.web.view import View


def keep_up(web: Web, run: str, redraw: Callable[[], Awaitable[None]]) -> None:
    """Draw again whenever a stage has made something more, for as long as the browser looks."""
    watch, client = web.watches.of(run), ui.context.client
    seen = _mark(watch.look())

    def told(view: View) -> None:
        nonlocal seen
        if _mark(view) != seen:
            seen = _mark(view)
            background_tasks.create_lazy(redraw(), name=f"redraw-{client.id}")

    client.on_delete(watch.listen(told))


def _mark(view: View) -> tuple[object, ...]:
    """What of a run decides whether there is more to see."""
    return (view.state, len(view.rungs), *((stage.summary.name, stage.done) for stage in view.stages))
