"""Follow a run's events: read only new bytes, and keep an incomplete last line for the next read."""

import os
from pathlib import Path

from papercoder.errors import RunFolderError
from papercoder.files.regular import file_status, open_file
from papercoder.runs.event_log import LOG, parse_events
from papercoder.runs.events import Event

_HEAD = 512
"""Bytes that tell two logs apart: the first event has a time."""


class EventFollower:
    """Reads `events.jsonl` from where it stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._position = 0
        self._incomplete = b""
        self._head = b""

    def was_replaced(self) -> bool:
        """Is this another file than before? Then it is read from its start, even if it is as long as the former one."""
        if self._begins_with(self._head) and self._size() >= self._position:
            return False
        self._position, self._incomplete, self._head = 0, b"", b""
        return True

    def read_new(self) -> list[Event]:
        """The events since the last call, without lines that a killed process left incomplete.

        Raises:
            RunFolderError: another version of PaperCoder wrote them.
        """
        *lines, incomplete = (self._incomplete + self._new_bytes()).split(b"\n")
        try:
            events = list(parse_events(lines, str(self._folder)))
        except RunFolderError:
            self._position = 0  # the next call raises it again
            raise
        self._incomplete = incomplete
        return events

    def _size(self) -> int:
        status = file_status(self._folder, LOG)
        return status.st_size if status else 0

    def _begins_with(self, head: bytes) -> bool:
        try:
            with os.fdopen(open_file(self._folder, LOG, os.O_RDONLY), "rb") as file:
                return file.read(len(head)) == head
        except (OSError, RunFolderError):
            return not head

    def _new_bytes(self) -> bytes:
        try:
            with os.fdopen(open_file(self._folder, LOG, os.O_RDONLY), "rb") as file:
                self._head = file.read(_HEAD)
                file.seek(self._position)
                new = file.read()
        except (OSError, RunFolderError):
            return b""  # missing or unreadable for now: the next call tries again
        self._position += len(new)
        return new
