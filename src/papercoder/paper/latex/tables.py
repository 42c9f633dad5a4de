"""Tabulars to rows of cells."""

from collections.abc import Callable, Iterator, Sequence

from papercoder.paper.latex.prose import Prose
from papercoder.paper.latex.tree import Command, Environment, Group, Node, plain
from papercoder.paper.markup import span
from papercoder.paper.names import names

TABULARS = names(
    """
    tabular tabular* tabularx tabulary longtable tabu NiceTabular tabularray tblr supertabular xltabular
    """
)
_WIDEST = 200
_NOT_CELLS = names("caption endhead endfirsthead endfoot endlastfoot")


def rows_of(tabular: Environment, prose: Prose) -> tuple[tuple[str, ...], ...]:
    """The cells, row by row and all rows of one width; a cell over several columns is followed by empty ones."""
    rows = [row for nodes in _split(tabular.children, is_row_end) if any(row := _cells(nodes, prose))]
    width = max(map(len, rows), default=0)
    return tuple(tuple(row + [""] * (width - len(row))) for row in rows)


def is_row_end(node: Node) -> bool:
    """Whether this ends a row."""
    return isinstance(node, Command) and node.name in ("\\", "tabularnewline", "cr")


def _split(nodes: Sequence[Node], is_border: Callable[[Node], bool]) -> Iterator[list[Node]]:
    part: list[Node] = []
    for node in nodes:
        if is_border(node):
            yield part
            part = []
        else:
            part.append(node)
    yield part


def _cells(nodes: list[Node], prose: Prose) -> list[str]:
    cells: list[str] = []
    for cell in _split(nodes, lambda node: node == "&"):
        kept = [node for node in cell if not (isinstance(node, Command) and node.name in _NOT_CELLS)]
        cells.append(prose(kept))
        cells += [""] * (_span(kept) - 1)
    return cells[:_WIDEST]


def _span(cell: Sequence[Node]) -> int:
    """Over how many columns a cell reaches."""
    for node in cell:
        if isinstance(node, Command) and node.name == "multicolumn":
            return span(plain(node.arguments[0]).strip())
        if isinstance(node, Group) and (inner := _span(node.children)) > 1:
            return inner
    return 1
