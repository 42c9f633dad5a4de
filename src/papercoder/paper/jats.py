"""Reads JATS XML, the format of publishers and PubMed Central (ANSI/NISO Z39.96)."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from papercoder.artifacts import Loss, Reference
from papercoder.errors import PaperError
from papercoder.paper.draft import Draft, Element, Listing, Text
from papercoder.paper.html import rows_of
from papercoder.paper.markup import Tag, drop_namespaces, parse_xml, tidy
from papercoder.paper.mathml import tex_of
from papercoder.paper.printed import (
    FloatKind,
    PrintedHeading,
    authors,
    caption,
    captioned,
    doi_address,
    equation,
    outlined,
)

_SILENT = frozenset("label object-id graphic inline-graphic media processing-meta".split())
_SPACED = frozenset("break p title list-item list".split())
_FORMULAS = frozenset("inline-formula disp-formula math tex-math".split())
_TITLE_NOTES = ".//fn | .//xref[@ref-type = 'fn' or @ref-type = 'author-notes' or @ref-type = 'corresp']"
_SIGNS = re.compile(r"(?:\^\{?[*†‡§¶]*\}?|[*†‡§¶ ])+$")
_DOCUMENT = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)
_DELIMITERS = re.compile(r"^\s*(?:\$\$?|\\\[|\\\(|\\begin\{equation\*?\})|(?:\$\$?|\\\]|\\\)|\\end\{equation\*?\})\s*$")
_CITATIONS = re.compile(r"[\d,;\s–-]+")


def text_of(tag: Tag, notes: list[str]) -> str:
    """The text within an element on one line; footnotes go to `notes`."""
    return tidy("".join(_inside(tag, notes)))


def heading_text(tag: Tag) -> str:
    """The text of a title without its footnotes, which are removed from the tree."""
    for note in tag.xpath(_TITLE_NOTES):
        note.clear(keep_tail=True)
    return _SIGNS.sub("", text_of(tag, []))


def note_text(note: Tag, notes: list[str]) -> str:
    """A footnote behind its mark."""
    text = " ".join(text_of(part, notes) for part in note if part.tag != "label")
    return f"[^{sign}]: {text}" if (sign := _sign(note)) else text


def _sign(note: Tag) -> str:
    """The sign of a footnote: its label, or its identifier if it has none; in a table, nothing."""
    label = tidy(note.findtext("label") or "")
    is_in_table = next(note.iterancestors("table-wrap-foot"), None) is not None
    return label or ("" if is_in_table else note.get("id") or "*")


def strings(tag: Tag, notes: list[str]) -> Iterator[str]:
    """The text of an element in a paragraph."""
    if not isinstance(tag.tag, str) or tag.tag in _SILENT:
        return
    if special := _SPECIAL.get(tag.tag):
        yield special(tag, notes)
        return
    gap = " " if tag.tag in _SPACED else ""
    yield gap
    yield from _inside(tag, notes)
    yield gap


def tex(tag: Tag) -> str:
    """The LaTeX of a formula: as the file gives it, else from its MathML, else its characters."""
    source = next((each.text for each in tag.iter("tex-math") if each.text), "")
    if source:
        document = _DOCUMENT.search(source)
        return tidy(_DELIMITERS.sub("", _DELIMITERS.sub("", document[1] if document else source)))
    math = next(tag.iter("math"), None)
    return tex_of(math) if math is not None else text_of(tag, [])


def _inside(tag: Tag, notes: list[str]) -> Iterator[str]:
    yield tag.text or ""
    for child in tag:
        yield from strings(child, notes)
        yield child.tail or ""


def _formula(tag: Tag, _: list[str]) -> str:
    formula = tex(tag)
    return f"${formula}$" if formula else ""


def _raised(tag: Tag, notes: list[str]) -> str:
    """Raised and lowered text; raised citations read as `[1,2]`."""
    text = text_of(tag, notes)
    if tag.tag == "sup" and tag.xpath("boolean(./xref[@ref-type = 'bibr'])") and _CITATIONS.fullmatch(text):
        return f"[{text}]"
    if not text or text.startswith("[^"):
        return text
    return ("^" if tag.tag == "sup" else "_") + (text if len(text) == 1 else f"{{{text}}}")


def _footnote(tag: Tag, notes: list[str]) -> str:
    if not (sign := _sign(tag)):
        return note_text(tag, notes)
    notes.append(note_text(tag, notes))
    return f"[^{sign}]"


def _reference(tag: Tag, notes: list[str]) -> str:
    text = text_of(tag, notes)
    is_mark = tag.get("ref-type") in ("fn", "table-fn") and text
    return f"[^{text.strip('^{}')}]" if is_mark else text


_SPECIAL: dict[str, Callable[[Tag, list[str]], str]] = {
    **dict.fromkeys(_FORMULAS, _formula),
    "sub": _raised,
    "sup": _raised,
    "fn": _footnote,
    "xref": _reference,
}


_ENTRIES = "./back//ref-list//ref | ./body//ref-list//ref"
_WORKS = "(.//mixed-citation | .//element-citation | .//citation | .//nlm-citation)[1]"


def references_of(article: Tag) -> Iterator[Reference]:
    """The entries of all lists, each with its printed number."""
    for position, entry in enumerate(article.xpath(_ENTRIES), start=1):
        text = _text(next(iter(entry.xpath(_WORKS)), entry))
        number = tidy(entry.findtext("label") or "").strip("[]().")
        if text:
            key = entry.get("id") or number or str(position)
            yield Reference(key=key, text=f"[{number}] {text}" if number else text)


def _text(work: Tag) -> str:
    """A work on one line; the parts of an `element-citation` have no punctuation, so they get full stops."""
    if work.tag != "element-citation":
        return tidy("".join(work.itertext()))
    people = (
        " ".join(filter(None, (tidy(name.findtext(part) or "") for part in ("given-names", "surname"))))
        for name in work.iter("name")
    )
    parts = [tidy("".join(part.itertext())) for part in work if part.tag not in ("person-group", "name", "label")]
    return ". ".join(filter(None, [", ".join(people), *parts]))


_TITLES = frozenset("label title sec-meta".split())
_ORDERED = frozenset("order alpha-lower alpha-upper roman-lower roman-upper".split())
_FLOATS = frozenset("fig table-wrap boxed-text supplementary-material disp-formula".split())
_ABSTRACTS = ".//abstract[not(@abstract-type) or @abstract-type = 'normal']"


def read_jats(data: bytes, where: str) -> Draft:
    """The draft of a paper in JATS; raises `PaperError` if the XML is not well formed or has no text."""
    root = parse_xml(data, where)
    drop_namespaces(root)
    article = next(root.iter("article"), None)
    if article is None or article.find("body") is None:
        raise PaperError(f"{where} is JATS XML without the article's text (no `body`); give the full text or the PDF.")
    draft = _Reader(article).read()
    if not any(isinstance(each, Text) for each in draft.elements):
        raise PaperError(f"{where} is JATS XML whose `body` has no text; give the full text or the PDF.")
    return draft


@dataclass
class _Reader:
    article: Tag
    elements: list[Element | PrintedHeading] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    placed: set[str] = field(default_factory=set)
    """Identifiers of the floats that are in the text already."""

    pictured: int = 0
    """Displayed formulas that the file has only as pictures."""

    def read(self) -> Draft:
        title = self.article.find("front//title-group/article-title")
        parts = (title, self.article.find("front//title-group/subtitle"))
        titles = filter(None, (heading_text(part) for part in parts if part is not None))
        draft = Draft(title=": ".join(titles), abstract=self._abstract())
        people = self.article.xpath(
            "./front//contrib-group/contrib[not(@contrib-type) or @contrib-type = 'author']/name"
        )
        draft.authors = authors(
            " ".join(
                tidy("".join(part.itertext())) for part in (*name.xpath("./given-names"), *name.xpath("./surname"))
            )
            for name in people
        )
        draft.address = doi_address(" ".join(self.article.xpath("./front//article-id[@pub-id-type = 'doi']/text()")))
        self._children(self.article.find("body"), 1)
        draft.references = list(references_of(self.article))
        for tag in self.article.xpath("./back/*"):
            self._back(tag)
        self._floats(tag for tag in self.article.xpath("./floats-group/*") if tag.get("id", "") not in self.placed)
        draft.elements = outlined(self.elements, levels=False)
        if not draft.references and self.article.xpath("boolean(.//xref[@ref-type = 'bibr'])"):
            message = "The article cites works, but the XML lists none."
            draft.losses.append(Loss(kind="missing_references", message=message))
        if self.pictured:
            message = f"{self.pictured} displayed formulas are only pictures in the XML; read the PDF for them."
            draft.losses.append(Loss(kind="equations", message=message))
        return draft

    def _abstract(self) -> str:
        """The main abstract, a paragraph each; the headings of its parts run in."""
        abstracts = self.article.xpath(f"./front{_ABSTRACTS[1:]}") or self.article.xpath("./front//abstract")
        texts: list[str] = []
        for paragraph in abstracts[0].iter("p") if abstracts else ():
            title = paragraph.getprevious()
            runs_in = title is not None and title.tag == "title" and paragraph.getparent().tag == "sec"
            lead = f"{heading_text(title).rstrip(':.')}: " if runs_in else ""
            texts.append(lead + text_of(paragraph, self.notes))
        return "\n\n".join(filter(None, texts))

    # Sections

    def _section(self, tag: Tag, level: int, *, is_appendix: bool = False) -> None:
        parts = (tag.find("label"), tag.find("title"))
        text = " ".join(heading_text(part) for part in parts if part is not None)
        if text:
            is_late = is_appendix or next(tag.iterancestors("back"), None) is not None
            heading = PrintedHeading(text, level, follows_references=is_late, is_appendix=is_appendix)
            self.elements.append(heading)
        self._children(tag, level + bool(text))

    def _children(self, tag: Tag, level: int) -> None:
        for child in tag:
            if child.tag == "sec":
                self._section(child, level)
            elif child.tag not in _TITLES and not (tag.tag == "boxed-text" and child.tag == "caption"):
                self._block(child)

    def _back(self, tag: Tag) -> None:
        """A part of the back matter."""
        if tag.tag in ("app-group", "app"):
            for appendix in tag.iter("app"):
                self._section(appendix, 1, is_appendix=True)
        elif tag.tag == "fn-group":
            self.elements += [Text(note_text(note, self.notes)) for note in tag.iter("fn")]
        elif tag.tag in ("sec", "ack", "notes", "glossary", "bio"):
            if tag.tag == "ack" and tag.find("title") is None:
                self.elements.append(PrintedHeading("Acknowledgments", 1))
            self._section(tag, 1)
        else:
            self._block(tag)

    # Blocks

    def _block(self, tag: Tag) -> None:
        if isinstance(tag.tag, str):
            _BLOCKS.get(tag.tag, _Reader._paragraph)(self, tag)

    def _paragraph(self, tag: Tag, lead: str = "") -> None:
        """A paragraph, cut at the blocks in it, and behind it the floats that it is the first to cite."""
        pieces = [lead, tag.text or ""]
        for child in tag:
            if child.tag in _BLOCKS:
                self._flush(pieces)
                self._block(child)
            else:
                pieces += strings(child, self.notes)
            pieces.append(child.tail or "")
        self._flush(pieces)
        cited = {name for xref in tag.iter("xref") for name in (xref.get("rid") or "").split()} - self.placed
        if cited:
            self._floats(each for each in self.article.xpath("./floats-group/*") if each.get("id") in cited)

    def _flush(self, pieces: list[str]) -> None:
        if text := tidy("".join(pieces)):
            self.elements.append(Text(text))
        pieces.clear()
        self.elements += map(Text, self.notes)
        self.notes.clear()

    def _formula(self, tag: Tag) -> None:
        number = tidy(tag.findtext("label") or "").strip("() ")
        source = tex(tag)
        self.pictured += not source
        self.elements.append(equation(source or "EQUATION", f"({number})" if number else ""))

    def _floats(self, tags: Iterable[Tag]) -> None:
        for tag in tags:
            if tag.tag in _FLOATS:
                self._block(tag)

    def _table(self, tag: Tag) -> None:
        line, tables = self._line(tag), list(tag.iter("table"))
        rows = [rows_of(table, lambda cell: text_of(cell, self.notes)) for table in tables] or [()]
        self.elements += [captioned("table", line, each) for each in rows]
        self.elements += [Text(text) for foot in tag.iter("table-wrap-foot") if (text := text_of(foot, self.notes))]

    def _float(self, tag: Tag) -> None:
        """A figure or a box, by its label, else by its content."""
        line = self._line(tag)
        found = caption(line)
        kind: FloatKind = found.kind if found else "figure"
        lines = list(tag.iter("preformat", "code"))
        if tag.find(".//table") is not None:
            self._table(tag)
        elif kind == "algorithm" or (lines and not found):
            self.elements.append(captioned("algorithm", line, text=self._steps(tag, lines)))
        elif tag.tag == "boxed-text":
            self.elements += [Text(line)] if line else []
            self._children(tag, 2)
        elif line:
            self.elements.append(captioned(kind, line))

    def _line(self, tag: Tag) -> str:
        """Label and caption of a float."""
        self.placed.add(tag.get("id", ""))
        parts = (tag.find("label"), tag.find("caption"))
        return " ".join(text_of(part, self.notes) for part in parts if part is not None)

    def _steps(self, tag: Tag, lines: list[Tag]) -> str:
        if lines:
            return "\n".join("".join(each.itertext()).strip("\n") for each in lines)
        steps = (each for each in tag.iter("p") if next(each.iterancestors("caption"), None) is None)
        return "\n".join(text_of(each, self.notes) for each in steps)

    def _list(self, tag: Tag) -> None:
        is_ordered = tag.get("list-type") in _ORDERED
        for position, item in enumerate(tag.findall("list-item"), start=1):
            label = item.find("label")
            sign = text_of(label, self.notes) if label is not None else f"{position}." if is_ordered else "-"
            self._led(item, f"{sign} ")
        for item in tag.findall("def-item"):
            self.elements.append(Text("- " + ": ".join(text_of(part, self.notes) for part in item)))

    def _statement(self, tag: Tag) -> None:
        """A theorem, for example; its label and title run in."""
        parts = (tag.find("label"), tag.find("title"))
        lead = " ".join(text_of(part, self.notes) for part in parts if part is not None)
        self._led(tag, f"{lead.rstrip('.')}. " if lead else "")

    def _led(self, tag: Tag, lead: str) -> None:
        """The blocks of an element, the first paragraph behind some words."""
        for child in tag:
            if child.tag == "p":
                self._paragraph(child, lead)
                lead = ""
            elif child.tag not in _TITLES:
                self._block(child)

    def _listing(self, tag: Tag) -> None:
        self.elements.append(Listing("", "".join(tag.itertext()).strip("\n")))


def _nothing(_: _Reader, tag: Tag) -> None:
    """Elements that are read elsewhere or have no text."""


_BLOCKS: dict[str, Callable[[_Reader, Tag], None]] = {
    "p": _Reader._paragraph,
    "disp-quote": lambda reader, tag: reader._children(tag, 2),
    "sec": lambda reader, tag: reader._section(tag, 2),
    "disp-formula": _Reader._formula,
    "disp-formula-group": lambda reader, tag: reader._floats(tag),
    "table-wrap": _Reader._table,
    "table-wrap-group": lambda reader, tag: reader._floats(tag),
    "array": _Reader._table,
    "fig": _Reader._float,
    "fig-group": lambda reader, tag: reader._floats(tag),
    "boxed-text": _Reader._float,
    "supplementary-material": _Reader._float,
    "list": _Reader._list,
    "def-list": _Reader._list,
    "statement": _Reader._statement,
    "code": _Reader._listing,
    "preformat": _Reader._listing,
    "verse-group": _Reader._listing,
    "ref-list": _nothing,
    "media": _nothing,
    "graphic": _nothing,
}
