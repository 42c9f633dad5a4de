"""Reads tables and figures into claims: an agent says what rows and columns mean, and our code reads the cells."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Annotated, Literal

from pydantic import BeforeValidator

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.artifacts import (
    Artifact,
    Claim,
    FigureDescription,
    FigureDescriptions,
    FigureDraft,
    FigureImages,
    Paper,
    Paragraph,
    Table,
    render_rows,
)
from papercoder.artifacts.claims import Direction, SpreadKind, Statistic
from papercoder.concurrency import gather_all
from papercoder.errors import AnswerError
from papercoder.paper.evidence import cell_text, label_text, read_quantities
from papercoder.runs.events import Warned
from papercoder.text.fences import fence


def _as_ranges(value: object) -> str:
    """The numbers as text; models also write `3` and `[3, 4]` without quotes."""
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    if not re.fullmatch(r"[\d,\s-]*", text) or not all(map(_RANGE.fullmatch, filter(str.strip, text.split(",")))):
        raise ValueError(f"write numbers as `3`, `3-9` or `3,5-7`, not {text[:40]!r}")
    return text


_RANGE = re.compile(r"\s*\d{1,4}\s*(?:-\s*\d{1,4}\s*)?")
_PLACEHOLDER = re.compile(r"\{(\d{1,4})\}")

Ranges = Annotated[str, BeforeValidator(_as_ranges)]
"""Numbers of rows or columns: `3`, `3-9`, `3,5-7`."""


class Lines(Artifact):
    """Rows, or columns, that are described alike."""

    at: Ranges
    """Their numbers: `3`, `3-9` or `3,5-7`."""

    method: str = ""
    """The method or variant. In every name, `{1}` inserts the text of the row's cell in column 1; for columns, of the
    column's cell in row 1."""

    dataset: str = ""
    """The data set, split or condition."""

    averaged_over: tuple[str, ...] = ()
    """If these cells are means over several data sets, the names of these; `dataset` is then `Average`, for example."""

    metric: str = ""
    """Without unit and statistic."""

    unit: str = ""
    direction: Direction | None = None
    """Which values are better."""

    statistic: Statistic | None = None
    own: bool = False
    """Whether this is the paper's own method, complete and with its default settings."""

    part: int = 0
    """For cells with several numbers, such as `28.4 / 30.1`: which of them, from 1."""


class Cells(Artifact):
    """The cells in these rows and columns; an empty field means all."""

    rows: Ranges = ""
    columns: Ranges = ""


class TableReading(Artifact):
    """What a table, or one block of a table with several heads, reports."""

    anchor: str
    """`tab:2`."""

    content: Literal["own_results", "no_results", "damaged"]
    """`own_results`: numbers that the authors measured. `no_results`: parameters, properties, or only results of other
    papers. `damaged`: results whose cells are lost or out of place. The other fields are for `own_results`."""

    experiment: str = ""
    """In a few words: `main comparison`, `ablation`."""

    method: str = ""
    """The method, if all cells have the same; likewise below."""

    dataset: str = ""
    averaged_over: tuple[str, ...] = ()
    metric: str = ""
    unit: str = ""
    direction: Direction | None = None
    statistic: Statistic = "mean"
    runs: int | None = None
    """How many runs, seeds or draws each value summarises, if the paper says so."""

    spread: SpreadKind = "std"
    """What the number after ± is; `other` if it is not the deviation between runs."""

    second_is_spread: bool = False
    """Whether the second number in cells such as `96.5 (1.4)` is the spread."""

    rows: tuple[Lines, ...] = ()
    """Every row with results. Names that a row and a column give are joined."""

    columns: tuple[Lines, ...] = ()
    """Every column with results."""

    copied: tuple[Cells, ...] = ()
    """Cells with numbers that were copied from other papers."""

    copied_mark: str = ""
    """The footnote mark of copied numbers, such as `†`."""

    ignored_rows: Ranges = ""
    """Rows with numbers that are settings or repeat other cells."""

    ignored_columns: Ranges = ""


