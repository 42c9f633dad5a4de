"""Reads what GROBID writes: TEI XML, and the S2ORC JSON that `doc2json` makes of it.

The format has no formulas: a displayed one is the word EQUATION, at best with the characters that GROBID recognized.
"""

import json
import re
from collections.abc import Iterator
from itertools import groupby

from pydantic import BaseModel, ConfigDict, ValidationError

from papercoder.artifacts import Loss, Reference
from papercoder.errors import PaperError
from papercoder.paper.draft import Draft, Element, Heading, Text
from papercoder.paper.html import rows_of
from papercoder.paper.markup import Rows, Tag, cells_of, drop_namespaces, fragment, parse_xml, span, tidy
from papercoder.paper.printed import (
    PrintedHeading,
    arxiv_address,
    authors,
    caption,
    captioned,
    display,
    doi_address,
    outlined,
)


def read_tei(data: bytes, where: str) -> Draft:
    """The draft of a paper in TEI; raises `PaperError` if it is not well formed or has no text."""
    root = parse_xml(data, where)
    drop_namespaces(root)
    for note in root.xpath(".//title//note | .//head//note | .//title//ref[@type = 'foot']"):
        note.clear(keep_tail=True)
    title = _first(root, ".//titleStmt/title") or _first(root, ".//sourceDesc//analytic/title")
    draft = Draft(title=title.rstrip("*†‡§¶ "), abstract=_tei_abstract(root))
    published = root.xpath(".//sourceDesc/biblStruct")[:1]
    draft.authors = authors(
        " ".join(_text(part) for part in name.xpath("./forename | ./surname"))
        for work in published
        for name in work.xpath("./analytic/author/persName")
    )
    draft.address = doi_address(
        " ".join(_text(tag) for work in published for tag in work.xpath("./idno[@type = 'DOI']"))
    )
    elements: list[Element | PrintedHeading] = []
    for division in root.xpath("./text/body/div | ./text/body/figure | ./text/body/note"):
        elements += _division(division, appendix=False)
    for division in root.xpath("./text/back/div[not(@type = 'references')]//div"):
        appendix = division.xpath("boolean(ancestor::div[@type = 'annex'])")
        elements += _division(division, appendix=appendix)
    draft.elements = outlined(elements)
    draft.references += _tei_references(root)
    if not any(isinstance(each, Text) for each in draft.elements):
        raise PaperError(f"{where} is TEI without the paper's text; run GROBID's full-text service on the paper again.")
    if not draft.references and root.xpath("boolean(.//ref[@type = 'bibr'])"):
        draft.losses.append(Loss(kind="missing_references", message="The text cites works, but the TEI lists none."))
    return draft


def _first(root: Tag, path: str) -> str:
    found = root.xpath(path)
    return _text(found[0]) if found else ""


def _text(tag: Tag) -> str:
    return tidy("".join(tag.itertext()))


def _tei_abstract(root: Tag) -> str:
    paragraphs = root.xpath(".//profileDesc/abstract//p")
    return "\n\n".join(_text(p) for p in paragraphs) or _first(root, ".//profileDesc/abstract")


def _division(tag: Tag, *, appendix: bool) -> Iterator[Element | PrintedHeading]:
    """A `div` as GROBID writes it: flat, its heading numbered by an attribute."""
    if tag.tag != "div":
        yield from _block(tag, appendix=appendix)
    for child in tag if tag.tag == "div" else ():
        yield from _block(child, appendix=appendix)


def _block(tag: Tag, *, appendix: bool) -> Iterator[Element | PrintedHeading]:
    match tag.tag:
        case "head":
            text = f"{(tag.get('n') or '').strip()} {_text(tag)}".strip()
            yield PrintedHeading(text, 1, follows_references=appendix, is_appendix=appendix)
        case "note":
            yield Text(f"[^{tag.get('n')}]: {_text(tag)}" if tag.get("n") else _text(tag))
        case "formula":
            yield _formula(tag)
        case "figure":
            yield _figure(tag)
            yield from (Text(text) for note in tag.xpath("./note") if (text := _text(note)))
        case "div":
            yield from _division(tag, appendix=appendix)
        case "list":
            yield from (Text(f"- {_text(item)}") for item in tag.iter("item"))
        case _:
            yield from _paragraph(tag)


