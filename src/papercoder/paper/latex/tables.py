"""Turns tabulars into rows of cells."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from papercoder.paper.latex.prose import Prose
from papercoder.paper.latex.siunitx import parse_options
from papercoder.paper.latex.tokens import is_blank, join, tokenize
from papercoder.paper.latex.tree import Command, Environment, Group, Node, plain, tokens_of
from papercoder.paper.markup import span

TABULARS = frozenset(
    """
    tabular tabular* tabularx tabulary longtable longtable* tabu longtabu NiceTabular NiceTabular* NiceTabularX
    tabularray tblr longtblr talltblr supertabular supertabular* xtabular mpsupertabular xltabular ltabulary deluxetable
    deluxetable* splitdeluxetable splitdeluxetable*
    """.split()
)
WITH_HEADS_BEFORE = frozenset("supertabular supertabular* xtabular mpsupertabular".split())
"""Tables whose head is declared before them."""

HEADS = frozenset("tablehead tablefirsthead".split())
"""Commands that hold the first rows of a table."""

_WIDEST = 200
_MOST_COLUMNS = 500
_NOT_CELLS = frozenset(
    """
    caption label tablecaption topcaption bottomcaption tablehead tablefirsthead tablelasthead tabletail tablelasttail
    tablecomments tablenotetext tablerefs
    """.split()
)
_ROW_ENDS = frozenset(("\\", "tabularnewline", "cr", "FL", "ML", "NN", "LL"))
_BREAKS = frozenset("endfirsthead endhead endfoot endlastfoot".split())
_ARGUMENTS = {"@": 1, "!": 1, ">": 1, "<": 1, "D": 3, "w": 2, "W": 2, "p": 1, "m": 1, "b": 1, "d": 1}
"""How many arguments the letters of a column specification take."""

_DECIMALS = "D"
"""AASTeX's columns of numbers, which are two columns in print."""


@dataclass(frozen=True)
class _Column:
    """What is special about a column."""

    options: str | None = None
    """siunitx' options, if it is one of its columns of numbers."""

    width: int = 1
    """How many columns of the printed table it makes."""


def rows_of(tabular: Environment, prose: Prose) -> tuple[tuple[str, ...], ...]:
    """The cells of a table, in rows of one width; a cell over several columns is followed by empty ones."""
    specification = tokens_of(tabular.arguments[-1]) if tabular.arguments else []
    columns = list(_columns(_specified(specification), prose.columns))
    heads = [node for node in tabular.children if isinstance(node, Command) and node.name in HEADS]
    first = [each for each in heads if each.name == "tablefirsthead"] or heads
    head = [row for each in first for row in _rows(each.last, prose, [])]
    if "deluxetable" in tabular.name:
        columns = [_Column(width=2) if column.options == _DECIMALS else column for column in columns]
    rows = [*head, *_rows(_body(tabular.children), prose, columns)]
    width = max(map(len, rows), default=0)
    return tuple(tuple(row + [""] * (width - len(row))) for row in rows)


def _rows(nodes: Sequence[Node], prose: Prose, columns: Sequence[_Column]) -> list[list[str]]:
    return [row for part in _split(nodes, is_row_end) if any(row := _cells(part, prose, columns))]


def _specified(specification: list[str]) -> list[str]:
    """The columns, which `tblr` names among other settings."""
    source = join(specification)
    return tokenize(parse_options(source).get("colspec", "")) if "colspec" in source else specification


def is_row_end(node: Node) -> bool:
    """Whether this ends a row."""
    return isinstance(node, Command) and node.name in _ROW_ENDS


def _body(nodes: Sequence[Node]) -> list[Node]:
    """The rows of a table; of one that runs over pages, each head and foot once and in place."""
    starts = [place for place, node in enumerate(nodes) if isinstance(node, Command) and node.name == "startdata"]
    nodes = nodes[starts[0] + 1 :] if starts else nodes
    parts: dict[str, list[Node]] = {}
    part: list[Node] = []
    for node in nodes:
        if isinstance(node, Command) and node.name in _BREAKS:
            parts[node.name] = [*part, Command("\\")]
            part = []
        else:
            part.append(node)
    head = parts.get("endfirsthead") or parts.get("endhead", [])
    return [*head, *part, Command("\\"), *parts.get("endlastfoot", [])] if parts else part