def tables_text(paper: Paper) -> str:
    """All tables with numbered rows and columns, as the agent that describes them sees them."""
    return "\n\n".join(_numbered(table) for table in paper.tables)


def _numbered(table: Table) -> str:
    width = len(table.rows[0]) if table.rows else 0
    head = tuple(str(number) for number in range(1, width + 1))
    rows = (("", *head), *((str(number), *row) for number, row in enumerate(table.rows, 1)))
    shape = f"{len(table.rows)} rows, {width} columns"
    return "\n".join([f"## [{table.anchor}] {shape}", "", table.caption, "", *render_rows(rows if width else ())])


def reading_problems(paper: Paper, readings: Iterable[TableReading]) -> Iterator[str]:
    """What does not fit the tables, the worst first."""
    tables = {table.anchor: table for table in paper.tables}
    by_anchor: dict[str, list[TableReading]] = defaultdict(list)
    for reading in readings:
        by_anchor[reading.anchor].append(reading)
    yield from (f"{anchor} is not a table." for anchor in by_anchor if anchor not in tables)
    yield from (f"{anchor} is not described." for anchor in tables if anchor not in by_anchor)
    for anchor, found in by_anchor.items():
        if anchor in tables and any(reading.content == "own_results" for reading in found):
            yield from (f"{anchor}: {problem}" for problem in _problems(tables[anchor], found))


def _problems(table: Table, readings: list[TableReading]) -> Iterator[str]:
    for reading in readings:
        yield from _line_problems(table, reading)
    claims = [claim for reading in readings for claim in table_claims(table, reading)]
    if not claims:
        yield "none of the described cells holds a number with a method and a metric."
        return
    places: dict[tuple[str, ...], set[tuple[int, int]]] = defaultdict(set)
    for claim in claims:
        places[_names(claim)].add((claim.row or 0, claim.column or 0))
    for names, cells in places.items():
        if len(cells) > 1:
            where = " and ".join(f"row {row}, column {column}" for row, column in sorted(cells)[:3])
            yield f"{where} have the same names ({'; '.join(names)}); tell them apart."
    averages = {name for claim in claims for name in claim.averaged_over}
    misspelt = sorted(averages - {claim.dataset for claim in claims})
    if misspelt and len(misspelt) < len(averages):
        listed = ", ".join(f"`{name}`" for name in misspelt)
        yield f"`averaged_over` names {listed}; no cell has this as its `dataset`."
    yield from _forgotten(table, readings)


def _line_problems(table: Table, reading: TableReading) -> Iterator[str]:
    """Numbers outside the table, empty placeholders, and cells without a name."""
    height, width = len(table.rows), len(table.rows[0]) if table.rows else 0
    for kind, groups, most in (("row", reading.rows, height), ("column", reading.columns, width)):
        for group in groups:
            numbers = list(_numbers(group.at))
            yield from (f"there is no {kind} {number}; it has {most}." for number in numbers if not 1 <= number <= most)
            for number in numbers:
                if missing := _empty_placeholder(table, kind, number, group):
                    yield f"{kind} {number}: {missing} is empty, so its name has to be written out."
    for name in ("method", "dataset", "metric"):
        everywhere = getattr(reading, name) or all(getattr(group, name) for group in reading.rows)
        if not everywhere and not all(getattr(group, name) for group in reading.columns):
            yield f"some cells have no {name}."


def _empty_placeholder(table: Table, kind: str, number: int, group: Lines) -> str:
    """`{2}` if a name of this row or column uses it and its cell is empty or does not exist."""
    used = _PLACEHOLDER.findall(f"{group.method} {group.dataset} {group.metric} {group.unit}")
    return next((f"{{{other}}}" for other in used if not _label(table, kind, number, int(other))), "")


def _label(table: Table, kind: str, number: int, other: int) -> str:
    row, column = (number, other) if kind == "row" else (other, number)
    return label_text(_cell(table, row, column))