def _paragraph(tag: Tag) -> Iterator[Element | PrintedHeading]:
    """A paragraph, cut at the formulas and lists in it."""
    pieces = [tag.text or ""]
    for child in tag:
        if child.tag in ("formula", "list", "figure"):
            yield from _flushed(pieces)
            yield from _block(child, appendix=False)
        else:
            pieces.append("".join(child.itertext()))
        pieces.append(child.tail or "")
    yield from _flushed(pieces)


def _flushed(pieces: list[str]) -> Iterator[Element]:
    text = tidy("".join(pieces))
    pieces.clear()
    if text:
        yield Text(text)


def _formula(tag: Tag) -> Element:
    label = next(iter(tag.xpath("./label")), None)
    number = _text(label) if label is not None else ""
    text = "".join([tag.text or "", *("".join(c.itertext()) + (c.tail or "") for c in tag if c is not label)])
    return display(text + (label.tail or "" if label is not None else ""), number)


def _figure(tag: Tag) -> Element:
    label, head, shown = (_first(tag, f"./{part}") for part in ("label", "head", "figDesc"))
    found = caption(head)
    kind = "table" if tag.get("type") == "table" else found.kind if found else "figure"
    line = f"{kind.capitalize()} {label}. {shown or head}" if label else shown or head
    if kind == "algorithm":
        return captioned(kind, head, text=shown)
    return captioned("table", line, _tei_rows(tag)) if kind == "table" else captioned("figure", line)


def _tei_rows(tag: Tag) -> Rows:
    rows = ([(_text(cell), span(cell.get("cols")), span(cell.get("rows"))) for cell in row] for row in tag.iter("row"))
    return cells_of(rows)


def _tei_references(root: Tag) -> Iterator[Reference]:
    for work in root.xpath(".//listBibl/biblStruct"):
        raw = work.xpath("./note[@type = 'raw_reference']")
        text = _text(raw[0]) if raw else ". ".join(_text(part) for part in work if _text(part))
        if text:
            yield Reference(key=work.get("{http://www.w3.org/XML/1998/namespace}id") or text[:20], text=text)


_PLACEHOLDER = "EQUATION"
_CITATION = re.compile(r"\[\d{1,3}(?:,\s*\d{1,3})*\]|\(\w[^()]{2,60}\d{4}[a-z]?\)")


