"""Builds a `Paper` with anchors from the elements that a reader finds in a source, in reading order.

Every source module (`pdf`, `latex`, `html`, ...) yields a `Draft`; only this module gives out anchors, so that `3.2¶4`
means the same for every source.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from papercoder.artifacts import (
    Algorithm,
    AnyBlock,
    Equation,
    Figure,
    Loss,
    Paper,
    Paragraph,
    Place,
    Reference,
    Section,
    SourceKind,
    Table,
)

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Area:
    """Where an element is printed; the origin is the page's top left corner, in points."""

    page: int
    """From 1."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Heading:
    """A heading as the source has it."""

    title: str
    level: int
    """1 for a section."""

    number: str = ""
    """As printed (`3.2`, `A.1`); empty where the source prints none."""

    appendix: bool = False


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    area: Area | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Display:
    """A displayed equation."""

    text: str
    number: str = ""
    area: Area | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Grid:
    """A table."""

    caption: str
    rows: tuple[tuple[str, ...], ...]
    number: str = ""
    area: Area | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Listing:
    """An algorithm."""

    caption: str
    text: str
    number: str = ""
    area: Area | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Picture:
    """A figure's caption, and where the figure is."""

    caption: str
    number: str = ""
    area: Area | None = field(default=None, compare=False)
    graphics: tuple[str, ...] = ()
    """The files with its pictures, as LaTeX source names them."""


Element = Heading | Text | Display | Grid | Listing | Picture


@dataclass(frozen=True)
class Doubt:
    """A suspicion about one element: the parse may have lost something of it."""

    element: Element
    kind: str
    message: str
    """One sentence for the user; `{place}` is replaced by the element's anchor and page."""


@dataclass
class Draft:
    """What a source module found."""

    title: str = ""
    abstract: str = ""
    elements: list[Element] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """The files that were read, if the source has several."""
    doubts: list[Doubt] = field(default_factory=list)
    title_area: Area | None = None
    turned: dict[int, float] = field(default_factory=dict)
    """Pages that were rotated back before they were read, from 1, and by how many degrees."""

    checks: list[str] = field(default_factory=list)
    """What was compared with the source: `words`, `fonts`, `formulas`, `outline`."""

    authors: list[str] = field(default_factory=list)
    address: str = ""
    """Of the published paper."""


@dataclass
class _Anchors:
    """Hands out anchors, each once."""

    numbered: frozenset[str]
    """Kinds of which the source numbers some: those without a number count by themselves, as `eq:u1`, `eq:u2`, ..."""

    taken: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def of_kind(self, kind: str, number: str = "") -> str:
        if number:
            return self.unique(f"{kind}:{number}")
        self.counts[kind] += 1
        return self.unique(f"{kind}:{'u' if kind in self.numbered else ''}{self.counts[kind]}")

    def paragraph(self, section: str) -> str:
        """The next paragraph of a section."""
        self.counts[f"{section}¶"] += 1
        return f"{section}¶{self.counts[f'{section}¶']}"

    def unique(self, anchor: str) -> str:
        candidate = anchor
        while candidate in self.taken:
            self.counts[f"{anchor}~"] += 1
            candidate = f"{anchor}~{self.counts[f'{anchor}~'] + 1}"
        self.taken.add(candidate)
        return candidate


@dataclass
class _Numbering:
    """Numbers headings as LaTeX would where the source prints no number at all.

    Where it numbers some, the others (an acknowledgement, say) have none in print either, and are known by their title.
    """

    by_title: bool
    counters: list[int] = field(default_factory=list)
    in_appendix: bool = False

    def next(self, heading: Heading) -> str:
        if heading.appendix and not self.in_appendix:
            self.counters, self.in_appendix = [], True
        number = self._number(heading)
        return f"app:{number}" if self.in_appendix else number

    def _number(self, heading: Heading) -> str:
        if heading.number:
            parts = heading.number.split(".")
            self.counters = [
                int(part) if part.isdecimal() else max(ord(part[:1].upper()) - 64, 1) for part in parts if part
            ]
            return heading.number
        name = "-".join(_WORD.findall(heading.title.lower())[:6])
        return name if self.by_title and name else self._count(heading.level)

    def _count(self, level: int) -> str:
        self.counters = (self.counters + [0] * level)[:level]
        self.counters[-1] += 1
        return self._printed()

    def _printed(self) -> str:
        first, *rest = self.counters
        head = chr(64 + min(max(first, 1), 26)) if self.in_appendix else str(first)
        return ".".join([head, *map(str, rest)])


