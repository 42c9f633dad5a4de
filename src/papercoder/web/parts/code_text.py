"""A file of the repository as numbered lines with the requirements of each, and what changed between two versions."""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

from papercoder.errors import RunFolderError
from papercoder.files.regular import open_file
from papercoder.report import Report
from papercoder.report.model import TracedRequirement
from papercoder.report.rendering import environment
from papercoder.repository.git import History, Version

_MAX_BYTES = 4 * 2**20
"""Bytes of a file that are read; the rest is cut."""

_PAGE = 1_500
"""Lines that are shown at once."""

_MAX_CHARS = 1_000
"""Characters of a line that are shown."""

_MAX_HIGHLIGHTED = 300_000
"""Characters; longer files are not highlighted."""

_CLASSES = ((Comment, "c"), (Keyword, "k"), (String, "s"), (Number, "n"), (Name.Function, "f"), (Name.Class, "f"))

Owners = Mapping[int, tuple[str, ...]]
"""Line -> the requirements that it implements."""


@dataclass(frozen=True)
class Source:
    """A file as text."""

    path: str
    lines: tuple[str, ...]
    cut: bool
    """True if the file is longer."""


@dataclass(frozen=True)
class ShownLine:
    """A line as the template needs it."""

    number: int
    code: Markup
    owners: tuple[str, ...]


def read_source(folder: Path, path: str, root: str = "repo/") -> Source:
    """Read a file of a run, by its path below `root`: its repository, or with an empty one the run folder.

    Raises:
        RunFolderError: it does not exist, or is not text.
    """
    try:
        with os.fdopen(open_file(folder, f"{root}{path}", os.O_RDONLY), "rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise RunFolderError(f"{path} cannot be read ({error.strerror}).") from error
    if b"\0" in content:
        raise RunFolderError(f"{path} is not text.")
    text = content[:_MAX_BYTES].decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return Source(path, tuple(text.removesuffix("\n").split("\n")), len(content) > _MAX_BYTES)


def owners(needs: Iterable[TracedRequirement], path: str) -> Owners:
    """The requirements with a mark or evidence in a file, by line."""
    found: dict[int, list[str]] = defaultdict(list)
    for item in needs:
        for place in item.places:
            if place.path == path:
                found[place.line].append(item.requirement.id)
    return {line: tuple(ids) for line, ids in found.items()}


def first_shown(source: Source, line: int) -> int:
    """The first line of the part that has this one."""
    return (max(1, min(line, len(source.lines))) - 1) // _PAGE * _PAGE + 1


def code_html(
    source: Source, line_owners: Owners, line: int = 1, to_line: Callable[[int], str] | None = None
) -> Markup:
    """The part of a file with this line; the requirements of a line are in its `data-r`.

    `to_line` gives the address of another part; without it, buttons with `data-line` ask for it.
    """
    first = first_shown(source, line)
    last = min(first + _PAGE - 1, len(source.lines))
    texts = source.lines[first - 1 : last]
    shown = [
        ShownLine(number, code, line_owners.get(number, ()))
        for number, code in enumerate(_highlighted(source.path, texts), first)
    ]
    values = {"source": source, "lines": shown, "first": first, "last": last, "to_line": to_line}
    template = environment("papercoder.web").get_template("code.html")
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def file_select_html(report: Report) -> Markup:
    """A menu of all files of the repository, code first."""
    files = sorted(report.files, key=lambda path: (not path.endswith(".py"), path.startswith("tests/"), path))
    template = environment("papercoder.web").get_template("file_select.html")
    return Markup(template.render(files=files))  # noqa: S704  the template escapes


def _highlighted(path: str, lines: Iterable[str]) -> list[Markup]:
    cut = [line if len(line) <= _MAX_CHARS else f"{line[:_MAX_CHARS]}… ({len(line):,} characters)" for line in lines]
    lexer = _lexer(path)
    if lexer is None or sum(map(len, cut)) > _MAX_HIGHLIGHTED:
        return [_visible(line) for line in cut]
    done = [Markup()]
    for kind, text in lexer.get_tokens("\n".join(cut)):
        first, *rest = (_word(kind, part) for part in text.split("\n"))
        done[-1] += first
        done += rest
    return done[: len(cut)]


def _lexer(path: str) -> Lexer | None:
    try:
        return get_lexer_for_filename(path, stripnl=False)
    except ClassNotFound:
        return None


def _word(kind: _TokenType, text: str) -> Markup:
    name = next((name for group, name in _CLASSES if kind in group), "")
    return Markup('<span class="{}">{}</span>').format(name, _visible(text)) if name and text else _visible(text)


_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def _visible(text: str) -> Markup:
    """Escaped text; invisible characters, such as those that change the reading direction, are shown by their code."""
    parts = _INVISIBLE.split(text)
    characters = _INVISIBLE.findall(text)
    done = escape(parts[0])
    for character, part in zip(characters, parts[1:], strict=True):
        name = unicodedata.name(character, "control character").lower()
        done += Markup('<i class="unseen" title="{}">U+{}</i>').format(name, f"{ord(character):04X}") + escape(part)
    return done


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
