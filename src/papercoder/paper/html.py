"""HTML: LaTeXML's, as arXiv serves it, by its classes; any other page by its headings."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from papercoder.artifacts import Loss, Reference
from papercoder.errors import PaperError
from papercoder.paper.draft import Draft, Element, Listing, Text
from papercoder.paper.markup import Rows, Tag, cells_of, parse_html, span, tidy
from papercoder.paper.names import names
from papercoder.paper.printed import caption, captioned, display, heading, is_abstract, is_references

_SKIPPED = names("script style nav header footer button form noscript svg iframe template aside")
_SKIPPED_CLASSES = names(
    """
    ltx_tag_item
    ltx_tag_note ltx_note_mark ltx_authors ltx_dates ltx_page_navbar ltx_page_footer ltx_page_header ltx_TOC
    ltx_toclist ltx_ERROR ltx_role_newpage ltx_pagination ltx_rdf package-alerts ltx_page_logo ltx_keywords
    ltx_classification
    """
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LEVELS = {"ltx_title_section": 1, "ltx_title_appendix": 1, "ltx_title_subsection": 2, "ltx_title_subsubsection": 3}
_RUN_IN = names("ltx_title_paragraph ltx_title_subparagraph ltx_title_theorem ltx_title_proof ltx_runin")
_PARAGRAPHS = names("p li dd dt blockquote")
_BLOCKS = names(
    """
    div section article main ul ol dl table tbody thead tr td th figure figcaption p li dd dt pre blockquote
    center details summary body hr h1 h2 h3 h4 h5 h6 fieldset address
    """
)
_WITH_BLOCKS = "boolean(.//p|.//ul|.//ol|.//table|.//pre|.//div|.//figure|.//math[@display='block'])"
_DEEPEST = 120
_TABULARS = ".//table | .//*[contains(concat(' ', @class, ' '), ' ltx_tabular ')]"
_ROWS = ".//tr | .//*[contains(concat(' ', @class, ' '), ' ltx_tr ')][not(self::tr)]"
_CELLS = "./td | ./th | ./*[not(self::td or self::th)][contains(concat(' ', @class, ' '), ' ltx_td ')]"
_LISTINGS = ".//pre | .//*[contains(concat(' ', @class, ' '), ' ltx_listing ')]"


def read_html(data: bytes, where: str) -> Draft:
    """The draft of a paper in HTML; raises `PaperError` where the page has no text."""
    root = parse_html(data, where)
    reader = _Reader()
    reader.read(root)
    if not any(isinstance(element, Text) for element in reader.draft.elements):
        raise PaperError(f"{where} is an HTML page without a paper's text; give the paper's own page, PDF or source.")
    return reader.draft


@dataclass
class _Reader:
    draft: Draft = field(default_factory=Draft)
    notes: list[str] = field(default_factory=list)
    appendix: bool = False
    in_references: bool = False
    in_abstract: bool = False
    pieces: list[str] = field(default_factory=list)
    lead: str = ""

    def read(self, root: Tag) -> None:
        title = (
            root.xpath("//h1[contains(@class, 'ltx_title_document')]") or root.xpath("//h1") or root.xpath("//title")
        )
        self.draft.title = self._text(title[0]) if title else ""
        body = next(root.iter("body"), root)
        main = [*body.iter("article"), *body.iter("main"), body][0]
        self._children(main, 0)
        self._end_paragraph()
        if self.draft.references == [] and root.xpath("boolean(//cite)"):
            self.draft.losses.append(Loss(kind="missing_references", message="The page cites works but lists none."))

    def _children(self, tag: Tag, depth: int) -> None:
        self._loose(tag.text)
        for child in tag:
            self._tag(child, depth + 1)
            self._loose(child.tail)

    def _loose(self, text: str | None) -> None:
        if text and text.strip():
            self.pieces.append(text)

    def _tag(self, tag: Tag, depth: int) -> None:
        name, classes = str(tag.tag).lower(), frozenset((tag.get("class") or "").split())
        if name in _SKIPPED or classes & _SKIPPED_CLASSES or depth > _DEEPEST:
            return
        for is_kind, action in _KINDS:
            if is_kind(name, classes):
                action(self, tag)
                return
        if name not in _BLOCKS:
            self.pieces.append(self._raw(tag))
        else:
            self._end_paragraph()
            self._children(tag, depth)
            self._end_paragraph()

    # Text

    def _raw(self, tag: Tag) -> str:
        """The text of an element, formulas as LaTeX between dollars."""
        return "".join(_strings(tag, self.notes))

    def _text(self, tag: Tag) -> str:
        return tidy(self._raw(tag))

    def _end_paragraph(self) -> None:
        text = tidy("".join(self.pieces))
        self.pieces.clear()
        self._paragraph(text)

    def _paragraph(self, text: str) -> None:
        if text and self.in_references:
            self.draft.references.append(Reference(key=str(len(self.draft.references) + 1), text=text))
        elif text and self.in_abstract:
            self.draft.abstract = "\n\n".join(part for part in (self.draft.abstract, text) if part)
        elif text:
            lead, self.lead = self.lead, ""
            self._add(Text(lead + text))
        for note in self.notes:
            self._add(Text(note))
        self.notes.clear()

    def _add(self, element: Element) -> None:
        self.draft.elements.append(element)

    # Kinds of element

    def _heading(self, tag: Tag) -> None:
        self._end_paragraph()
        text, classes = self._text(tag), frozenset((tag.get("class") or "").split())
        if not text or text == self.draft.title:
            return
        if classes & _RUN_IN:
            self.lead = text + (" " if text.endswith((".", ":", "?", "!")) else ". ")
            return
        self.in_references = is_references(text)
        self.in_abstract = is_abstract(text) and not self.draft.abstract
        if not (self.in_references or self.in_abstract):
            level = next((_LEVELS[name] for name in classes & _LEVELS.keys()), self._level(tag))
            found = heading(text, level, appendix=self.appendix or "ltx_title_appendix" in classes)
            self.appendix = found.appendix
            self._add(found)

    def _level(self, tag: Tag) -> int:
        return max(_HEADINGS.get(str(tag.tag).lower(), 2) - 1, 1)

    def _block(self, tag: Tag) -> None:
        """A paragraph, unless blocks stand in it."""
        self._end_paragraph()
        mark = self._mark(tag)
        if tag.xpath(_WITH_BLOCKS):
            self.lead = self.lead or mark
            self._children(tag, 0)
            self._end_paragraph()
        else:
            text = self._text(tag)
            self._paragraph(mark + text.removeprefix("• ") if text else "")

    def _mark(self, tag: Tag) -> str:
        """What a list's item begins with: its number, or a dash."""
        if str(tag.tag).lower() != "li" or self.in_references:
            return ""
        printed = "".join("".join(mark.itertext()) for mark in tag.xpath("./*[contains(@class, 'ltx_tag_item')]"))
        return f"{printed.strip()} " if any(map(str.isalnum, printed)) else "- "

    def _abstract(self, tag: Tag) -> None:
        parts = [self._text(part) for part in tag.iter("p")] or [self._text(tag)]
        self.draft.abstract = "\n\n".join(part for part in parts if part and not is_abstract(part))

    def _equations(self, tag: Tag) -> None:
        self._end_paragraph()
        bodies = tag.xpath("./tbody[.//*[contains(@class, 'ltx_equation')]]") or [tag]
        for body in bodies:
            number = next((self._text(n) for n in body.xpath(".//*[contains(@class, 'ltx_tag_equation')]")), "")
            text = " ".join(_tex(maths) for maths in body.iter("math"))
            if text:
                self._add(display(text, number))

    def _maths(self, tag: Tag) -> None:
        if tag.get("display") == "block":
            self._end_paragraph()
            self._add(display(_tex(tag)))
        else:
            self.pieces.append(f"${_tex(tag)}$")

    def _figure(self, tag: Tag) -> None:
        self._end_paragraph()
        line = self._caption(tag)
        if not line and tag.xpath("boolean(.//figure)"):
            self._children(tag, 0)
            return
        tables = [table for table in tag.xpath(_TABULARS) if _is_outermost(table, tag)]
        listing = next(iter(tag.xpath(_LISTINGS)), None)
        for table in tables:
            self._add(captioned("table", line, rows_of(table, self._text)))
        if listing is not None:
            self._add(captioned("algorithm", line, text=_lines(listing, self.notes)))
        elif not tables:
            self._without_content(tag, line)

    def _caption(self, tag: Tag) -> str:
        """The caption, those of its parts after it; empty where the figure has none of its own."""
        captions = list(tag.iter("figcaption", "caption"))
        own = [each for each in captions if next(each.iterancestors("figure", "table"), tag) is tag]
        if not own and str(tag.tag).lower() == "figure" and captions:
            return ""
        return tidy(" ".join(self._text(each) for each in (*own, *(each for each in captions if each not in own))))

    def _without_content(self, tag: Tag, line: str) -> None:
        found = caption(line)
        if found and found.kind == "algorithm":
            self._add(captioned("algorithm", line, text=_lines(tag, self.notes)))
        elif line:
            self._add(captioned(found.kind if found else "figure", line))

    def _table(self, tag: Tag) -> None:
        self._end_paragraph()
        shown = next(tag.iter("caption"), None)
        self._add(captioned("table", self._text(shown) if shown is not None else "", rows_of(tag, self._text)))

    def _listing(self, tag: Tag) -> None:
        self._end_paragraph()
        self._add(Listing("", _lines(tag, self.notes)))

    def _bibliography(self, tag: Tag) -> None:
        self._end_paragraph()
        for item in tag.xpath(".//*[contains(@class, 'ltx_bibitem')]"):
            text = tidy(" ".join(self._text(part) for part in item)) or self._text(item)
            if text:
                self.draft.references.append(Reference(key=item.get("id") or text[:20], text=text))