def assemble(draft: Draft, source: SourceKind) -> Paper:
    """Anchor everything and gather it into sections; text before the first heading goes to section `0`."""
    anchors = _Anchors(frozenset(_kind(element) for element in draft.elements if _is_numbered(element)))
    numbering = _Numbering(by_title=any(isinstance(e, Heading) and e.number for e in draft.elements))
    sections: list[tuple[str, Heading, list[AnyBlock]]] = []
    anchored: list[tuple[Element, str]] = []
    for element in draft.elements:
        if isinstance(element, Heading):
            sections.append((anchors.unique(numbering.next(element)), element, []))
            continue
        if not sections:
            sections.append((anchors.unique("0"), Heading("Front matter", 1), []))
        anchor, _, blocks = sections[-1]
        blocks.append(_block(element, anchor, anchors))
        anchored.append((element, blocks[-1].anchor))
    return Paper(
        title=draft.title,
        authors=tuple(draft.authors),
        address=draft.address,
        abstract=draft.abstract,
        sections=tuple(
            Section(anchor=anchor, level=heading.level, title=heading.title, blocks=tuple(blocks))
            for anchor, heading, blocks in sections
        ),
        references=tuple(draft.references),
        files=tuple(draft.files),
        losses=(*draft.losses, *_losses(draft.doubts, anchored)),
        places=tuple(_places(draft, anchored)),
        checks=tuple(draft.checks),
        source=source,
    )


def _area(element: Element) -> Area | None:
    return None if isinstance(element, Heading) else element.area


def _losses(doubts: Iterable[Doubt], anchored: Iterable[tuple[Element, str]]) -> Iterator[Loss]:
    anchors = {id(element): anchor for element, anchor in anchored}
    for doubt in doubts:
        anchor, area = anchors.get(id(doubt.element), ""), _area(doubt.element)
        place = f"{anchor} (page {area.page})" if area else anchor
        page = area.page if area else None
        yield Loss(kind=doubt.kind, message=doubt.message.replace("{place}", place), anchor=anchor, page=page)


def _places(draft: Draft, anchored: Iterable[tuple[Element, str]]) -> Iterator[Place]:
    areas = [(draft.title_area, "title"), *((_area(element), anchor) for element, anchor in anchored)]
    for area, anchor in areas:
        if area is not None:
            yield Place(anchor=anchor, turned=draft.turned.get(area.page, 0.0), **vars(area))


def _kind(element: Element) -> str:
    return {Display: "eq", Grid: "tab", Listing: "alg", Picture: "fig"}.get(type(element), "")


def _is_numbered(element: Element) -> bool:
    return isinstance(element, Display | Grid | Listing | Picture) and bool(element.number)


def _block(element: Element, section: str, anchors: _Anchors) -> AnyBlock:
    match element:
        case Display(text=text, number=number):
            return Equation(anchor=anchors.of_kind(_kind(element), number), text=text, number=number)
        case Grid(caption=caption, rows=rows, number=number):
            return Table(anchor=anchors.of_kind(_kind(element), number), caption=caption, rows=rows)
        case Listing(caption=caption, text=text, number=number):
            return Algorithm(anchor=anchors.of_kind(_kind(element), number), caption=caption, text=text)
        case Picture(caption=caption, number=number, graphics=graphics):
            return Figure(anchor=anchors.of_kind(_kind(element), number), caption=caption, graphics=graphics)
        case Text(text=text):
            return Paragraph(anchor=anchors.paragraph(section), text=text)
        case Heading():
            raise TypeError("a heading opens a section; it is no block")
