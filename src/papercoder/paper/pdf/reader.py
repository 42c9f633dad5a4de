"""From the file to the draft."""

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from papercoder.errors import PaperError
from papercoder.paper.draft import Draft, Element, Heading, Text
from papercoder.paper.pdf import ocr
from papercoder.paper.pdf.captions import Captions, captions
from papercoder.paper.pdf.columns import Gutter, gutters, regions
from papercoder.paper.pdf.doubts import losses, wordless
from papercoder.paper.pdf.extract import RawDocument
from papercoder.paper.pdf.floats import Note
from papercoder.paper.pdf.flow import Flow
from papercoder.paper.pdf.frames import captions_above, frames
from papercoder.paper.pdf.furniture import tidy
from papercoder.paper.pdf.headings import Headings, names_section, opens_abstract
from papercoder.paper.pdf.ligatures import mended
from papercoder.paper.pdf.lines import Row, rows
from papercoder.paper.pdf.page import Page, Typography, typography, upright
from papercoder.paper.pdf.prose import clean, vocabulary
from papercoder.paper.pdf.shapes import Line
from papercoder.paper.pdf.source import raw_document

_MOSTLY_LETTERS = re.compile(r"(?:[^\W\d_]|[\s\d:,.?!'’&/()-](?![\W\d]{3}))*[^\W\d_]{2}.*")
_RUN_IN = re.compile(r"(?:abstract|summary|résumé)\s*[.:—–-]+\s*(?=\w)", re.IGNORECASE)


def read_pdf(path: Path) -> Draft:
    """Read a paper from a PDF.

    Raises `PaperError` where nothing can be read: see `source.raw_document`; and where the PDF is a scan without text
    and the `ocr` extra is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="papercoder-") as folder:
        upright = Path(folder) / "upright.pdf"
        raw = mended(raw_document(path, upright))
    bare = wordless(raw)
    if bare and ocr.available():
        raw = ocr.recognised(path, raw, bare)
    elif 2 * len(bare) > len(raw.pages):
        raise PaperError(
            f"{path}: the PDF is a scan without text; install the ocr extra (pip install 'papercoder[ocr]') to read it."
        )
    return compose(raw)


def compose(raw: RawDocument) -> Draft:
    """The draft of a document that was extracted."""
    pages = tidy([upright(index, page) for index, page in enumerate(raw.pages)])
    look = typography(pages)
    strips = gutters(pages)
    starts = captions(pages, strips, look)
    lines = _rows(pages, strips, look, starts)
    title, rest = _title(lines, look)
    headings = Headings(tuple(raw.outline), look, title).find(rest)
    flow = Flow(look, headings, vocabulary(row.text for row in lines if isinstance(row, Line)), starts)
    flow.read(rest)
    abstract, elements = _abstract(flow.elements)
    draft = Draft(title=title, abstract=abstract, elements=elements, references=flow.references)
    draft.losses += losses(raw, draft)
    return draft


def _rows(
    pages: Sequence[Page], strips: Sequence[Gutter | None], look: Typography, starts: Captions
) -> list[Row]:
    found: list[Row] = []
    above = captions_above(pages, strips, look, starts)
    for page, gutter in zip(pages, strips, strict=True):
        for region in regions(page, frames(page, gutter, look, starts, above), gutter):
            found += rows(region)
    return found


def _title(lines: Sequence[Row], look: Typography) -> tuple[str, list[Row]]:
    """The largest words in the upper half of the first page, and the rows without them."""
    upper = [row for row in lines[:40] if isinstance(row, Line) and row.page == 0 and len(row.text) > 3]
    candidates = [line for line in upper if look.larger(_tallest(line)) and not names_section(line.text)]
    if not candidates:
        return "", list(lines)
    largest = max(_tallest(line) for line in candidates)
    first = next(line for line in candidates if _tallest(line) > 0.97 * largest)
    title = [first]
    for line in upper[upper.index(first) + 1 :]:
        if _tallest(line) < 0.97 * largest or line.box.y0 - title[-1].box.y0 > 2 * largest:
            break
        title.append(line)
    return clean(" ".join(line.text for line in title)), [row for row in lines if row not in title]


def _tallest(line: Line) -> float:
    worded = [span.size for span in line.spans if not span.math and _MOSTLY_LETTERS.fullmatch(span.text)]
    return max(worded, default=0.0)


def _abstract(elements: Sequence[Element]) -> tuple[str, list[Element]]:
    """The text below the heading that says so, and the elements without it."""
    for i, element in enumerate(elements):
        if isinstance(element, Heading) and opens_abstract(element.title):
            end = next((j for j in range(i + 1, len(elements)) if isinstance(elements[j], Heading)), len(elements))
            inside = elements[i + 1 : end]
            others = [one for one in inside if isinstance(one, Note) or not isinstance(one, Text)]
            texts = [one.text for one in inside if isinstance(one, Text) and one not in others]
            return "\n\n".join(texts), [*elements[:i], *others, *elements[end:]]
    return _run_in_abstract(elements)


def _run_in_abstract(elements: Sequence[Element]) -> tuple[str, list[Element]]:
    """The paragraph near the beginning that starts with the word abstract, and the elements without it."""
    for i, element in enumerate(elements[:12]):
        found = _RUN_IN.match(element.text) if isinstance(element, Text) else None
        if found is not None and isinstance(element, Text):
            return element.text[found.end() :], [*elements[:i], *elements[i + 1 :]]
    return "", list(elements)
