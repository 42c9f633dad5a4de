"""The inventory of an environment: every file that was installed, recorded once and compared before each use.

It lies beside the environment's folder, so that no command sees it. What was installed came from wheels whose hashes
are in the lock, and no code of a package has run before the inventory is taken.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from papercoder.artifacts import Artifact

_FILE = "inventory.json"


class _Entry(Artifact):
    """A file or link."""

    content: str
    """The hash of the file, or the target of the link."""

    state: tuple[int, int, int]
    """Size, time of the last change of the content, and of the file; while they are the same, so is the content."""


class _Inventory(Artifact):
    """All files and links of an environment."""

    entries: dict[str, _Entry]


def take_inventory(environment: Path) -> None:
    """Record the files of a new environment."""
    entries = {
        path: _Entry(content=_content(environment / path), state=_state(environment / path))
        for path in _paths(environment)
    }
    text = _Inventory(entries=entries).model_dump_json()
    environment.with_name(_FILE).write_text(text, encoding="utf-8")


def is_unchanged(environment: Path) -> bool:
    """Whether an environment has its inventory and exactly the files in it."""
    try:
        recorded = _Inventory.model_validate_json(environment.with_name(_FILE).read_bytes()).entries
        return set(_paths(environment)) == recorded.keys() and all(
            _state(environment / path) == entry.state or _content(environment / path) == entry.content
            for path, entry in recorded.items()
        )
    except (OSError, ValidationError):
        return False


def _paths(environment: Path) -> Iterator[str]:
    for root, folders, names in os.walk(environment):
        links = (name for name in folders if Path(root, name).is_symlink())
        yield from (Path(root, name).relative_to(environment).as_posix() for name in (*links, *names))


def _state(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _content(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link to {path.readlink()}"
    if not stat.S_ISREG(mode):
        return "no file"
    with path.open("rb") as file:
        return f"{stat.S_IMODE(mode):o} {hashlib.file_digest(file, 'sha256').hexdigest()}"
