"""The files that a LaTeX paper may read: LaTeX files of its own folder, none of them hidden."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from papercoder.artifacts import Loss
from papercoder.paper.files import Files, decode, inside
from papercoder.paper.latex.tokens import verbatim_environments
from papercoder.paper.names import names

_SUFFIXES = names(".tex .ltx .latex .bbl .bib .sty .cls .clo .def .fd .tikz .pgf .pdf_tex .eps_tex .pstex_t .tbl .tab")
_LARGEST_TOTAL = 64 * 2**20
"""Bytes of all files together; what comes after them is not read."""


@dataclass
class Sources:
    """Reads the text of files and records which were read."""

    files: Files
    main: str = ""
    """The main file, which the user named or the reader found; it is read with any suffix."""

    losses: list[Loss] = field(default_factory=list)
    read: dict[str, None] = field(default_factory=dict)
    """The files read, in order."""

    carried: dict[str, str] = field(default_factory=dict)
    """Files that the source holds within itself (`filecontents`)."""

    known: dict[str, bytes | None] = field(default_factory=dict)
    """The content of every file that was asked for."""

    size: int = 0
    """Bytes of all these files."""

    def data(self, name: str) -> bytes | None:
        """The content of a file, or None if there is none that may be read."""
        plain = inside(name)
        if not plain or not (plain == self.main or is_readable(plain)):
            return None
        if plain not in self.known:
            self.known[plain] = self.files.get(plain) if self.size <= _LARGEST_TOTAL else None
            self.size += len(self.known[plain] or b"")
        return self.known[plain]

    def find(self, name: str) -> str | None:
        """The normalized name of a file that exists and may be read, or None."""
        plain = inside(name)
        return plain if plain and (plain in self.carried or self.data(plain) is not None) else None

    def text(self, name: str) -> str | None:
        """The text of a file, or None if there is none that may be read."""
        found = self.find(name)
        data = self.data(found) if found else None
        if not found or data is None:
            return self.carried.get(found) if found else None
        self.read[found] = None
        return decode(data, found, self.losses)

    def verbatim_environments(self) -> dict[str, str]:
        """The verbatim environments that any of the files defines, each with its built-in equivalent."""
        found: dict[str, str] = {}
        for name in dict.fromkeys([self.main, *self.names()]):
            if name == self.main or name.endswith((".tex", ".sty", ".cls")):
                found |= verbatim_environments((self.data(name) or b"").decode("latin-1"))
        return found

    def names(self) -> list[str]:
        """The names of all files that may be read, sorted."""
        return [name for name in self.files.names() if is_readable(name)]


def is_readable(name: str) -> bool:
    """Whether a file of this name is LaTeX, and no part of its path is hidden."""
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in _SUFFIXES and not hidden
