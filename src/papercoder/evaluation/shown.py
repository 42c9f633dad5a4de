"""What of a repository a judge is shown: its tree, its files in order of relevance, and what did not fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts import SourceFile
from papercoder.lines import numbered_code
from papercoder.repositories import own_files, read_files
from papercoder.tokens import count_tokens

JUDGED = frozenset({".py", ".yaml", ".yml", ".md", ".sh", ".bash", ".toml", ".cfg", ".txt", ".json"})
"""Endings of the files that a judge may read."""

Files = tuple[SourceFile, ...]


@dataclass(frozen=True)
class Shown:
    """What fits into so many tokens."""

    text: str
    unseen: tuple[str, ...]
    """Paths of the files that were left out."""


def judged_files(repository: Path) -> Files:
    """The files of a repository that a judge may read; none where it is empty or there is no such folder."""
    return read_files(repository, JUDGED)


def tree(repository: Iterable[str]) -> str:
    """How many files there are, and their paths; so that a judge does not praise what is not there (P2C-Ex)."""
    paths = sorted(repository)
    return "\n".join([f"{len(paths)} files{':' if paths else '.'}", *(f"- {path}" for path in paths)])


def paths_of(repository: Path) -> tuple[str, ...]:
    """The paths of all files of a repository, also of those that no judge reads."""
    return tuple(path.relative_to(repository).as_posix() for path in own_files(repository))


def show(files: Files, room: int, first: Iterable[str] = ()) -> Shown:
    """As many files as fit into `room` tokens, those named in `first` first, with the numbers of their lines."""
    rank = {path: place for place, path in enumerate(first)}
    texts: list[str] = []
    unseen: list[str] = []
    for file in sorted(files, key=lambda file: (rank.get(file.path, len(rank)), file.path)):
        text = numbered_code(file)
        size = count_tokens(text)
        if size > room:
            unseen.append(file.path)
            continue
        room -= size
        texts.append(text)
    return Shown("\n\n".join(texts), tuple(unseen))
