"""The compared readers."""

import contextlib
import importlib
import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

import pypdfium2

from benchmarks.reading.score import Parse
from benchmarks.reading.truth import TrueHeading
from papercoder.paper.draft import Heading, assemble
from papercoder.paper.pdf import read_pdf

Reader = Callable[[Path], Parse]


def readers() -> dict[str, Reader]:
    """Readers by name; pymupdf4llm only if it is installed."""
    found: dict[str, Reader] = {"papercoder": papercoder, "pypdfium2": plain}
    if importlib.util.find_spec("pymupdf4llm"):
        found["pymupdf4llm"] = pymupdf
    return found


def papercoder(pdf: Path) -> Parse:
    """The product's own reader."""
    draft = read_pdf(pdf)
    headings = (one for one in draft.elements if isinstance(one, Heading))
    return Parse(assemble(draft, "pdf").text, tuple(TrueHeading(one.number, one.title) for one in headings))


def plain(pdf: Path) -> Parse:
    """Plain text from pypdfium2."""
    with contextlib.closing(pypdfium2.PdfDocument(pdf)) as document:
        texts = [page.get_textpage().get_text_range(errors="ignore") for page in document]
    return Parse("\n".join(texts), has_headings=False)


def pymupdf(pdf: Path) -> Parse:
    """Markdown from pymupdf4llm, which is AGPL and not a dependency."""
    markdown = importlib.import_module("pymupdf4llm").to_markdown(str(pdf), show_progress=False)
    titles = [re.sub(r"[*_`]", "", found) for found in re.findall(r"^#+\s+(.*)$", markdown, re.MULTILINE)]
    split = [re.fullmatch(r"(?:((?:\d+|[A-Z])(?:\.\d+)*)\.?\s+)?(.*)", title) for title in titles]
    headings = tuple(TrueHeading(found[1] or "", found[2]) for found in split if found)
    return Parse(re.sub(r"[*_`#]", "", markdown), headings)
