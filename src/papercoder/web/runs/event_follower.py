"""A run's events as they are written: only the new bytes are read, and a half-written line waits for its end."""

from pathlib import Path

from papercoder.errors import RunFolderError
from papercoder.runs.event_log import parse_events
from papercoder.runs.events import Event

_HEAD = 512
"""Bytes in which two logs differ: the first event says when."""


class Tail:
    """Reads `events.jsonl` from where it stopped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._half = b""
        self._head = b""

    def is_another(self) -> bool:
        """Was the file begun anew? Then all of it is new, also where it is as long by now as the former one was."""
        if self._begins_with(self._head) and self._size() >= self._read:
            return False
        self._read, self._half, self._head = 0, b"", b""
        return True

    def new(self) -> list[Event]:
        """The events since the last call, without lines that a killed process left unfinished.

        Raises:
            RunFolderError: another version of PaperCoder wrote them.
        """
        *lines, half = (self._half + self._more()).split(b"\n")
        try:
            events = list(parse_events(lines, str(self._path.parent)))
        except RunFolderError:
            self._read = 0  # the next call raises it again
            raise
        self._half = half
        return events

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def _begins_with(self, head: bytes) -> bool:
        try:
            with self._path.open("rb") as file:
                return file.read(len(head)) == head
        except OSError:
            return not head

    def _more(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                self._head = file.read(_HEAD)
                file.seek(self._read)
                more = file.read()
        except OSError:
            return b""  # not there yet, or not to be read now: the next look tries again
        self._read += len(more)
        return more
