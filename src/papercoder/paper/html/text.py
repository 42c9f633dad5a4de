"""The text of elements and the cells of tables: formulas between dollars, footnotes set apart."""

import re
from collections.abc import Callable, Iterator

from papercoder.paper.html.maths import tex
from papercoder.paper.markup import Rows, Tag, cells_of, classes_of, span, tidy
from papercoder.paper.names import names

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


SKIPPED = names("script style nav header footer button form noscript svg iframe template aside")
SKIPPED_CLASSES = names(
    """
    ltx_tag_item
    ltx_tag_note ltx_note_mark ltx_authors ltx_dates ltx_page_navbar ltx_page_footer ltx_page_header ltx_TOC
    ltx_toclist ltx_ERROR ltx_role_newpage ltx_pagination ltx_rdf package-alerts ltx_page_logo ltx_keywords
    ltx_classification ar5iv-footer
    """
)
BLOCKS = names(
    """
    div section article main ul ol dl table tbody thead tr td th figure figcaption p li dd dt pre blockquote
    center details summary body hr h1 h2 h3 h4 h5 h6 fieldset address
    """
)
_NOTES = names("ltx_role_footnote ltx_role_footnotetext ltx_role_endnote ltx_role_thanks")
_FOOTNOTES = ".//*[contains(@class, 'ltx_note') or contains(@class, 'footnote') or contains(@href, '#fn')]"
_SIGNS = frozenset("0123456789*†‡§¶∗⋆,# ")
_LISTING_LINES = ".//*[contains(@class, 'ltx_listingline')]"


def text_of(tag: Tag, notes: list[str]) -> str:
    """The text on one line; footnotes go to `notes`, and their marks stay in the text."""
    return tidy("".join(strings(tag, notes)))


def heading_text(tag: Tag) -> str:
    """The text of a title or heading, without footnotes and their marks."""
    notes = set(tag.xpath(_FOOTNOTES))
    notes |= {each for each in tag.iter("sup") if set("".join(each.itertext())) <= _SIGNS}
    return tidy("".join(strings(tag, [], notes)))


def strings(tag: Tag, notes: list[str], left_out: set[Tag] | frozenset[Tag] = frozenset()) -> Iterator[str]:
    """The text of an element and of all in it, in order."""
    if not isinstance(tag.tag, str) or tag in left_out:
        return
    classes = classes_of(tag)
    if "ltx_note" in classes:
        yield _note(tag, notes)
    elif tag.tag.endswith("math"):
        yield f"${formula}$" if (formula := tex(tag)) else ""
    elif tag.tag not in SKIPPED and not classes & SKIPPED_CLASSES:
        yield " " if tag.tag in BLOCKS or tag.tag == "br" else ""
        yield tag.text or ""
        for child in tag:
            yield from strings(child, notes, left_out)
            yield child.tail or ""
        yield " " if tag.tag in BLOCKS else ""


def _note(tag: Tag, notes: list[str]) -> str:
    """The mark of a footnote; notes of other roles, such as of authors' institutes, are left out."""
    number = next((tidy(mark.text or "") for mark in tag.xpath(".//*[contains(@class, 'ltx_note_mark')]")), "")
    roles = classes_of(tag)
    if "ltx_role_footnotemark" in roles:
        return f"[^{number}]"
    if not roles & _NOTES:
        return ""
    content = next(iter(tag.xpath(".//*[contains(@class, 'ltx_note_content')]")), tag)
    parts = [content.text or ""]
    for child in content:
        parts += [*strings(child, notes), child.tail or ""]
    notes.append(f"[^{number}]: {tidy(''.join(parts))}")
    return "" if "ltx_role_footnotetext" in roles else f"[^{number}]"


def lines_of(listing: Tag, notes: list[str]) -> str:
    """The lines of a listing or algorithm."""
    if listing.tag == "pre":
        return "".join(listing.itertext()).strip("\n")
    lines = list(listing.xpath(_LISTING_LINES)) or list(listing.iter("p"))
    return "\n".join(text_of(line, notes) for line in lines or [listing])