def rows_of(table: Tag, text_of: Callable[[Tag], str]) -> Rows:
    """The cells of a table, as `<table>` or as LaTeXML's spans with the classes of one."""
    return cells_of(
        [_cell(cell, text_of) for cell in row.xpath(_CELLS)] for row in table.xpath(_ROWS) if _owns(table, row)
    )


def _cell(cell: Tag, text_of: Callable[[Tag], str]) -> tuple[str, int, int]:
    classes = cell.get("class") or ""
    across, down = (re.search(rf"ltx_{side}span_(\d+)", classes) for side in ("col", "row"))
    return (
        text_of(cell),
        span(cell.get("colspan") or (across[1] if across else None)),
        span(cell.get("rowspan") or (down[1] if down else None)),
    )


def _owns(table: Tag, row: Tag) -> bool:
    return (
        next((tag for tag in row.iterancestors() if tag.tag == "table" or "ltx_tabular" in _classes(tag)), None)
        is table
    )


def _is_outermost(table: Tag, figure: Tag) -> bool:
    """Whether a table stands in no other table of this figure, and is no equation."""
    if _classes(table) & {"ltx_equation", "ltx_equationgroup", "ltx_eqn_table"}:
        return False
    for tag in table.iterancestors():
        if tag is figure:
            return True
        if tag.tag == "table" or "ltx_tabular" in _classes(tag):
            return False
    return True


