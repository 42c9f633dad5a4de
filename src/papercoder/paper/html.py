"""Reads HTML: LaTeXML's pages, as arXiv and ar5iv serve them, and any other page by its headings.

Pages that are no paper are refused.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from papercoder.artifacts import Loss, Reference
from papercoder.errors import PaperError
from papercoder.paper.draft import Draft, Element, Listing, Text
from papercoder.paper.markup import Rows, Tag, cells_of, classes_of, parse_html, span, tidy
from papercoder.paper.mathml import normalize_maths, tex
from papercoder.paper.printed import (
    NUMBER_AFTER,
    PrintedHeading,
    authors,
    caption,
    captioned,
    display,
    doi_address,
    equation,
    is_abstract,
    is_references,
    outlined,
)

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
    """Whether a table is in no other table of this figure, and is not an equation."""
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


SKIPPED = frozenset("script style nav header footer button form noscript svg iframe template aside".split())
SKIPPED_CLASSES = frozenset(
    """
    ltx_tag_item ltx_tag_note ltx_note_mark ltx_authors ltx_dates ltx_page_navbar ltx_page_footer ltx_page_header
    ltx_TOC ltx_toclist ltx_ERROR ltx_role_newpage ltx_pagination ltx_rdf package-alerts ltx_page_logo ltx_keywords
    ltx_classification ar5iv-footer
    """.split()
)
BLOCKS = frozenset(
    """
    div section article main ul ol dl table tbody thead tr td th figure figcaption p li dd dt pre blockquote center
    details summary body hr h1 h2 h3 h4 h5 h6 fieldset address
    """.split()
)
_NOTES = frozenset("ltx_role_footnote ltx_role_footnotetext ltx_role_endnote ltx_role_thanks".split())
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


_SHORT = 400
"""Words; a page with more text is a paper, even if it speaks of errors."""

_HEAD = 1_500
"""Characters at the start of a page that say what it is."""

_NO_PAPERS = (
    (
        "",
        r"no html for\b|html is not available for|conversion to html (?:failed|was not successful)|no html version",
        "says that there is no HTML of this paper",
    ),
    (
        "",
        r"captcha|are you (?:a |really )?(?:robot|human)|(?:verify|confirm)(?:ing)? (?:that )?you are (?:a )?human"
        r"|not a robot|checking (?:if the site connection is secure|your browser)|just a moment|unusual traffic"
        r"|attention required|enable (?:javascript and )?cookies",
        "asks whether a person reads it (a captcha)",
    ),
    (
        r"\b40[45]\b|\bnot found\b",
        r"page (?:was |could )?not (?:be )?found|no longer (?:available|exists)|article .{0,40}not recognized",
        "says that the page was not found",
    ),
    (
        r"\b40[13]\b|forbidden",
        r"access (?:is |to .{0,40} )?denied|permission to access|(?:sign|log) ?in to (?:continue|access|read)"
        r"|institutional (?:access|login)|purchase (?:access|article|pdf)|get access to",
        "does not give access to the paper",
    ),
    (
        r"\b(?:429|50[0234])\b|\berror\b",
        r"too many requests|rate limit|service (?:temporarily )?unavailable|bad gateway|internal server error"
        r"|under maintenance|try again later",
        "is a server's error page",
    ),
)
"""What a title says, what a title or the start of the text says, and what that means."""

_ABSTRACT_PAGE = "boolean(//meta[@name = 'citation_arxiv_id']) and not(//*[contains(@class, 'ltx_document')])"


def refuse_other_pages(root: Tag, text: str, *, has_headings: bool, where: str) -> None:
    """Raise `PaperError` for a page that is not a paper.

    Args:
        root: of the page.
        text: what was read of it.
        has_headings: whether sections were found in it.
        where: what to call it in the message.
    """
    advice = "save the paper's own page, or give its PDF or source"
    words = len(text.split())
    if root.xpath(_ABSTRACT_PAGE):
        raise PaperError(f"{where} is arXiv's page about the paper, with its abstract only; give the arXiv id instead.")
    titles = " ".join(tidy("".join(tag.itertext())) for tag in root.xpath("//title | //h1 | //h2")[:4])
    for in_title, anywhere, meaning in _NO_PAPERS if words < _SHORT else ():
        is_meant = re.search(anywhere, f"{titles} {text[:_HEAD]}", re.IGNORECASE)
        if is_meant or (in_title and re.search(in_title, titles, re.IGNORECASE)):
            raise PaperError(f"{where} {meaning}; {advice}.")
    if not words or (words < _SHORT // 4 and not has_headings):
        raise PaperError(f"{where} is an HTML page without a paper's text; {advice}.")


_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LEVELS = {
    "ltx_title_part": 1,
    "ltx_title_chapter": 1,
    "ltx_title_section": 2,
    "ltx_title_appendix": 2,
    "ltx_title_subsection": 3,
    "ltx_title_subsubsection": 4,
}
_RUN_IN = frozenset("ltx_title_paragraph ltx_title_subparagraph ltx_title_theorem ltx_title_proof ltx_runin".split())
_PARAGRAPHS = frozenset("p li dd dt blockquote".split())
_WITH_BLOCKS = "boolean(.//p|.//ul|.//ol|.//table|.//pre|.//div|.//figure|.//math[@display='block'])"
_DEEPEST = 120
_LISTINGS = ".//pre | .//*[contains(concat(' ', @class, ' '), ' ltx_listing ')]"
_EQUATIONS = frozenset(
    """
    ltx_equation ltx_equationgroup ltx_eqn_table equation equationgroup eqnarray displaymath
    """.split()
)
_NUMBERS = (
    ".//*[contains(@class, 'ltx_tag_equation') or contains(@class, 'ltx_eqn_eqno') or contains(@class, 'eqno')"
    " or contains(@class, 'refnum') or contains(@class, 'eqnumber') or contains(@class, 'equation-number')]"
)
_TITLES = ("//h1[contains(@class, 'ltx_title_document')]", "//article//h1", "//main//h1", "//h1", "//title")
_TITLE_NOISE = re.compile(r"^\[\d{4}\.\d{4,5}(?:v\d+)?\]\s*|^Title:\s*|\s+[|–-]\s+(?:arXiv|ar5iv|PMC|OpenReview)\S*$")
_DISPLAYS = re.compile(
    r"(?:\$\$(?P<dollars>[^$]+)\$\$|(?<!\\)\\\[(?P<brackets>(?:(?!(?<!\\)\\\[).)+?)\\\]"
    r"|\\begin\{equation(?P<star>\*?)\}(?P<equation>(?:(?!\\begin\{equation).)+?)\\end\{equation(?P=star)\}"
    r"|(?P<environment>\\begin\{(?P<name>(?:align|gather|multline|eqnarray)\*?)\}"
    r"(?:(?!\\begin\{(?:align|gather|multline|eqnarray)\*?\}).)+?\\end\{(?P=name)\}))"
    r"(?P<number>\s*\([A-Z]?\.?\d{1,3}(?:\.\d+)*[a-z]?\))?",
    re.DOTALL,
)
"""Formulas as LaTeX. None contains the beginning of another: where many begin and none ends, each is searched once."""

_INLINE = re.compile(r"(?<!\\)\\\(((?:(?!(?<!\\)\\\().)+?)\\\)", re.DOTALL)
_FATAL = "Conversion to HTML had a Fatal error"


def read_html(data: bytes, where: str) -> Draft:
    """The draft of a paper in HTML; raises `PaperError` if the page is not a paper."""
    root = parse_html(data, where)
    normalize_maths(root)
    reader = _Reader()
    reader.read(root)
    draft = reader.draft
    has_headings = any(isinstance(each, PrintedHeading) for each in reader.elements)
    draft.elements = outlined(reader.elements)
    text = " ".join([draft.abstract, *(each.text for each in draft.elements if isinstance(each, Text))])
    refuse_other_pages(root, text, has_headings=has_headings, where=where)
    if _FATAL in "".join(root.itertext()):
        draft.losses.append(
            Loss(kind="conversion", message="The conversion to HTML failed; the page may be cut short.")
        )
    return draft


@dataclass
class _Reader:
    draft: Draft = field(default_factory=Draft)
    elements: list[Element | PrintedHeading] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    in_references: bool = False
    in_abstract: bool = False
    pieces: list[str] = field(default_factory=list)
    lead: str = ""

    def read(self, root: Tag) -> None:
        title = next((found[0] for path in _TITLES if (found := root.xpath(path))), None)
        cited = root.xpath("//meta[@name = 'citation_title']/@content")
        shown = heading_text(title) if title is not None else ""
        is_own = title is not None and "ltx_title_document" in classes_of(title)
        self.draft.title = _TITLE_NOISE.sub("", tidy(cited[0]) if cited and not is_own else shown)
        meta = root.xpath("//meta[@name = 'citation_author' or @name = 'dc.Creator']/@content")
        shown_names = root.xpath("//*[contains(@class, 'ltx_personname')]")
        self.draft.authors = authors(" ".join(reversed(name.split(",", 1))) for name in meta) or authors(
            tidy(" , ".join(tag.itertext())) for tag in shown_names
        )
        self.draft.address = doi_address(" ".join(root.xpath("//meta[@name = 'citation_doi']/@content")))
        body = next(root.iter("body"), root)
        self._children([*body.iter("article"), *body.iter("main"), body][0], 0)
        self._end_paragraph()
        if not self.draft.references and root.xpath("boolean(//cite)"):
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
        name, classes = str(tag.tag).lower(), classes_of(tag)
        if name in SKIPPED or classes & SKIPPED_CLASSES or depth > _DEEPEST:
            return
        for is_kind, action in _KINDS:
            if is_kind(name, classes):
                action(self, tag)
                return
        if name not in BLOCKS:
            self.pieces += strings(tag, self.notes)
        else:
            self._end_paragraph()
            self._children(tag, depth)
            self._end_paragraph()

    # Text

    def _text(self, tag: Tag) -> str:
        return text_of(tag, self.notes)

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
            self.elements += _split(lead + text)
        self.elements += map(Text, self.notes)
        self.notes.clear()

    # Kinds of element

    def _heading(self, tag: Tag) -> None:
        self._end_paragraph()
        text, classes = heading_text(tag), classes_of(tag)
        if not text or _TITLE_NOISE.sub("", text) == self.draft.title or "ltx_title_document" in classes:
            return
        if classes & _RUN_IN:
            self.lead = text + (" " if text.endswith((".", ":", "?", "!")) else ". ")
            return
        late = bool(self.draft.references)
        self.in_references = is_references(text)
        self.in_abstract = is_abstract(text) and not self.draft.abstract
        if not (self.in_references or self.in_abstract):
            level = next((_LEVELS[name] for name in classes & _LEVELS.keys()), _HEADINGS.get(str(tag.tag).lower(), 2))
            is_appendix = "ltx_title_appendix" in classes
            self.elements.append(PrintedHeading(text, level, follows_references=late, is_appendix=is_appendix))

    def _block(self, tag: Tag) -> None:
        """A paragraph, unless it contains blocks."""
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
        for part, number in _numbered_parts(tag):
            text = " ".join(filter(None, map(tex, part.iter("math"))))
            if text:
                self.elements.append(display(text, number))
            elif part is tag and (loose := self._text(tag)):
                self._paragraph(loose)

    def _maths(self, tag: Tag) -> None:
        if tag.get("display") == "block":
            self._end_paragraph()
            self.elements.append(equation(tex(tag)))
        else:
            self.pieces.append(f"${tex(tag)}$")

    def _figure(self, tag: Tag) -> None:
        self._end_paragraph()
        line = self._caption(tag)
        if not line and tag.xpath("boolean(.//figure)"):
            self._children(tag, 0)
            return
        tables = [table for table in tag.xpath(TABULARS) if is_outermost(table, tag)]
        listing = next(iter(tag.xpath(_LISTINGS)), None)
        for table in tables:
            self.elements.append(captioned("table", line, rows_of(table, self._text)))
        if listing is not None:
            self.elements.append(captioned("algorithm", line, text=lines_of(listing, self.notes)))
        elif not tables:
            self._without_content(tag, line)

    def _caption(self, tag: Tag) -> str:
        """The caption, followed by the captions of its parts; empty if the figure has none."""
        captions = list(tag.iter("figcaption", "caption"))
        own = [each for each in captions if next(each.iterancestors("figure", "table"), tag) is tag]
        if not own and str(tag.tag).lower() == "figure" and captions:
            return ""
        return tidy(" ".join(self._text(each) for each in (*own, *(each for each in captions if each not in own))))

    def _without_content(self, tag: Tag, line: str) -> None:
        found = caption(line)
        if found and found.kind == "algorithm":
            self.elements.append(captioned("algorithm", line, text=lines_of(tag, self.notes)))
        elif line:
            self.elements.append(captioned(found.kind if found else "figure", line))

    def _table(self, tag: Tag) -> None:
        self._end_paragraph()
        if _only_formulas(tag):
            self._equations(tag)
            return
        shown = next(tag.iter("caption"), None)
        line = self._text(shown) if shown is not None else ""
        self.elements.append(captioned("table", line, rows_of(tag, self._text)))

    def _listing(self, tag: Tag) -> None:
        self._end_paragraph()
        self.elements.append(Listing("", lines_of(tag, self.notes)))

    def _bibliography(self, tag: Tag) -> None:
        self._end_paragraph()
        for item in tag.xpath(".//*[contains(@class, 'ltx_bibitem')]"):
            text = tidy(" ".join(self._text(part) for part in item)) or self._text(item)
            if text:
                self.draft.references.append(Reference(key=item.get("id") or text[:20], text=text))


def _split(text: str) -> Iterator[Element]:
    """A paragraph, cut at displayed formulas in LaTeX."""
    end = 0
    for match in _DISPLAYS.finditer(text):
        if before := text[end : match.start()].strip():
            yield Text(_INLINE.sub(r"$\1$", before))
        source = match["dollars"] or match["brackets"] or match["equation"] or match["environment"]
        yield equation(source, match["number"] or "")
        end = match.end()
    if after := text[end:].strip():
        yield Text(_INLINE.sub(r"$\1$", after))


def _numbered_parts(equations: Tag) -> Iterator[tuple[Tag, str]]:
    """The equations of a group with their numbers: its bodies, or its rows if several of them have a number."""
    bodies = equations.xpath("./tbody[.//math]")
    rows = [row for row in equations.iter("tr") if row.xpath("boolean(.//math)")]
    parts = bodies if len(bodies) > 1 else rows if sum(bool(row.xpath(_NUMBERS)) for row in rows) > 1 else [equations]
    for part in parts:
        numbers = (tidy("".join(number.itertext())) for number in part.xpath(_NUMBERS))
        yield part, next(filter(None, numbers), "") or _number_cell(part)


def _number_cell(part: Tag) -> str:
    """The number of an equation in a cell or block of its own."""
    texts = (tidy("".join(cell.itertext())) for cell in part.iter("td", "span", "div") if not len(cell))
    return next((text for text in texts if NUMBER_AFTER.fullmatch(text)), "")


def _only_formulas(table: Tag) -> bool:
    """Whether a table only lays out displayed formulas and their numbers."""
    if not table.xpath("boolean(.//math)") or table.xpath("boolean(.//caption | .//th)"):
        return False
    texts = [tidy("".join(cell.itertext())) for cell in table.iter("td") if not cell.xpath("boolean(.//math)")]
    is_display = table.xpath("boolean(.//math[@display = 'block'])")
    has_number = any(NUMBER_AFTER.fullmatch(text) for text in texts)
    return (is_display or has_number) and all(not text or NUMBER_AFTER.fullmatch(text) for text in texts)


_Action = Callable[[_Reader, Tag], None]
_KINDS: tuple[tuple[Callable[[str, frozenset[str]], bool], _Action], ...] = (
    (lambda name, classes: name in _HEADINGS or "ltx_title" in classes, _Reader._heading),
    (lambda _, classes: "ltx_abstract" in classes, _Reader._abstract),
    (lambda _, classes: bool(classes & _EQUATIONS), _Reader._equations),
    (lambda _, classes: "ltx_bibliography" in classes, _Reader._bibliography),
    (lambda name, classes: name == "figure" or "ltx_float" in classes, _Reader._figure),
    (lambda name, classes: name == "table" or "ltx_tabular" in classes, _Reader._table),
    (lambda name, classes: name == "pre" or "ltx_listing" in classes, _Reader._listing),
    (lambda name, _: name == "math", _Reader._maths),
    (lambda name, _: name in _PARAGRAPHS, _Reader._block),
)
