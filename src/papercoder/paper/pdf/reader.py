"""From the file to the draft."""

from collections.abc import Sequence
from pathlib import Path

from papercoder.artifacts import Loss
from papercoder.errors import PaperError
from papercoder.files.temporary import temporary_folder
from papercoder.paper.byline import arxiv_address, authors
from papercoder.paper.draft import Draft, Element, Heading
from papercoder.paper.pdf import ocr
from papercoder.paper.pdf.captions import Captions, captions
from papercoder.paper.pdf.columns import Gutter, Row, area, gutters, regions, rows
from papercoder.paper.pdf.extract import RawDocument
from papercoder.paper.pdf.flow import Flow
from papercoder.paper.pdf.fonts import READABLE, Unreadable, unreadable
from papercoder.paper.pdf.formulas import formula_doubts
from papercoder.paper.pdf.frames import captions_above, frames
from papercoder.paper.pdf.furniture import tidy
from papercoder.paper.pdf.headings import Headings
from papercoder.paper.pdf.losses import losses, wordless
from papercoder.paper.pdf.page import Page, Typography, typography, upright
from papercoder.paper.pdf.prose import joined, vocabulary
from papercoder.paper.pdf.shapes import Line
from papercoder.paper.pdf.source import raw_document, with_ligatures
from papercoder.paper.pdf.title import split_abstract, title_lines

MARGIN = 2.0
"""Points by which a line may be indented and still begin at the margin."""


def read_pdf(path: Path) -> Draft:
    """Read a paper from a PDF.

    Raises:
        PaperError: nothing can be read (see `source.raw_document`), or most pages are images or have fonts whose text
            is not what is printed and the `ocr` extra is not installed.
    """
    with temporary_folder() as folder:
        upright = folder / "upright.pdf"
        raw = with_ligatures(raw_document(path, upright))
        file = upright if upright.exists() else path
        unread, bare = unreadable(raw), wordless(raw)
        if (pages := {*bare, *unread.to_recognise}) and ocr.available():
            raw = ocr.recognised(file, raw, pages)
            unread = unreadable(raw)
        elif 2 * len({*bare, *unread.pages}) > len(raw.pages):
            raise PaperError(f"{path}: {_unread(bare, unread)}")
    return compose(raw, unread)


def _unread(bare: Sequence[int], unread: Unreadable) -> str:
    remedy = "install the ocr extra (pip install 'papercoder[ocr]') to read it"
    if len(bare) >= len(unread.pages):
        return f"the PDF is a scan without text; {remedy}."
    return (
        f'the fonts of the PDF give text that is not what is printed, such as "{unread.sample}"; {remedy} from the '
        "images of its pages, or give the paper's LaTeX source."
    )


def compose(raw: RawDocument, unread: Unreadable = READABLE) -> Draft:
    """The draft of a document that was extracted; `unread` is the text in it that is not what is printed."""
    pages = tidy([upright(index, page) for index, page in enumerate(raw.pages)])
    look = typography(pages)
    strips = gutters(pages)
    starts = captions(pages, strips, look)
    lines = _rows(pages, strips, look, starts)
    known = vocabulary(row.text for row in lines if isinstance(row, Line))
    printed = title_lines(lines, look, raw.title, unread.fonts)
    title = joined([line.text for line in printed], known)
    rest = [row for row in lines if row not in printed]
    headings = Headings(tuple(raw.outline), look, title)
    flow = Flow(look, headings.find(rest, _drawn(rest, pages)), known, starts)
    flow.read(rest)
    abstract, elements = split_abstract(flow.elements)
    draft = Draft(title, abstract, elements, flow.references, title_area=area(printed))
    draft.authors = authors([raw.author])
    draft.address = arxiv_address(raw.pages[0].plain)
    draft.losses += [*losses(raw, draft, unread), *_missing_headings(headings, elements)]
    draft.doubts += formula_doubts(raw.pages, elements)
    draft.turned = {number: page.turned for number, page in enumerate(raw.pages, start=1) if page.turned}
    draft.checks += _checks(raw)
    return draft


def _checks(raw: RawDocument) -> list[str]:
    """What the text could be compared with; text that was recognised from images is compared with nothing."""
    if any(page.recognised or page.scanned for page in raw.pages):
        return []
    formulas = [] if any(page.plain_only for page in raw.pages) else ["formulas"]
    return ["words", "fonts", *formulas, *(["outline"] if raw.outline else [])]


def _missing_headings(headings: Headings, elements: Sequence[Element]) -> list[Loss]:
    missing = headings.missing(element for element in elements if isinstance(element, Heading))
    named = ", ".join(f'"{mark.title}" (page {mark.page + 1})' for mark in missing[:5])
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    message = f"The PDF's outline has {named}{more}, which was not found among the headings."
    return [Loss(kind="missing_heading", message=message, page=missing[0].page + 1)] if missing else []


def _rows(pages: Sequence[Page], strips: Sequence[Gutter | None], look: Typography, starts: Captions) -> list[Row]:
    found: list[Row] = []
    above = captions_above(pages, strips, look, starts)
    for page, gutter in zip(pages, strips, strict=True):
        for region in regions(page, frames(page, gutter, look, starts, above), gutter):
            found += rows(region)
    return found


def _drawn(rows: Sequence[Row], pages: Sequence[Page]) -> set[int]:
    """The positions of the lines inside figures; what begins at the margin is not inside."""
    by_page = {page.index: page.drawings for page in pages}
    lines = ((i, row) for i, row in enumerate(rows) if isinstance(row, Line) and row.indent > MARGIN)
    return {i for i, row in lines if any(box.holds(row.box) for box in by_page[row.page])}
