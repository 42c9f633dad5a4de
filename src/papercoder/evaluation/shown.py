"""What of a repository a judge is shown: its tree, its files in order of relevance, and what did not fit."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts import SourceFile
from papercoder.lines import numbered_code
from papercoder.repositories import own_files, read_files
from papercoder.tokens import count_tokens

JUDGED = frozenset({".py", ".yaml", ".yml", ".md", ".sh", ".bash", ".toml", ".cfg", ".txt", ".json"})
"""Endings of the files that a judge may read."""

_CODE = (".py", ".sh", ".bash")
_SETTINGS = (".yaml", ".yml", ".toml", ".cfg")
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
    return read_files(repository, JUDGED)


def paths_of(repository: Path) -> tuple[str, ...]:
    """The paths of all files of a repository, also of those that no judge reads."""
    return tuple(path.relative_to(repository).as_posix() for path in own_files(repository))


def tree(repository: Iterable[str]) -> str:
    """How many files there are, and their paths; so that a judge does not praise what is not there (P2C-Ex)."""
    paths = sorted(repository)
    count = f"{len(paths)} file{'' if len(paths) == 1 else 's'}"
    return f"{count}:\n{path_lines(paths)}" if paths else f"{count}."


def path_lines(paths: Iterable[str]) -> str:
    """One line a path; where the list would grow too long, how many more there are."""
    lines, room = list[str](), _LISTED
    left = [f"- {path}" for path in paths]
    while left and (room := room - count_tokens(left[0])) >= 0:
        lines.append(left.pop(0))
    return "\n".join([*lines, *([f"- and {len(left)} more"] if left else [])])


def show(files: Files, room: int, first: Iterable[str] = ()) -> Shown:
    """As many files as fit into `room` tokens, with the numbers of their lines.

    Those named in `first` come first, then code, then settings, then the rest. Where the very first is larger than all
    the room, it is cut.
    """
    rank = {path: place for place, path in enumerate(first)}
    texts: list[str] = []
    unseen: list[str] = []
    for file in sorted(files, key=lambda file: (rank.get(file.path, len(rank)), _kind(file.path), file.path)):
        text = numbered_code(file)
        if count_tokens(text) > room:
            unseen.append(file.path)
            text = "" if texts else _head(file, room)
        if text:
            room -= count_tokens(text)
            texts.append(text)
    return Shown("\n\n".join(texts), tuple(unseen))


def _kind(path: str) -> int:
    return 0 if path.endswith(_CODE) else 1 if path.endswith(_SETTINGS) else 2


def _head(file: SourceFile, room: int) -> str:
    """The first lines of a file, as many as fit; empty where none does."""
    lines = file.text.splitlines(keepends=True)
    fitting = bisect_right(range(1, len(lines)), room, key=lambda count: count_tokens(_cut(file, lines[:count])))
    return _cut(file, lines[:fitting]) if fitting else ""


def _cut(file: SourceFile, lines: list[str]) -> str:
    return f"{numbered_code(file.model_copy(update={'text': ''.join(lines)}))}\n\n(The rest of this file is left out.)"
