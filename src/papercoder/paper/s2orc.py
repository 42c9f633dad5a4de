"""S2ORC JSON, as GROBID's `doc2json` writes it, raw or cleaned.

The format has no formulas: a displayed one is the word EQUATION, at best with the characters that GROBID recognized.
"""

import json
import re
from collections.abc import Iterator
from itertools import groupby

from pydantic import BaseModel, ConfigDict, ValidationError

from papercoder.artifacts import Loss, Reference
from papercoder.errors import PaperError
from papercoder.paper.byline import arxiv_address, authors, doi_address
from papercoder.paper.draft import Draft, Element, Heading, Text
from papercoder.paper.html.text import rows_of
from papercoder.paper.markup import fragment, tidy
from papercoder.paper.printed import captioned, display

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
    draft = Draft(title=document.title or "", abstract=_abstract(document, parse))
    draft.authors = authors(person.name for person in document.authors or ())
    draft.address = arxiv_address(f"arXiv:{document.arxiv_id}") or doi_address(document.doi or "")
    draft.elements += _body(parse.body_text)
    draft.elements += _entries(parse)
    draft.elements += _body(parse.back_matter or [])
    draft.references += _references(parse)
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


def _abstract(document: _Document, parse: _Parse) -> str:
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
            yield captioned("table", line, _rows(entry))
        elif entry.type_str == "figure":
            yield captioned("figure", text)


def _rows(entry: _Entry) -> tuple[tuple[str, ...], ...]:
    table = fragment(entry.content or entry.html or "")
    return rows_of(table, lambda cell: tidy("".join(cell.itertext()))) if table is not None else ()


def _references(parse: _Parse) -> Iterator[Reference]:
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
