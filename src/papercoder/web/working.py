"""Runs that were begun on the page, as tasks of this process."""

from papercoder.settings import Settings
from papercoder.web.shelf import Shelf


class Works:
    """One work for each run that was begun here."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    async def start(self, name: str, source: str, settings: Settings) -> None:
        """Begin or go on with a run."""

    async def close(self) -> None:
        """End all works, what was made is kept."""
