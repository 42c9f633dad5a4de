"""Tables for spreadsheets from untrusted text: no cell runs as a formula."""

import csv
import io
from collections.abc import Iterable

Cell = str | int | float | None


def to_csv(rows: Iterable[Iterable[Cell]]) -> str:
    """The rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: Cell) -> Cell:
    """Spreadsheets run a text that starts like this, and begin a row after a bare `\\r`; numbers stay numbers."""
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\n")) else text
