"""Runs as they go on, for all browsers that look."""

from papercoder.web.shelf import Shelf


class Watches:
    """One watch for each run that is looked at."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
