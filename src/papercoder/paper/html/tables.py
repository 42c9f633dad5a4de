"""Tables of HTML and of LaTeXML, which may write them as spans with classes."""

import re
from collections.abc import Callable

from papercoder.paper.markup import Rows, Tag, cells_of, classes_of, span

TABULARS = ".//table | .//*[contains(concat(' ', @class, ' '), ' ltx_tabular ')]"
_ROWS = ".//tr | .//*[contains(concat(' ', @class, ' '), ' ltx_tr ')][not(self::tr)]"
_CELLS = "./td | ./th | ./*[not(self::td or self::th)][contains(concat(' ', @class, ' '), ' ltx_td ')]"


def rows_of(table: Tag, text_of: Callable[[Tag], str]) -> Rows:
    """The cells of a table; a cell over several columns or rows is followed by empty ones."""
    return cells_of(
        [_cell(cell, text_of) for cell in row.xpath(_CELLS)]
        for row in table.xpath(_ROWS)
        if next(filter(_is_table, row.iterancestors()), None) is table
    )


def is_outermost(table: Tag, figure: Tag) -> bool:
    """Whether a table is in no other table of this figure, and is no equation."""
    if classes_of(table) & {"ltx_equation", "ltx_equationgroup", "ltx_eqn_table"}:
        return False
    for tag in table.iterancestors():
        if tag is figure:
            return True
        if _is_table(tag):
            return False
    return True


def _cell(cell: Tag, text_of: Callable[[Tag], str]) -> tuple[str, int, int]:
    classes = cell.get("class") or ""
    across, down = (re.search(rf"ltx_{side}span_(\d+)", classes) for side in ("col", "row"))
    return (
        text_of(cell),
        span(cell.get("colspan") or (across[1] if across else None)),
        span(cell.get("rowspan") or (down[1] if down else None)),
    )


def _is_table(tag: Tag) -> bool:
    return tag.tag == "table" or "ltx_tabular" in classes_of(tag)
