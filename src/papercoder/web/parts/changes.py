"""What changed in the generated repository from one version to another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from papercoder.report.rendering import environment
from papercoder.repository.history import History, Version

_MOST = 3_000
"""Lines of a file's difference that are shown."""

_OPEN = 400
"""Lines; a longer difference is folded."""

_KINDS = {"+": "new", "-": "old", "@": "where"}


@dataclass(frozen=True)
class Line:
    """A line of a difference."""

    kind: str
    """`new`, `old`, `where`, or `same`."""

    text: str


@dataclass(frozen=True)
class FileChange:
    """What changed in one file."""

    path: str
    lines: tuple[Line, ...]
    remarks: tuple[str, ...]
    """What git says of the file as a whole: that it is new, gone, renamed, or no text."""

    @property
    def added(self) -> int:
        """New lines."""
        return sum(line.kind == "new" for line in self.lines)

    @property
    def gone(self) -> int:
        """Old lines."""
        return sum(line.kind == "old" for line in self.lines)

    @property
    def is_open(self) -> bool:
        """Short enough to be read at once."""
        return len(self.lines) <= _OPEN

    @property
    def shown(self) -> tuple[Line, ...]:
        """As many lines as fit."""
        return self.lines[:_MOST]


async def changes_html(repository: Path, asked: Mapping[str, str]) -> Markup:
    """Versions to choose from, and the difference of two: those asked for as `before` and `after`, else the last two.

    Raises:
        RunFolderError: what is asked for is no version, or git cannot read it.
    """
    history = History(repository)
    known = await history.versions()
    before, after = _asked(known, asked)
    found = await history.diff(before, after) if before else None
    values = {
        "versions": known,
        "before": before,
        "after": after,
        "files": tuple(file_changes(found.text)) if found else (),
        "cut": bool(found and found.is_cut),
    }
    template = environment("papercoder.web").get_template("changes.html")
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def _asked(known: tuple[Version, ...], asked: Mapping[str, str]) -> tuple[str, str]:
    """Commits; the first is empty where there are no two to compare."""
    if len(known) < 2:
        return "", known[0].id if known else ""
    return asked.get("before") or known[1].id, asked.get("after") or known[0].id


def file_changes(difference: str) -> Iterator[FileChange]:
    """A unified diff of git, file by file."""
    for part in f"\n{difference}".split("\ndiff --git ")[1:]:
        head, _, body = part.partition("\n@@")
        lines = tuple(Line(_KINDS.get(line[:1], "same"), line) for line in f"@@{body}".split("\n")) if body else ()
        yield FileChange(_path(head), lines, _remarks(head))


def _path(head: str) -> str:
    named = dict(line.split(" ", 1) for line in head.split("\n")[1:] if line.startswith(("+++ ", "--- ")))
    new, old = named.get("+++", ""), named.get("---", "")
    if new.startswith("b/"):
        return new.removeprefix("b/").rstrip("\t")
    if old.startswith("a/"):
        return old.removeprefix("a/").rstrip("\t")
    return head.split("\n", 1)[0].partition(" b/")[2]


def _remarks(head: str) -> tuple[str, ...]:
    said = ("new file", "deleted file", "rename from", "Binary files", "old mode", "new mode")
    return tuple(line for line in head.split("\n")[1:] if line.startswith(said))
