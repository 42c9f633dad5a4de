"""What a file says, read again only where it changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class Fresh(Generic[T]):
    """A file, and what is read from it."""

    def __init__(self, path: Path, read: Callable[[bytes], T | None]) -> None:
        self._path = path
        self._read = read
        self._stamp: tuple[int, int] | None = None
        self._value: T | None = None

    @property
    def value(self) -> T | None:
        """What it says now; None where it is not there, or says nothing that can be read."""
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
            if stamp != self._stamp:
                self._value, self._stamp = self._read(self._path.read_bytes()), stamp
        except OSError:
            self._value, self._stamp = None, None
        return self._value
