"""Corrections of what was read: the title, a formula, the cells of a table, or the text of another block."""

from papercoder.artifacts import Algorithm, AnyBlock, Equation, Figure, Paper, Paragraph, Table
from papercoder.errors import PaperError

SEPARATOR = "|"
"""Between the cells of a row; each row is a line."""


def editable_text(paper: Paper, anchor: str) -> str:
    """The text of a place as people edit it.

    Raises:
        PaperError: the paper has no such place.
    """
    if anchor == "title":
        return paper.title
    match _block(paper, anchor):
        case Table(rows=rows):
            return "\n".join(f" {SEPARATOR} ".join(cell.replace(SEPARATOR, "¦") for cell in row) for row in rows)
        case Figure(caption=caption):
            return caption
        case Paragraph(text=text) | Equation(text=text) | Algorithm(text=text):
            return text


def corrected(paper: Paper, anchor: str, text: str) -> Paper:
    """The paper with this text at a place, and without the suspicions about it.

    Raises:
        PaperError: the paper has no such place, or the text is empty.
    """
    if not text.strip():
        raise PaperError(f"{anchor}: the corrected text is empty; write what is printed there.")
    losses = tuple(loss for loss in paper.losses if loss.anchor != anchor)
    if anchor == "title":
        return paper.model_copy(update={"title": " ".join(text.split()), "losses": losses})
    changed = _corrected_block(_block(paper, anchor), text)
    sections = tuple(
        section.model_copy(
            update={"blocks": tuple(changed if block.anchor == anchor else block for block in section.blocks)}
        )
        for section in paper.sections
    )
    return paper.model_copy(update={"sections": sections, "losses": losses})


def _block(paper: Paper, anchor: str) -> AnyBlock:
    found = next((block for block in paper.blocks() if block.anchor == anchor), None)
    if found is None:
        raise PaperError(f"The paper has no place {anchor!r}; choose one in the paper.")
    return found


def _corrected_block(block: AnyBlock, text: str) -> AnyBlock:
    match block:
        case Table():
            return block.model_copy(update={"rows": _rows(text)})
        case Figure():
            return block.model_copy(update={"caption": " ".join(text.split())})
        case Equation():
            return block.model_copy(update={"text": " ".join(text.split())})
        case Paragraph() | Algorithm():
            return block.model_copy(update={"text": text.strip("\n")})


def _rows(text: str) -> tuple[tuple[str, ...], ...]:
    """Rows of the same number of cells; short ones are filled with empty cells."""
    rows = [[cell.strip().replace("¦", SEPARATOR) for cell in line.split(SEPARATOR)] for line in text.splitlines()]
    rows = [row for row in rows if any(row)]
    width = max(map(len, rows), default=0)
    return tuple((*row, *[""] * (width - len(row))) for row in rows)