def _classes(tag: Tag) -> frozenset[str]:
    return frozenset((tag.get("class") or "").split())


def _strings(tag: Tag, notes: list[str]) -> Iterator[str]:
    """The text of an element and of what is in it, in order; footnotes go to `notes`."""
    if not isinstance(tag.tag, str):
        return
    classes = _classes(tag)
    if "ltx_role_footnote" in classes:
        yield _note(tag, notes)
    elif tag.tag.endswith("math"):
        yield f"${tex}$" if (tex := _tex(tag)) else ""
    elif tag.tag not in _SKIPPED and not classes & _SKIPPED_CLASSES:
        yield " " if tag.tag in _BLOCKS or tag.tag == "br" else ""
        yield tag.text or ""
        for child in tag:
            yield from _strings(child, notes)
            yield child.tail or ""
        yield " " if tag.tag in _BLOCKS else ""


def _note(tag: Tag, notes: list[str]) -> str:
    content = next(iter(tag.xpath(".//*[contains(@class, 'ltx_note_content')]")), tag)
    parts = [content.text or ""]
    for child in content:
        parts += [*_strings(child, notes), child.tail or ""]
    number = next((tidy(mark.text or "") for mark in tag.xpath(".//*[contains(@class, 'ltx_note_mark')]")), "")
    notes.append(f"[^{number}]: {tidy(''.join(parts))}")
    return f"[^{number}]"


def _tex(maths: Tag) -> str:
    """A formula's LaTeX, or its characters where the page has none."""
    annotations = maths.xpath(".//*[local-name() = 'annotation'][contains(@encoding, 'tex')]")
    source = maths.get("alttext") or next((a.text for a in annotations if a.text), None) or "".join(maths.itertext())
    return tidy(source.replace("%\n", ""))


def _lines(listing: Tag, notes: list[str]) -> str:
    if listing.tag == "pre":
        return "".join(listing.itertext()).strip("\n")
    lines = list(listing.xpath(".//*[contains(@class, 'ltx_listingline')]")) or list(listing.iter("p"))
    return "\n".join(tidy("".join(_strings(line, notes))) for line in lines or [listing])


_Action = Callable[[_Reader, Tag], None]
_KINDS: tuple[tuple[Callable[[str, frozenset[str]], bool], _Action], ...] = (
    (lambda name, classes: name in _HEADINGS or "ltx_title" in classes, _Reader._heading),
    (lambda _, classes: "ltx_abstract" in classes, _Reader._abstract),
    (lambda _, classes: bool(classes & {"ltx_equation", "ltx_equationgroup"}), _Reader._equations),
    (lambda _, classes: "ltx_bibliography" in classes, _Reader._bibliography),
    (lambda name, classes: name == "figure" or bool(classes & {"ltx_float"}), _Reader._figure),
    (lambda name, classes: name == "table" or "ltx_tabular" in classes, _Reader._table),
    (lambda name, classes: name == "pre" or "ltx_listing" in classes, _Reader._listing),
    (lambda name, _: name == "math", _Reader._maths),
    (lambda name, _: name in _PARAGRAPHS, _Reader._block),
)
