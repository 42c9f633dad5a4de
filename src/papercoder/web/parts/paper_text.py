"""The paper beside the code: every block with its anchor, formulas typeset, and quotes of requirements marked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from papercoder.artifacts import Algorithm, AnyBlock, Equation, Figure, Paper, Paragraph, Requirement, Section, Table
from papercoder.report.formulas import formula_spans, is_formula, mathml
from papercoder.report.rendering import environment
from papercoder.text.characters import printable
from papercoder.web.parts.passages import Piece, Span, parted, spans

_LONGEST = 20_000
"""Characters of one text; the rest is cut."""

_WITH_LATEX = frozenset({"latex", "html", "markdown"})
"""Sources whose equations are LaTeX; those of a PDF are pieces of LaTeX between text in the parser's order."""

Quotes = Mapping[str, tuple[Requirement, ...]]
"""Anchor -> the requirements that quote it."""


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    cells: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True)
class Printed:
    """What is printed at a place, what may be wrong with what was read, and where it can be corrected."""

    picture: str
    """Address of the picture; empty where there is none."""

    page: int | None
    messages: tuple[str, ...]
    correction: str


@dataclass(frozen=True)
class ShownBlock:
    """A block as the template needs it."""

    kind: str
    anchor: str
    text: tuple[Piece, ...] = ()
    caption: tuple[Piece, ...] = ()
    number: str = ""
    rows: tuple[Row, ...] = ()
    formula: Markup | None = None
    """An equation typeset as a whole; None if its pieces or its source are shown."""

    has_pieces: bool = False
    """Whether an equation has typeset pieces between its text."""

    @property
    def owners(self) -> tuple[str, ...]:
        """The requirements that quote something in the text."""
        return tuple(dict.fromkeys(owner for piece in self.text for owner in piece.owners))


@dataclass(frozen=True)
class ShownSection:
    """A section as the template needs it."""

    section: Section
    blocks: tuple[ShownBlock, ...]


def paper_html(paper: Paper, needs: Iterable[Requirement], printed: Mapping[str, Printed]) -> Markup:
    """The paper; each block has the id `at-ANCHOR`, each marked passage its requirements in `data-r`.

    `printed` has the places that are shown as they are printed, by anchor.
    """
    quotes = _by_anchor(needs)
    values = {
        "paper": paper,
        "printed": printed,
        "title": _marked(paper.title, quotes.get("title", ())),
        "abstract": _marked(paper.abstract, quotes.get("abstract", ())),
        "sections": [_section(section, quotes, paper.source in _WITH_LATEX) for section in paper.sections],
    }
    template = environment("papercoder.web").get_template("paper.html")
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def _by_anchor(needs: Iterable[Requirement]) -> Quotes:
    found: dict[str, list[Requirement]] = defaultdict(list)
    for need in needs:
        if need.quote and need.quote_found:
            found[need.anchor].append(need)
    return {anchor: tuple(own) for anchor, own in found.items()}


def _section(section: Section, quotes: Quotes, has_latex: bool) -> ShownSection:
    """A quote of a whole section is searched in each of its blocks."""
    whole = quotes.get(section.anchor, ())
    return ShownSection(
        section, tuple(_block(block, (*quotes.get(block.anchor, ()), *whole), has_latex) for block in section.blocks)
    )


def _block(block: AnyBlock, needs: tuple[Requirement, ...], has_latex: bool) -> ShownBlock:
    match block:
        case Paragraph(anchor=anchor, text=text):
            return ShownBlock("paragraph", anchor, _marked(text, needs))
        case Equation(anchor=anchor, text=text, number=number):
            text = _plain(text)
            formulas = formula_spans(text)
            marks = [_widened(mark, formulas) for need in needs for mark in _spans_or_all(text, anchor, need)]
            formula = mathml(text, display=True) if has_latex or is_formula(text) else None
            return ShownBlock(
                "equation", anchor, parted(text, marks), number=number, formula=formula, has_pieces=bool(formulas)
            )
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


def _spans_or_all(text: str, anchor: str, need: Requirement) -> tuple[Span, ...]:
    """All of an equation if the quote has its characters in another order."""
    found = spans(text, need.quote, need.id)
    return found or ((Span(0, len(text), need.id),) if need.anchor == anchor else ())


def _marked(text: str, needs: Iterable[Requirement]) -> tuple[Piece, ...]:
    text = _plain(text)
    formulas = formula_spans(text)
    return parted(text, [_widened(span, formulas) for need in needs for span in spans(text, need.quote, need.id)])


def _widened(span: Span, formulas: Iterable[tuple[int, int]]) -> Span:
    """The span with whole formulas at its ends, so that they can be typeset."""
    start = min([span.start, *(first for first, last in formulas if first < span.start < last)])
    end = max([span.end, *(last for first, last in formulas if first < span.end < last)])
    return Span(start, end, span.owner)


def _plain(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} more characters)"
