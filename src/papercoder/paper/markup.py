"""Parses HTML and XML without entities, network or unbounded depth, and reads the tables in them."""

import html as html_text
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree, html

from papercoder.errors import PaperError

Tag = Any
"""An element of lxml, which has no types."""

Rows = tuple[tuple[str, ...], ...]

_WIDEST = 200
_DEEPEST = 100
"""Levels of elements in XML; readers call themselves a few times for each."""

_BLANKS = re.compile(r"\s+")


def parse_html(data: bytes, where: str) -> Tag:
    """The root of an HTML page; raises `PaperError` if there is none."""
    parser = html.HTMLParser(encoding=_encoding(data), no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(data, parser=parser)
    except (etree.ParserError, ValueError) as error:
        raise PaperError(f"{where} cannot be read as HTML ({error}); save the page again.") from error
    if root is None:
        raise PaperError(f"{where} is an empty HTML page; save the page again.")
    return root


def parse_xml(data: bytes, where: str) -> Tag:
    """The root of an XML file; raises `PaperError` if it is not well formed."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser=parser)
    except etree.XMLSyntaxError as error:
        raise PaperError(f"{where} is not well-formed XML ({error}); download or export it again.") from error
    for entity in list(root.iter(etree.Entity)):
        # An entity of HTML is the character that it names; any other is never expanded.
        entity.tail = html_text.unescape(entity.text).removeprefix(entity.text) + (entity.tail or "")
    etree.strip_elements(root, etree.Entity, with_tail=False)
    if depth_of(root) > _DEEPEST:
        raise PaperError(f"{where} nests its elements more than {_DEEPEST} deep; export it again from its source.")
    return root


def depth_of(root: Tag) -> int:
    """The levels of elements from this one down."""
    depth = deepest = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def drop_namespaces(root: Tag) -> None:
    """Take the namespaces off the names of all elements, in place."""
    for tag in root.iter("{*}*"):
        tag.tag = tag.tag.rsplit("}", 1)[-1]


def fragment(source: str, tag: str = "table") -> Tag | None:
    """The first element of a kind in a piece of HTML."""
    parser = html.HTMLParser(no_network=True, remove_comments=True)
    try:
        root = html.document_fromstring(source, parser=parser)
    except (etree.ParserError, ValueError):
        return None
    return next(root.iter(tag), None)


def classes_of(tag: Tag) -> frozenset[str]:
    """The classes of an element."""
    return frozenset((tag.get("class") or "").split())


def tidy(text: str) -> str:
    """The text on one line."""
    return _BLANKS.sub(" ", text).strip()


def cells_of(rows: Iterator[list[tuple[str, int, int]]]) -> Rows:
    """Rows of (text, columns, rows) as a grid; the further columns and rows of a spanning cell are empty."""
    grid: list[list[str]] = []
    pending: dict[int, int] = {}  # columns still covered from above, and for how many rows
    for row in rows:
        line: list[str] = []
        for text, across, down in row:
            _fill_covered(line, pending)
            if down > 1:
                pending.update({len(line) + step: down for step in range(across)})
            line += [text] + [""] * (across - 1)
            del line[_WIDEST:]
        _fill_covered(line, pending)
        pending = {column: left - 1 for column, left in pending.items() if left > 1}
        grid.append(line)
    width = max(map(len, grid), default=0)
    return tuple(tuple(line + [""] * (width - len(line))) for line in grid if any(line))


def _fill_covered(line: list[str], pending: dict[int, int]) -> None:
    while len(line) < _WIDEST and len(line) in pending and pending[len(line)] > 0:
        line.append("")


def span(value: str | None) -> int:
    """A `colspan` or `rowspan`; 1 if it is missing or invalid."""
    return max(1, min(int(value), _WIDEST)) if value and value.isdecimal() and len(value) < 6 else 1


def _encoding(data: bytes) -> str | None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None  # let the page's own declaration decide
    return "utf-8"