def _cell(table: Table, row: int, column: int) -> str:
    """The cell's text; empty outside the table."""
    inside = 1 <= row <= len(table.rows) and 1 <= column <= len(table.rows[row - 1])
    return table.rows[row - 1][column - 1] if inside else ""


def _forgotten(table: Table, readings: list[TableReading]) -> Iterator[str]:
    """Columns and rows full of numbers that are neither described nor ignored."""
    rows, columns = set[int](), set[int]()
    for reading in readings:
        used_columns = _PLACEHOLDER.findall("".join(group.model_dump_json() for group in reading.rows))
        used_rows = _PLACEHOLDER.findall("".join(group.model_dump_json() for group in reading.columns))
        for ranges in (reading.ignored_columns, *used_columns, *(group.at for group in reading.columns)):
            columns.update(_numbers(ranges))
        for ranges in (reading.ignored_rows, *used_rows, *(group.at for group in reading.rows)):
            rows.update(_numbers(ranges))
    width = len(table.rows[0])
    for kind, known, lines in (
        ("column", columns, [[row[place] for row in table.rows] for place in range(width)]),
        ("row", rows, [list(row) for row in table.rows]),
    ):
        full = [number for number, cells in enumerate(lines, 1) if number not in known and _is_full_of_numbers(cells)]
        if full:
            listed = ", ".join(map(str, full))
            yield f"{kind} {listed} holds numbers; describe it or name it in `ignored_{kind}s`."


