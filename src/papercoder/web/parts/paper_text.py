"""The paper beside the code: blocks with anchors, formulas typeset, quotes marked; and the list of its requirements."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import pairwise

from markupsafe import Markup
from rapidfuzz import fuzz

from papercoder.artifacts import Algorithm, AnyBlock, Equation, Figure, Paper, Paragraph, Requirement, Section, Table
from papercoder.paper.evidence import pieces_of
from papercoder.report.formatting import LABELS, formula_spans, is_formula, mathml
from papercoder.report.model import STATES, TracedRequirement
from papercoder.report.rendering import environment
from papercoder.text.characters import printable

_MIN_SIMILARITY = 85.0
"""Similarity from 0 to 100. The quote is known to be in this block; here it is only located."""

_MIN_LETTERS = 12
"""Shortest piece in letters that is searched by similarity."""


@dataclass(frozen=True)
class Span:
    """A part of a text, `text[start:end]`, and the requirement that quotes it."""

    start: int
    end: int
    owner: str


@dataclass(frozen=True)
class Piece:
    """A part of a text that lies in the same spans."""

    text: str
    owners: tuple[str, ...]


def spans(text: str, quote: str, owner: str) -> tuple[Span, ...]:
    """The spans of a quote, one for each piece between its ellipses; none for a piece that is not found."""
    letters, places = _letters(text)
    found = (_find(letters, places, text, _letters(piece)[0]) for piece in pieces_of(quote))
    return tuple(Span(start, end, owner) for start, end in filter(None, found))


def parted(text: str, marks: Iterable[Span]) -> tuple[Piece, ...]:
    """The text split at the ends of all spans; each piece has the owners of the spans around it."""
    marks = tuple(marks)
    cuts = sorted({0, len(text), *(mark.start for mark in marks), *(mark.end for mark in marks)})
    return tuple(
        Piece(
            text[start:end],
            tuple(dict.fromkeys(mark.owner for mark in marks if mark.start <= start and end <= mark.end)),
        )
        for start, end in pairwise(cuts)
    )


@lru_cache(maxsize=256)
def _letters(text: str) -> tuple[str, tuple[int, ...]]:
    """The letters and digits of a text, normalised and in lower case, and the position of each in the text."""
    letters, places = list[str](), list[int]()
    for place, character in enumerate(text):
        for plain in unicodedata.normalize("NFKC", character).lower():
            if plain.isalnum():
                letters.append(plain)
                places.append(place)
    return "".join(letters), tuple(places)


def _find(letters: str, places: tuple[int, ...], text: str, piece: str) -> tuple[int, int] | None:
    if not piece:
        return None
    start = letters.find(piece)
    while start >= 0:
        found = places[start], places[start + len(piece) - 1] + 1
        if _is_whole(text, *found):
            return found
        start = letters.find(piece, start + 1)
    best = (
        fuzz.partial_ratio_alignment(piece, letters, score_cutoff=_MIN_SIMILARITY)
        if len(piece) >= _MIN_LETTERS
        else None
    )
    if best is None or best.dest_end <= best.dest_start or len(piece) > len(letters):
        return None
    return places[best.dest_start], places[best.dest_end - 1] + 1


def _is_whole(text: str, start: int, end: int) -> bool:
    """Does this range start and end at word boundaries?"""
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())


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


RequirementList = tuple[TracedRequirement, ...]


@dataclass(frozen=True)
class Filter:
    """Conditions for a requirement to be in the list; an empty one always holds."""

    kind: str = ""
    status: str = ""
    state: str = ""
    file: str = ""
    gap: str = ""
    words: str = ""

    def matches(self, item: TracedRequirement) -> bool:
        """Do all conditions hold?"""
        requirement = item.requirement
        exact = ((self.kind, requirement.kind), (self.status, requirement.status), (self.state, item.state))
        return (
            all(wanted in {"", actual} for wanted, actual in exact)
            and (not self.file or self.file in _files(item))
            and (not self.gap or (self.gap in _GAPS and _GAPS[self.gap][1](item)))
            and all(word in _words(item) for word in self.words.lower().split())
        )


@dataclass(frozen=True)
class Menu:
    """A menu of the filter."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    """Values with their labels."""


FIELDS = frozenset(field.name for field in fields(Filter))


_GAPS: dict[str, tuple[str, Callable[[TracedRequirement], bool]]] = {
    "owner": ("no owner file", lambda item: not item.owner),
    "mark": ("no mark in the code", lambda item: not item.marks),
    "quote": ("quote not found", lambda item: bool(item.requirement.quote) and not item.requirement.quote_found),
}
"""Name -> what is missing, and whether it is."""


def menus(requirements: RequirementList) -> tuple[Menu, ...]:
    """The menus of the filter; they offer only values that occur, with their number."""
    states = Counter(item.state for item in requirements)
    files = Counter(path for item in requirements for path in _files(item))
    gaps = Counter(name for item in requirements for name, (_, is_missing) in _GAPS.items() if is_missing(item))
    return (
        _menu("state", "all verdicts", ((state, LABELS[state], states[state]) for state in STATES)),
        _menu("status", "all sources", _counted(item.requirement.status for item in requirements)),
        _menu("kind", "all kinds", _counted(item.requirement.kind for item in requirements)),
        _menu("file", "all files", ((path, path, files[path]) for path in sorted(files))),
        _menu("gap", "no gap selected", ((name, _GAPS[name][0], gaps[name]) for name in _GAPS)),
    )


def list_html(requirements: RequirementList, *, is_planned: bool) -> Markup:
    """These requirements; `is_planned`: the run has any."""
    template = environment("papercoder.web").get_template("requirements.html")
    values = {"items": requirements, "is_planned": is_planned}
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def detail_html(item: TracedRequirement) -> Markup:
    """A requirement in full: its quote, verdict and places."""
    return Markup(environment("papercoder.web").get_template("requirement.html").render(item=item))  # noqa: S704  as above


def filter_html(requirements: RequirementList, chosen: Filter) -> Markup:
    """The fields of the filter, and the verdicts as a bar."""
    states = Counter(item.state for item in requirements)
    values = {
        "menus": menus(requirements),
        "chosen": {field.name: getattr(chosen, field.name) for field in fields(Filter)},
        "states": {state: states[state] for state in STATES if states[state]},
        "total": len(requirements),
    }
    return Markup(environment("papercoder.web").get_template("filter.html").render(**values))  # noqa: S704  as above


def index_of(requirements: RequirementList, selected: str, default: int = -1) -> int:
    """The position of a requirement in the list."""
    return next((index for index, item in enumerate(requirements) if item.requirement.id == selected), default)


def _counted(values: Iterable[str]) -> Iterable[tuple[str, str, int]]:
    return ((value, value, count) for value, count in Counter(values).items())


def _menu(name: str, label: str, values: Iterable[tuple[str, str, int]]) -> Menu:
    """A menu of values with their labels and numbers; those that do not occur are left out."""
    return Menu(name, label, tuple((value, f"{words} ({count:,})") for value, words, count in values if count))


def _files(item: TracedRequirement) -> set[str]:
    return {place.path for place in item.places} | ({item.owner} if item.owner else set())


def _words(item: TracedRequirement) -> str:
    requirement = item.requirement
    words = (requirement.id, requirement.statement, requirement.quote, requirement.anchor, *sorted(_files(item)))
    return " ".join(words).lower()
