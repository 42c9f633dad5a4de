"""A file of the repository as it is read beside the paper: numbered lines, and the requirements that each is for."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

from papercoder.errors import RunFolderError
from papercoder.report.model import TracedRequirement
from papercoder.report.rendering import environment

_LARGEST = 4 * 2**20
"""Bytes of a file that are read."""

_AT_ONCE = 1_500
"""Lines in the page at once."""

_WIDEST = 1_000
"""Signs of a line."""

_COLOURED = 300_000
"""Signs; the words of a longer file are not coloured."""

_CLASSES = ((Comment, "c"), (Keyword, "k"), (String, "s"), (Number, "n"), (Name.Function, "f"), (Name.Class, "f"))

Owners = Mapping[int, tuple[str, ...]]
"""Line -> the requirements that it is for."""


@dataclass(frozen=True)
class Source:
    """A file as text."""

    path: str
    lines: tuple[str, ...]
    cut: bool
    """True where the file goes on."""


@dataclass(frozen=True)
class ShownLine:
    """A line on its way into the page."""

    number: int
    code: Markup
    owners: tuple[str, ...]


def read_source(file: Path, path: str) -> Source:
    """Read a file of the repository, whose path there is given.

    Raises:
        RunFolderError: it is not there, or no text.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except OSError as error:
        raise RunFolderError(f"{path} cannot be read ({error.strerror}).") from error
    if b"\0" in content:
        raise RunFolderError(f"{path} is not text.")
    text = content[:_LARGEST].decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return Source(path, tuple(text.removesuffix("\n").split("\n")), len(content) > _LARGEST)


def owners(needs: Iterable[TracedRequirement], path: str) -> Owners:
    """Which requirements' marks and evidence stand in a file, and where."""
    found: dict[int, list[str]] = defaultdict(list)
    for item in needs:
        for place in item.places:
            if place.path == path:
                found[place.line].append(item.requirement.id)
    return {line: tuple(ids) for line, ids in found.items()}


def first_shown(source: Source, line: int) -> int:
    """The first of the lines that are shown together with this one."""
    return (max(1, min(line, len(source.lines))) - 1) // _AT_ONCE * _AT_ONCE + 1


def code_html(source: Source, named: Owners, line: int = 1) -> Markup:
    """So many lines as can be shown at once, this one among them; the requirements of a line are in its `data-r`."""
    first = first_shown(source, line)
    last = min(first + _AT_ONCE - 1, len(source.lines))
    texts = source.lines[first - 1 : last]
    shown = [
        ShownLine(number, code, named.get(number, ()))
        for number, code in enumerate(_coloured(source.path, texts), first)
    ]
    values = {"source": source, "lines": shown, "first": first, "last": last, "step": _AT_ONCE}
    template = environment("papercoder.web").get_template("code.html")
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def _coloured(path: str, lines: Iterable[str]) -> list[Markup]:
    cut = [line if len(line) <= _WIDEST else f"{line[:_WIDEST]}… ({len(line):,} characters)" for line in lines]
    lexer = _lexer(path)
    if lexer is None or sum(map(len, cut)) > _COLOURED:
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


_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def _visible(text: str) -> Markup:
    """Escaped; signs that cannot be seen, as those that turn the reading direction, are named in their place."""
    parts = _UNSEEN.split(text)
    signs = _UNSEEN.findall(text)
    done = escape(parts[0])
    for sign, part in zip(signs, parts[1:], strict=True):
        name = unicodedata.name(sign, "control character").lower()
        done += Markup('<i class="unseen" title="{}">U+{}</i>').format(name, f"{ord(sign):04X}") + escape(part)
    return done