def _is_full_of_numbers(cells: list[str]) -> bool:
    """Whether most of its cells are numbers."""
    numbers = sum(bool(read_quantities(cell)) and not re.search(r"[^\W\d_]{2}|=", cell_text(cell)) for cell in cells)
    return numbers > max(1, len(cells) // 2)


def table_claims(table: Table, reading: TableReading) -> Iterator[Claim]:
    """A claim for each described cell with a number and a full set of names, row by row; their ids are all `C1`."""
    if reading.content != "own_results":
        return
    columns = list(_named(table, "column", reading.columns))
    for row, of_row in _named(table, "row", reading.rows):
        for column, of_column in columns:
            if not _is_copied(reading, row, column, _cell(table, row, column)):
                claim = _claim(table, reading, (row, of_row), (column, of_column))
                if claim:
                    yield claim


def _named(table: Table, kind: str, groups: Iterable[Lines]) -> Iterator[tuple[int, Lines]]:
    """The number of each described row or column, and its description with the placeholders filled in."""
    for group in groups:
        for number in _numbers(group.at):
            texts = {name: getattr(group, name) for name in ("method", "dataset", "metric", "unit")}
            yield number, group.model_copy(update={name: _filled(table, kind, number, t) for name, t in texts.items()})


def _filled(table: Table, kind: str, number: int, text: str) -> str:
    return _PLACEHOLDER.sub(lambda found: _label(table, kind, number, int(found[1])), text).strip()


def _is_copied(reading: TableReading, row: int, column: int, cell: str) -> bool:
    if reading.copied_mark and reading.copied_mark in cell:
        return True
    return any(
        (not cells.rows or row in _numbers(cells.rows)) and (not cells.columns or column in _numbers(cells.columns))
        for cells in reading.copied
    )


def _claim(table: Table, reading: TableReading, row: tuple[int, Lines], column: tuple[int, Lines]) -> Claim | None:
    (row_number, of_row), (column_number, of_column) = row, column
    found = read_quantities(_cell(table, row_number, column_number))
    part = max(of_row.part or of_column.part, 1)
    names = {name: _joined(reading, of_row, of_column, name) for name in ("method", "dataset", "metric", "unit")}
    if len(found) < part or not (names["method"] and names["metric"]):
        return None
    quantity = found[part - 1]
    second = found[1].value if reading.second_is_spread and len(found) > 1 else None
    return Claim(
        id="C1",
        anchor=table.anchor,
        experiment=reading.experiment or table.anchor,
        direction=of_column.direction or of_row.direction or reading.direction,
        statistic=of_column.statistic or of_row.statistic or reading.statistic,
        value=quantity.value,
        printed=quantity.printed,
        bound=quantity.bound,
        spread=second if quantity.spread is None else quantity.spread,
        spread_kind=reading.spread,
        runs=reading.runs,
        is_own=of_row.own or of_column.own,
        quote=" | ".join(table.rows[row_number - 1]),
        row=row_number,
        column=column_number,
        averaged_over=_averaged_over(reading, of_row, of_column),
        **names,
    )


def _joined(reading: TableReading, row: Lines, column: Lines, name: str) -> str:
    """The name that row and column give together, else the one of the whole table."""
    parts = dict.fromkeys(filter(None, (getattr(row, name), getattr(column, name))))
    return ", ".join(parts) or getattr(reading, name)


def _averaged_over(reading: TableReading, row: Lines, column: Lines) -> tuple[str, ...]:
    """The data sets over which a cell averages, joined with the data set that its other side gives."""
    if not (row.averaged_over or column.averaged_over):
        return () if row.dataset or column.dataset else reading.averaged_over
    pairs = product(row.averaged_over or (row.dataset,), column.averaged_over or (column.dataset,))
    return tuple(", ".join(dict.fromkeys(filter(None, pair))) for pair in pairs)


def _names(claim: Claim) -> tuple[str, ...]:
    return tuple(filter(None, (claim.method, claim.dataset, claim.metric, claim.statistic)))


def _numbers(ranges: str) -> list[int]:
    """`3,5-7` as 3, 5, 6, 7."""
    numbers: list[int] = []
    for part in filter(None, (piece.strip() for piece in ranges.split(","))):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


FIGURE_READER = Agent("figure", "vision", Json(FigureDraft), NO_CONVENTIONS)

_MOST_MENTIONS = 3
"""Paragraphs that are shown with a figure."""


@uses(FIGURE_READER)
async def describe_figures(agents: Agents, paper: Paper, pictures: tuple[FigureImages, ...]) -> FigureDescriptions:
    """Describe all figures at once; one without a picture or a valid description says why, with a warning.

    Raises:
        ModelError: the model could not be reached, or reads no images.
    """
    captions = {figure.anchor: figure.caption for figure in paper.figures}

    async def describe(figure: FigureImages) -> FigureDescription:
        try:
            draft, reason = await _read(agents, paper, figure, captions.get(figure.anchor, "")), figure.reason
        except AnswerError as error:
            draft, reason = None, str(error)
        if draft is None:
            agents.emit(Warned(where="figures", message=f"{figure.anchor} is not described: {reason}"))
            return FigureDescription(anchor=figure.anchor, kind="other", summary="", not_read=reason)
        return FigureDescription(**dict(draft), anchor=figure.anchor)

    return FigureDescriptions(items=tuple(await gather_all(map(describe, pictures))))


async def _read(agents: Agents, paper: Paper, figure: FigureImages, caption: str) -> FigureDraft | None:
    if not figure.images:
        return None
    count = len(figure.images)
    return await agents.ask(
        FIGURE_READER,
        figure.anchor,
        (),
        images=figure.images,
        anchor=figure.anchor,
        shown="An image is" if count == 1 else f"{count} images, the parts of one figure in their order, are",
        caption=fence(caption),
        mentions=fence(mentions) if (mentions := _mentions(paper, figure.anchor)) else "",
    )


def _mentions(paper: Paper, anchor: str) -> str:
    """The first paragraphs that name the figure."""
    number = re.escape(anchor.partition(":")[2])
    named = re.compile(rf"\bFig(?:ures?|s?\.)[\s~(]{{0,3}}{number}(?![\w.]*\d)", re.IGNORECASE)
    blocks = (block for block in paper.blocks() if isinstance(block, Paragraph) and named.search(block.text))
    return "\n\n".join(
        f"[{block.anchor}] {block.text}" for block, _ in zip(blocks, range(_MOST_MENTIONS), strict=False)
    )
