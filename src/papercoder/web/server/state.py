"""What every page gets."""

from dataclasses import dataclass

from papercoder.settings import Settings
from papercoder.web.runs.active import Works
from papercoder.web.runs.folder import Shelf
from papercoder.web.runs.watcher import Watches


@dataclass(frozen=True)
class Web:
    """The runs on the shelf, those that are watched and those that work here."""

    shelf: Shelf
    watches: Watches
    works: Works
    settings: Settings
    """Of file and environment; what a run is given on the page goes over them."""


def open_web(shelf: Shelf, settings: Settings) -> Web:
    """The state of one server."""
    works = Works(shelf)
    return Web(shelf, Watches(shelf, works), works, settings)
