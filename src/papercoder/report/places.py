"""Lines of the repository, shown in place. Paths come from models and are kept inside the repository."""

from collections.abc import Iterable
from pathlib import Path

from papercoder.report.model import CodeLine, Place

_BEFORE, _AFTER = 1, 6
_WIDEST = 200
_LARGEST = 1_000_000
"""Bytes; a larger file is no source code."""


class Sources:
    """The repository's files as lines, each read once."""

    def __init__(self, repository: Path) -> None:
        self._root = repository
        self._lines: dict[str, tuple[str, ...]] = {}

    def places(self, found: Iterable[tuple[str, int]]) -> tuple[Place, ...]:
        """Lines with what stands around them."""
        return tuple(self.place(path, line) for path, line in found)

    def place(self, path: str, line: int) -> Place:
        """A line with what stands around it."""
        lines = self._of(path)
        if not 1 <= line <= len(lines):
            return Place(path=path, line=line)
        around = range(max(1, line - _BEFORE), min(len(lines), line + _AFTER) + 1)
        shown = tuple(CodeLine(number=number, text=lines[number - 1][:_WIDEST]) for number in around)
        return Place(path=path, line=line, lines=shown)

    def _of(self, path: str) -> tuple[str, ...]:
        if path not in self._lines:
            self._lines[path] = _read(self._root, path)
        return self._lines[path]


def _read(root: Path, path: str) -> tuple[str, ...]:
    try:
        whole = (root / path).resolve()
        inside = whole.is_relative_to(root.resolve()) and whole.is_file() and whole.stat().st_size <= _LARGEST
        return tuple(whole.read_text(encoding="utf-8", errors="replace").splitlines()) if inside else ()
    except (OSError, ValueError, RuntimeError):  # no such file, a zero byte in the path, a ring of links
        return ()
