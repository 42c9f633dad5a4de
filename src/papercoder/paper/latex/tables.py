"""Tabulars to rows of cells."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from papercoder.paper.latex.prose import Prose
from papercoder.paper.latex.siunitx.quantities import parse_options
from papercoder.paper.latex.tokens import is_blank, join, tokenize
from papercoder.paper.latex.tree import Command, Environment, Group, Node, plain, tokens_of
from papercoder.paper.markup import span
from papercoder.paper.names import names

TABULARS = names(
    """
    tabular tabular* tabularx tabulary longtable longtable* tabu longtabu NiceTabular NiceTabular* NiceTabularX
    tabularray tblr longtblr talltblr supertabular supertabular* xtabular mpsupertabular xltabular ltabulary deluxetable
    deluxetable*
    """
)
HEADS = names("tablehead tablefirsthead")
"""Commands that hold the first rows of a table."""

_WIDEST = 200
_MOST_COLUMNS = 500
_NOT_CELLS = names(
    """
    caption label tablecaption tablehead tablefirsthead tablelasthead tabletail tablelasttail tablecomments
    tablenotetext tablerefs
    """
)
_BREAKS = names("endfirsthead endhead endfoot endlastfoot")
_SKIPPED_ARGUMENTS = {"@": 1, "!": 1, ">": 1, "<": 1, "D": 3, "w": 2, "W": 2}
_WITH_WIDTH = frozenset("pmbd")


def rows_of(tabular: Environment, prose: Prose) -> tuple[tuple[str, ...], ...]:
    """The cells of a table, in rows of one width; a cell over several columns is followed by empty ones."""
    specification = tokens_of(tabular.arguments[-1]) if tabular.arguments else []
    columns = list(_columns(_specified(specification), prose.columns))
    heads = [node for node in tabular.children if isinstance(node, Command) and node.name in HEADS]
    nodes = [*(node for head in heads for node in (*head.last, Command("\\"))), *_body(tabular.children)]
    rows = [row for part in _split(nodes, is_row_end) if any(row := _cells(part, prose, columns))]
    width = max(map(len, rows), default=0)
    return tuple(tuple(row + [""] * (width - len(row))) for row in rows)


def _specified(specification: list[str]) -> list[str]:
    """The columns, which `tblr` names among other settings."""
    source = join(specification)
    return tokenize(parse_options(source).get("colspec", "")) if "colspec" in source else specification


def is_row_end(node: Node) -> bool:
    """Whether this ends a row."""
    return isinstance(node, Command) and node.name in ("\\", "tabularnewline", "cr")


def _body(nodes: Sequence[Node]) -> list[Node]:
    """The rows of a table; of one that runs over pages, each head and foot once and in place."""
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


def _cells(nodes: list[Node], prose: Prose, columns: Sequence[str | None]) -> list[str]:
    cells: list[str] = []
    for cell in _split(nodes, lambda node: node == "&"):
        kept = [node for node in cell if not (isinstance(node, Command) and node.name in _NOT_CELLS)]
        numeric = columns[len(cells)] if len(cells) < len(columns) else None
        cells.append(_numeric(kept, prose, numeric) if numeric is not None else prose(kept))
        cells += [""] * (_span(kept) - 1)
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
        if isinstance(node, Command) and node.name == "SetCell":
            return span(parse_options(plain(node.arguments[0])).get("c"))
        if isinstance(node, Group) and (inner := _span(node.children)) > 1:
            return inner
    return 1


def _columns(tokens: Sequence[str], defined: Mapping[str, Sequence[str]], depth: int = 0) -> Iterator[str | None]:
    """For each column, siunitx' options if it is one of numbers, otherwise None."""
    source = _Source(tokens)
    count = 0
    while (letter := source.letter()) and count < _MOST_COLUMNS:
        if letter == "*":
            times, repeated = span("".join(source.argument()).strip()), source.argument()
            inner = list(_columns(repeated, defined, depth + 1)) if depth < 5 else []
            yield from (inner * times)[:_MOST_COLUMNS]
        elif letter in defined and depth < 5:
            yield from _columns(defined[letter], defined, depth + 1)
        elif letter in "SN":
            yield source.option() if letter == "S" else None
        elif letter.isalpha():
            source.option()
            for _ in range(_SKIPPED_ARGUMENTS.get(letter, letter in _WITH_WIDTH)):
                source.argument()
            yield None
        elif letter in _SKIPPED_ARGUMENTS:
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
