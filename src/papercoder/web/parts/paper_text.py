"""The paper as it is read beside the code: every block with its anchor, the words of requirements marked in it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from papercoder.artifacts import Algorithm, AnyBlock, Equation, Figure, Paper, Paragraph, Requirement, Section, Table
from papercoder.diagrams.text import printable
from papercoder.report.rendering import environment
from papercoder.web.parts.passages import Piece, Span, parted, spans

_LONGEST = 20_000
"""Signs of one text; what is longer is cut."""

Quotes = Mapping[str, tuple[Requirement, ...]]
"""Anchor -> the requirements whose words stand there."""


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    cells: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True)
class ShownBlock:
    """A block on its way into the page."""

    kind: str
    anchor: str
    text: tuple[Piece, ...] = ()
    caption: tuple[Piece, ...] = ()
    number: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class ShownSection:
    """A section on its way into the page."""

    section: Section
    blocks: tuple[ShownBlock, ...]


def paper_html(paper: Paper, needs: Iterable[Requirement]) -> Markup:
    """The paper; each block has the id `at-ANCHOR`, each marked passage its requirements in `data-r`."""
    quotes = _by_anchor(needs)
    values = {
        "paper": paper,
        "title": _marked(paper.title, quotes.get("title", ())),
        "abstract": _marked(paper.abstract, quotes.get("abstract", ())),
        "sections": [_section(section, quotes) for section in paper.sections],
    }
    template = environment("papercoder.web").get_template("paper.html")
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def _by_anchor(needs: Iterable[Requirement]) -> Quotes:
    found: dict[str, list[Requirement]] = defaultdict(list)
    for need in needs:
        if need.quote_found:
            found[need.anchor].append(need)
    return {anchor: tuple(own) for anchor, own in found.items()}


def _section(section: Section, quotes: Quotes) -> ShownSection:
    """What is quoted of a section as a whole is looked for in each of its blocks."""
    whole = quotes.get(section.anchor, ())
    return ShownSection(
        section, tuple(_block(block, (*quotes.get(block.anchor, ()), *whole)) for block in section.blocks)
    )


def _block(block: AnyBlock, needs: tuple[Requirement, ...]) -> ShownBlock:
    match block:
        case Paragraph(anchor=anchor, text=text):
            return ShownBlock("paragraph", anchor, _marked(text, needs))
        case Equation(anchor=anchor, text=text, number=number):
            return ShownBlock("equation", anchor, _whole_or_marked(text, anchor, needs), number=number)
        case Algorithm(anchor=anchor, text=text, caption=caption):
            return ShownBlock("algorithm", anchor, _marked(text, needs), _marked(caption, needs))
        case Figure(anchor=anchor, caption=caption):
            return ShownBlock("figure", anchor, caption=_marked(caption, needs))
        case Table(anchor=anchor, caption=caption, rows=rows):
            shown = tuple(_row(row, needs) for row in rows)
            return ShownBlock("table", anchor, caption=_marked(caption, needs), rows=shown)


def _row(cells: tuple[str, ...], needs: Iterable[Requirement]) -> Row:
    line = _plain(" ".join(cells))
    return Row(cells, tuple(need.id for need in needs if spans(line, need.quote, need.id)))


def _whole_or_marked(text: str, anchor: str, needs: tuple[Requirement, ...]) -> tuple[Piece, ...]:
    """An equation whose signs a parser gave in another order is meant as a whole."""
    text = _plain(text)
    marks = [mark for need in needs for mark in _spans_or_all(text, anchor, need)]
    return parted(text, marks)


def _spans_or_all(text: str, anchor: str, need: Requirement) -> tuple[Span, ...]:
    found = spans(text, need.quote, need.id)
    return found or ((Span(0, len(text), need.id),) if need.anchor == anchor else ())


def _marked(text: str, needs: Iterable[Requirement]) -> tuple[Piece, ...]:
    text = _plain(text)
    return parted(text, [span for need in needs for span in spans(text, need.quote, need.id)])


def _plain(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} more characters)"