class _Part(BaseModel):
    """The fields that are read; all others are ignored."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class _Span(_Part):
    text: str | None = None
    raw_str: str | None = None
    latex: str | None = None
    eq_num: str | None = None


class _Block(_Part):
    text: str = ""
    section: str | None = None
    sec_num: str | None = None
    eq_spans: list[_Span] = []


class _Entry(_Part):
    text: str | None = None
    type_str: str | None = None
    fig_num: str | None = None
    num: str | None = None
    content: str | None = None
    html: str | None = None


class _Work(_Part):
    title: str | None = None
    year: str | None = None
    raw_text: str | None = None


class _Parse(_Part):
    abstract: list[_Block] | None = None
    body_text: list[_Block] = []
    back_matter: list[_Block] | None = None
    ref_entries: dict[str, _Entry] | None = None
    bib_entries: dict[str, _Work] | None = None


class _Person(_Part):
    first: str | None = None
    middle: list[str] | None = None
    last: str | None = None
    suffix: str | None = None

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first, *(self.middle or ()), self.last, self.suffix) if part)


class _Document(_Part):
    title: str | None = None
    authors: list[_Person] | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    abstract: str | list[_Block] | None = None
    pdf_parse: _Parse | None = None
    latex_parse: _Parse | None = None


def read_s2orc(source: str, where: str) -> Draft:
    """The draft of a paper in S2ORC JSON; raises `PaperError` if the JSON is broken or has another structure."""
    document, parse = _loaded(source, where)
    draft = Draft(title=document.title or "", abstract=_s2orc_abstract(document, parse))
    draft.authors = authors(person.name for person in document.authors or ())
    draft.address = arxiv_address(f"arXiv:{document.arxiv_id}") or doi_address(document.doi or "")
    draft.elements += _body(parse.body_text)
    draft.elements += _entries(parse)
    draft.elements += _body(parse.back_matter or [])
    draft.references += _s2orc_references(parse)
    draft.losses += _losses(draft, parse)
    return draft


def _loaded(source: str, where: str) -> tuple[_Document, _Parse]:
    try:
        data = json.loads(_without_surrogates(json.loads(source)))
        document = _Document.model_validate(data)
        parse = document.pdf_parse or document.latex_parse or _Parse.model_validate(data)
    except (ValueError, RecursionError, ValidationError) as error:
        raise PaperError(f"{where} is not S2ORC JSON ({type(error).__name__}); export it again from GROBID.") from error
    if not parse.body_text:
        raise PaperError(
            f"{where} is JSON without a paper's text (`pdf_parse.body_text`); export it again from GROBID."
        )
    return document, parse


def _without_surrogates(data: object) -> str:
    """Data as JSON; half a surrogate pair, which JSON can express but no file can hold, as U+FFFD."""
    return json.dumps(data, ensure_ascii=False).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _s2orc_abstract(document: _Document, parse: _Parse) -> str:
    if isinstance(document.abstract, str) and document.abstract.strip():
        return tidy(document.abstract)
    blocks = document.abstract if isinstance(document.abstract, list) else parse.abstract or []
    return "\n\n".join(tidy(block.text) for block in blocks)


def _body(blocks: list[_Block]) -> Iterator[Element]:
    for (title, number), group in groupby(blocks, lambda block: (block.section or "", block.sec_num or "")):
        if title:
            plain = number.strip(". ")
            yield Heading(tidy(title), plain.count(".") + 1, plain)
        for block in group:
            yield from _elements(block)


def _elements(block: _Block) -> Iterator[Element]:
    text = tidy(block.text)
    if text == _PLACEHOLDER:
        formula = next(
            (span.latex or span.raw_str for span in block.eq_spans if span.latex or span.raw_str), _PLACEHOLDER
        )
        yield display(formula or _PLACEHOLDER, next((span.eq_num for span in block.eq_spans if span.eq_num), ""))
    elif text:
        yield Text(text)


def _entries(parse: _Parse) -> Iterator[Element]:
    """Tables and figures; the format does not say where they belong in the text."""
    entries = [entry for entry in (parse.ref_entries or {}).values() if entry.text or entry.content or entry.html]
    if entries:
        yield Heading("Figures and Tables", 1)
    for entry in entries:
        number, text = entry.fig_num or entry.num or "", tidy(entry.text or "")
        if entry.type_str == "table":
            line = text if text.lower().startswith("table") else f"Table {number}. {text}" if number else text
            yield captioned("table", line, _s2orc_rows(entry))
        elif entry.type_str == "figure":
            yield captioned("figure", text)


def _s2orc_rows(entry: _Entry) -> tuple[tuple[str, ...], ...]:
    table = fragment(entry.content or entry.html or "")
    return rows_of(table, lambda cell: tidy("".join(cell.itertext()))) if table is not None else ()


def _s2orc_references(parse: _Parse) -> Iterator[Reference]:
    for key, work in (parse.bib_entries or {}).items():
        text = work.raw_text or ". ".join(part for part in (work.title, work.year) if part)
        if text:
            yield Reference(key=key, text=tidy(text))


def _losses(draft: Draft, parse: _Parse) -> Iterator[Loss]:
    lost = sum(tidy(block.text) == _PLACEHOLDER for block in parse.body_text)
    lost -= sum(any(span.latex or span.raw_str for span in block.eq_spans) for block in parse.body_text)
    lost += sum(_PLACEHOLDER in block.text.split() and tidy(block.text) != _PLACEHOLDER for block in parse.body_text)
    if lost > 0:
        message = (
            f"{lost} displayed equations are only the word EQUATION; read the paper's PDF or LaTeX source instead."
        )
        yield Loss(kind="equations", message=message)
    cites = any(_CITATION.search(block.text) for block in parse.body_text)
    if cites and not draft.references:
        yield Loss(kind="missing_references", message="The text cites works, but the JSON has no bibliography.")
