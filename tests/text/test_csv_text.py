"""No cell of a table runs as a formula in a spreadsheet."""

import csv
import io

import pytest

from papercoder.text.csv_text import to_csv


@pytest.mark.parametrize("cell", ["=1+1", "+1", "@SUM(A1)", "-1+cmd|' /C calc'!A0", "\t=1", "\r=1", "-", "-1"])
def test_a_formula_is_a_text(cell: str) -> None:
    ((written,),) = csv.reader(io.StringIO(to_csv([[cell]]), newline=""))
    assert written == "'" + cell.replace("\r", "\n")


def test_a_cell_begins_no_row() -> None:
    assert to_csv([["a\r=1"]]) == '"a\n=1"\n'


def test_other_cells_stay_as_they_are() -> None:
    assert to_csv([["a", "b, c", None], [-3, -1.5, "a=b"]]) == 'a,"b, c",\n-3,-1.5,a=b\n'
