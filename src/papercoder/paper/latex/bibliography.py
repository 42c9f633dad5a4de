"""References from `thebibliography` or from `.bib` files."""

import re
from collections.abc import Iterable, Iterator, Sequence

from papercoder.artifacts import Reference
from papercoder.paper.latex.prose import Prose
from papercoder.paper.latex.tokens import PAR, tokenize
from papercoder.paper.latex.tree import Command, Environment, Node, parse, plain
from papercoder.paper.names import names

_ENTRY = re.compile(r"@\s*(\w+)\s*[{(]\s*([^\s,{}()]+)\s*,")
_FIELD = re.compile(r"\s*,?\s*([A-Za-z][\w-]*)\s*=\s*")
_BARE = re.compile(r"[^\s,{}\"#]+")
_FIELDS = (
    "author",
    "editor",
    "title",
    "booktitle",
    "journal",
    "volume",
    "publisher",
    "year",
    "date",
    "doi",
    "eprint",
    "url",
)
_NO_ENTRIES = names("string preamble comment")


def printed(environment: Environment, prose: Prose) -> Iterator[Reference]:
    """The entries of a `thebibliography`."""
    for key, nodes in _items(environment.children):
        if text := prose(nodes):
            yield Reference(key=key, text=text)


def _items(nodes: Sequence[Node]) -> Iterator[tuple[str, list[Node]]]:
    key, part = "", list[Node]()
    for node in nodes:
        if isinstance(node, Command) and node.name == "bibitem":
            if key:
                yield key, part
            key, part = plain(node.last).strip(), []
        else:
            part.append(" " if node == PAR else node)
    if key:
        yield key, part


def from_bib(source: str, keys: Iterable[str], prose: Prose) -> Iterator[Reference]:
    """The entries of a `.bib` file that are cited, in the order of `keys`; all of them for the key `*`."""
    entries = dict(_entries(source))
    wanted = list(keys)
    for key in entries if "*" in wanted else wanted:
        if key in entries:
            parts = (entries[key].get(name, "") for name in _FIELDS)
            text = ". ".join(prose(parse(tokenize(part))) for part in parts if part)
            yield Reference(key=key, text=text)


def _entries(source: str) -> Iterator[tuple[str, dict[str, str]]]:
    position = 0
    while match := _ENTRY.search(source, position):
        fields, position = _fields(source, match.end())
        if match[1].lower() not in _NO_ENTRIES:
            yield match[2], fields


def _fields(source: str, position: int) -> tuple[dict[str, str], int]:
    """The fields of an entry, and where they end."""
    fields: dict[str, str] = {}
    while match := _FIELD.match(source, position):
        value, position = _value(source, match.end())
        fields.setdefault(match[1].lower(), value)
    return fields, position


def _value(source: str, position: int) -> tuple[str, int]:
    opening = source[position : position + 1]
    if opening == "{":
        end = _closing(source, position)
        return source[position + 1 : end], end + 1
    if opening == '"':
        end = source.find('"', position + 1, position + 20_000)
        return (source[position + 1 : end], end + 1) if end > 0 else ("", position)
    bare = _BARE.match(source, position)
    return (bare[0], bare.end()) if bare else ("", position)


def _closing(source: str, position: int) -> int:
    depth = 0
    for match in re.compile(r"(?<!\\)[{}]").finditer(source, position, position + 20_000):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.start()
    return min(position + 20_000, len(source))
