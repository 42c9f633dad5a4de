"""Tables: of pipes, of HTML, and of LaTeX as nougat writes them."""

import re
from collections.abc import Callable

from papercoder.errors import PaperError
from papercoder.paper.draft import Element, Grid
from papercoder.paper.files import Memory
from papercoder.paper.html.text import rows_of
from papercoder.paper.latex import read_latex
from papercoder.paper.markup import fragment
from papercoder.paper.printed import captioned

HTML = re.compile(r"<table\b.*?</table>", re.IGNORECASE | re.DOTALL)
WRAPPER = re.compile(r"</?(?:html|body|head|table)\b[^<>]*>", re.IGNORECASE)
LATEX = re.compile(
    r"""
    \s*\\begin\{(
      (?: (?:long)?table | tabular[xy]? | figure
        | equation | align | alignat | gather | multline | eqnarray | displaymath ) \*?
    )\}
    """,
    re.VERBOSE,
)
_CAPTION = re.compile(r"<caption\b[^<>]*>(.*?)</caption>", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_RAISED = re.compile(r"<(su[pb])>([^<>]*)</\1>", re.IGNORECASE)
_BORDER = re.compile(r"(?<!\\)\|")
_RULE = frozenset("|-: +")

Plain = Callable[[str], str]
"""Reads the marks in a cell's text."""


def is_rule(line: str) -> bool:
    """Whether this is the line below the head of a table of pipes."""
    return set(line) <= _RULE and {"|", "-"} <= set(line)


def row_of_pipes(line: str, plain: Plain) -> tuple[str, ...]:
    """The cells of a line."""
    cells = _BORDER.split(line.strip().removeprefix("|").removesuffix("|"))
    return tuple(plain(cell.replace("\\|", "|")) for cell in cells)


def table_of_pipes(rows: list[tuple[str, ...]]) -> Grid:
    """Rows of any length as a table; empty ones are left out."""
    width = max(map(len, rows))
    return Grid("", tuple((*row, *[""] * (width - len(row))) for row in rows if any(row)))


def table_of_html(source: str, plain: Plain) -> Element:
    """A table with its spans resolved."""
    # Raised text loses its tags in the parser, so that they are escaped and read as Markdown in the cell's text.
    escaped = _RAISED.sub(r"&lt;\1&gt;\2&lt;/\1&gt;", _BREAK.sub(" ", source))
    table = fragment(escaped)
    rows = rows_of(table, lambda cell: plain("".join(cell.itertext()))) if table is not None else ()
    caption = _CAPTION.search(source)
    return captioned("table", plain(caption[1]), rows) if caption else Grid("", rows)


def elements_of_latex(source: str, plain: Plain) -> list[Element]:
    """What an environment of LaTeX holds; nothing if it cannot be read.

    Tables lose their number: the LaTeX reader counts them from 1 in each environment.
    """
    document = f"\\begin{{document}}{source}\\end{{document}}".encode()
    try:
        elements = read_latex(Memory({"part.tex": document}, "an environment"), "part.tex").elements
    except PaperError:
        return []
    return [
        Grid(plain(each.caption), tuple(tuple(map(plain, row)) for row in each.rows))
        if isinstance(each, Grid)
        else each
        for each in elements
    ]
