"""What of a repository a judge is shown: its tree, its files in order of relevance, and what did not fit."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from papercoder.agents.listings import numbered_code
from papercoder.artifacts import SourceFile
from papercoder.evaluation.notebooks import notebook
from papercoder.models.tokens import count_tokens
from papercoder.repository.files import own_files, read_files

_CODE = frozenset({".py", ".pyx", ".ipynb", ".sh", ".bash"})
_FOREIGN_CODE = frozenset({".c", ".cc", ".cpp", ".cu", ".cuh", ".h", ".hpp", ".jl", ".lua", ".m", ".r", ".R", ".rs"})
_SETTINGS = frozenset({".yaml", ".yml", ".toml", ".cfg", ".ini", ".gin"})
_DOCUMENTS = frozenset({".md", ".rst", ".txt", ".json"})
JUDGED = _CODE | _FOREIGN_CODE | _SETTINGS | _DOCUMENTS
"""Endings of the files that a judge may read."""

_CLAIMS = frozenset({"TRACEABILITY.json", "TRACEABILITY.md"})
"""What PaperCoder says of its own repositories: long, and for a judge no proof of anything."""

_LISTED = 4000
"""Tokens that a list of paths may take; more paths than that are counted."""

Files = tuple[SourceFile, ...]


@dataclass(frozen=True)
class Shown:
    """What fits into so many tokens."""

    text: str
    unseen: tuple[str, ...]
    """Paths of the files that were left out, or cut."""


def judged_files(repository: Path) -> Files:
    """The files of a repository that a judge may read; none where it is empty or there is no such folder."""
    texts = [
        file.model_copy(update={"path": _printable(file.path)}) for file in read_files(repository, JUDGED - {".ipynb"})
    ]
    notebooks = [notebook(path, _name(path, repository)) for path in own_files(repository)]
    files = (file for file in (*texts, *filter(None, notebooks)) if file.path not in _CLAIMS)
    return tuple(sorted(files, key=lambda file: PurePosixPath(file.path)))


def paths_of(repository: Path) -> tuple[str, ...]:
    """The paths of all files of a repository, also of those that no judge reads."""
    return tuple(_name(path, repository) for path in own_files(repository))


def _name(path: Path, repository: Path) -> str:
    return _printable(path.relative_to(repository).as_posix())


def _printable(name: str) -> str:
    """A file's name on one line and in UTF-8, whatever signs it is made of."""
    return name if name.isprintable() else name.encode("unicode_escape").decode("ascii")


def tree(repository: Iterable[str]) -> str:
    """How many files there are, and their paths; so that a judge does not praise what is not there (P2C-Ex)."""
    paths = sorted(repository)
    count = f"{len(paths)} file{'' if len(paths) == 1 else 's'}"
    return f"{count}:\n{path_lines(paths)}" if paths else f"{count}."


def path_lines(paths: Iterable[str]) -> str:
    """One line a path; where the list would grow too long, how many more there are."""
    lines = [f"- {path}" for path in paths]
    room, listed = _LISTED, 0
    while listed < len(lines) and (room := room - count_tokens(lines[listed]) - 1) >= 0:
        listed += 1
    more = len(lines) - listed
    return "\n".join([*lines[:listed], *([f"- and {more} more"] if more else [])])


def size(file: SourceFile) -> int:
    """Tokens that a file takes where it is shown."""
    return count_tokens(numbered_code(file)) + 1


def sizes_of(files: Files) -> dict[str, int]:
    """Path -> tokens that the file takes where it is shown."""
    return {file.path: size(file) for file in files}


def show(files: Files, sizes: Mapping[str, int], room: int, first: Iterable[str] = ()) -> Shown:
    """As many files as fit into `room` tokens, with the numbers of their lines.

    Those named in `first` come first, then code, then settings, then documents. Where the very first is larger than all
    the room, its beginning is shown. Their `sizes` are counted once, since that takes longest.
    """
    rank = {path: place for place, path in enumerate(first)}
    texts: list[str] = []
    unseen: list[str] = []
    for file in sorted(files, key=lambda file: (rank.get(file.path, len(rank)), _kind(file), file.path)):
        taken = sizes[file.path]
        if taken <= room:
            texts.append(numbered_code(file))
            room -= taken
            continue
        unseen.append(file.path)
        if not texts and (cut := _beginning(file, room))[0]:
            texts.append(cut[0])
            room -= cut[1]
    return Shown("\n\n".join(texts), tuple(unseen))


def _kind(file: SourceFile) -> int:
    suffix = PurePosixPath(file.path).suffix
    return next((kind for kind, endings in enumerate((_CODE, _FOREIGN_CODE, _SETTINGS)) if suffix in endings), 3)


def _beginning(file: SourceFile, room: int) -> tuple[str, int]:
    """As many of a file's first lines as fit, and their tokens; nothing where none does."""
    lines = file.text.splitlines(keepends=True)

    def taken(count: int) -> int:
        return count_tokens(_cut(file, lines[:count])) + 1

    fitting = bisect_right(range(1, len(lines)), room, key=taken)
    return (_cut(file, lines[:fitting]), taken(fitting)) if fitting else ("", 0)


def _cut(file: SourceFile, lines: list[str]) -> str:
    return f"{numbered_code(file.model_copy(update={'text': ''.join(lines)}))}\n\nThe rest of this file is left out."