def _split(nodes: Sequence[Node], is_border: Callable[[Node], bool]) -> Iterator[list[Node]]:
    part: list[Node] = []
    for node in nodes:
        if is_border(node):
            yield part
            part = []
        else:
            part.append(node)
    yield part


def _cells(nodes: list[Node], prose: Prose, columns: Sequence[_Column]) -> list[str]:
    cells: list[str] = []
    place = 0
    for cell in _split(nodes, lambda node: node == "&"):
        kept = [node for node in cell if not (isinstance(node, Command) and node.name in _NOT_CELLS)]
        column, across = columns[place] if place < len(columns) else _Column(), _span(kept)
        cells.append(prose(kept) if column.options is None else _numeric(kept, prose, column.options))
        cells += [""] * (max(across, column.width) - 1)
        place += across
        if len(cells) >= _WIDEST:
            break
    return cells[:_WIDEST]


def _numeric(cell: Sequence[Node], prose: Prose, options: str) -> str:
    """A cell in a column of numbers; one in braces, or over several columns, is text."""
    is_text = any(isinstance(node, Group) or _span([node]) > 1 for node in cell)
    number = None if is_text else prose.quantities.cell(options, tokens_of(cell))
    return prose(cell) if number is None else number


def _span(cell: Sequence[Node]) -> int:
    """How many columns a cell takes."""
    for node in cell:
        if isinstance(node, Command) and node.name == "multicolumn":
            return span(plain(node.arguments[0]).strip())
        if isinstance(node, Command) and node.name == "twocolhead":
            return 2
        if isinstance(node, Group) and (inner := _span(node.children)) > 1:
            return inner
    return 1


def _columns(tokens: Sequence[str], defined: Mapping[str, Sequence[str]], depth: int = 0) -> Iterator[_Column]:
    source = _Source(tokens)
    count = 0
    while (letter := source.letter()) and count < _MOST_COLUMNS:
        if letter == "*":
            times, repeated = span("".join(source.argument()).strip()), source.argument()
            inner = list(_columns(repeated, defined, depth + 1)) if depth < 5 else []
            yield from (inner * times)[:_MOST_COLUMNS]
        elif letter in defined and depth < 5:
            yield from _columns(defined[letter], defined, depth + 1)
        elif letter.isalpha() and letter != "B":
            options = source.option()
            arguments = [source.argument() for _ in range(_ARGUMENTS.get(letter, 0)) if source.has_argument]
            is_decimal = letter == "D" and not arguments
            yield _Column(_DECIMALS if is_decimal else options if letter == "S" else None)
        elif letter in _ARGUMENTS:
            source.argument()
        count += 1


class _Source:
    """The tokens of a column specification, read letter by letter."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.pending = [token for token in reversed(tokens) if not is_blank(token)]

    def letter(self) -> str:
        """The next letter; empty at the end."""
        token = self.pending.pop() if self.pending else ""
        if len(token) > 1 and token[0] != "\\":
            self.pending.append(token[1:])
        return token[:1] if token[:1] != "\\" else token

    @property
    def has_argument(self) -> bool:
        """Whether an argument in braces comes next."""
        return self.pending[-1:] == ["{"]

    def option(self) -> str:
        """An argument in brackets as text, empty if there is none."""
        return join(self._between("[", "]"))

    def argument(self) -> list[str]:
        """An argument in braces, or the next letter."""
        if self.pending[-1:] != ["{"]:
            return [self.letter()]
        return self._between("{", "}")

    def _between(self, opening: str, closing: str) -> list[str]:
        if self.pending[-1:] != [opening]:
            return []
        self.pending.pop()
        found: list[str] = []
        depth = 0
        while self.pending and not (depth == 0 and self.pending[-1] == closing):
            found.append(self.pending.pop())
            depth += (found[-1] == "{") - (found[-1] == "}")
        self.pending[-1:] = []
        return found
