"""What changed in the generated repository between two versions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from papercoder.report.rendering import environment
from papercoder.repository.history import History, Version

_MOST = 3_000
"""Lines of a file's diff that are shown."""

_OPEN = 400
"""Lines; a longer diff is folded."""

_KINDS = {"+": "new", "-": "old", "@": "where"}


@dataclass(frozen=True)
class Line:
    """A line of a diff."""

    kind: str
    """`new`, `old`, `where`, or `same`."""

    text: str


@dataclass(frozen=True)
class FileChange:
    """The changes of one file."""

    path: str
    lines: tuple[Line, ...]
    remarks: tuple[str, ...]
    """git's notes on the whole file: new, deleted, renamed, or binary."""

    @property
    def added(self) -> int:
        """Number of added lines."""
        return sum(line.kind == "new" for line in self.lines)

    @property
    def removed(self) -> int:
        """Number of removed lines."""
        return sum(line.kind == "old" for line in self.lines)

    @property
    def is_open(self) -> bool:
        """Is it short enough to be shown unfolded?"""
        return len(self.lines) <= _OPEN

    @property
    def shown(self) -> tuple[Line, ...]:
        """The lines that are shown."""
        return self.lines[:_MOST]


async def changes_html(repository: Path, query: Mapping[str, str]) -> Markup:
    """The versions, and the diff of two of them: `before` and `after` of the query, else the last two.

    Raises:
        RunFolderError: the query names no version, or git cannot read it.
    """
    history = History(repository)
    known = await history.versions()
    before, after = _selected(known, query)
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


def _selected(known: tuple[Version, ...], query: Mapping[str, str]) -> tuple[str, str]:
    """The two commits to compare; the first is empty if there is only one."""
    if len(known) < 2:
        return "", known[0].id if known else ""
    return query.get("before") or known[1].id, query.get("after") or known[0].id


def file_changes(diff: str) -> Iterator[FileChange]:
    """Split a unified diff of git by file."""
    for part in f"\n{diff}".split("\ndiff --git ")[1:]:
        head, _, body = part.partition("\n@@")
        lines = tuple(Line(_KINDS.get(line[:1], "same"), line) for line in f"@@{body}".split("\n")) if body else ()
        yield FileChange(_path(head), lines, _remarks(head))


def diff_html(diff: str) -> Markup:
    """The lines of a diff without file headers, coloured."""
    lines = [
        Markup('<span class="{}">{}</span>').format(_KINDS.get(line[:1], "same"), line or " ")
        for line in diff.split("\n")
    ]
    return Markup('<div class="change"><pre tabindex="0">{}</pre></div>').format(Markup("").join(lines))


def _path(head: str) -> str:
    named = dict(line.split(" ", 1) for line in head.split("\n")[1:] if line.startswith(("+++ ", "--- ")))
    new, old = named.get("+++", ""), named.get("---", "")
    if new.startswith("b/"):
        return new.removeprefix("b/").rstrip("\t")
    if old.startswith("a/"):
        return old.removeprefix("a/").rstrip("\t")
    return head.split("\n", 1)[0].partition(" b/")[2]


def _remarks(head: str) -> tuple[str, ...]:
    notes = ("new file", "deleted file", "rename from", "Binary files", "old mode", "new mode")
    return tuple(line for line in head.split("\n")[1:] if line.startswith(notes))
