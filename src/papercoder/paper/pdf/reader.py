"""Reads a PDF into a draft: both parsers in a separate process, OCR for page images, then all parts in order."""

import contextlib
import importlib
import importlib.util
import re
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import TypeAdapter
from pypdfium2 import PdfDocument, PdfPage

from papercoder.artifacts import Loss
from papercoder.errors import PaperError
from papercoder.files.temporary import temporary_folder
from papercoder.paper.draft import Area, Draft, Element, Heading, Picture
from papercoder.paper.pdf import extract
from papercoder.paper.pdf.extract import RawDocument, RawPage, Word
from papercoder.paper.pdf.flow import Flow, formula_doubts
from papercoder.paper.pdf.frames import Captions, captions, captions_above, frames
from papercoder.paper.pdf.headings import Headings, gapped
from papercoder.paper.pdf.layout import Gutter, Row, area, gutters, regions, rows, tidy
from papercoder.paper.pdf.losses import READABLE, Unreadable, losses, unreadable, wordless
from papercoder.paper.pdf.page import Box, Line, Page, Typography, around, joined, typography, upright, vocabulary
from papercoder.paper.pdf.title import split_abstract, title_lines
from papercoder.paper.printed import arxiv_address, authors

_T1 = str.maketrans({"\x1b": "ff", "\x1c": "fi", "\x1d": "fl", "\x1e": "ffi", "\x1f": "ffl"})
_CODED = re.compile(r"[^\W\d_]*[\x1b-\x1f][^\W\d_\x1b-\x1f]*")
_WORD = re.compile(r"[^\W\d_]+")


def with_ligatures(raw: RawDocument) -> RawDocument:
    """The document with its ligatures spelled out."""
    return replace(raw, pages=[_page(page) for page in raw.pages])


def _page(page: RawPage) -> RawPage:
    coded = sorted({word for word in _CODED.findall(page.plain) if len(word) > 2})
    if not coded:
        return page
    right = set(_WORD.findall(page.plain))
    rules = [(re.compile(re.sub(r"[\x1b-\x1f]", "[^\\\\W\\\\d_]{1,3}", word)), word.translate(_T1)) for word in coded]

    def spelt(found: re.Match[str]) -> str:
        return found[0] if found[0] in right else _spelling(found[0], rules)

    words = [replace(word, text=_WORD.sub(spelt, word.text)) for word in page.words]
    return replace(page, words=words, plain=page.plain.translate(_T1))


def _spelling(word: str, rules: Sequence[tuple[re.Pattern[str], str]]) -> str:
    return next((spelling for pattern, spelling in rules if pattern.fullmatch(word)), word)


MOST_PAGES = 200
"""A file with more pages is a book."""

TIME_LIMIT = 120.0
"""Seconds for one file."""

_RAW = TypeAdapter(RawDocument)


def raw_document(path: Path, upright: Path) -> RawDocument:
    """What the parsers see in the file.

    Args:
        path: the PDF.
        upright: where to save a copy if pages must be rotated to make their text upright. The result then describes
            the copy.

    Raises:
        PaperError: the file is missing, is not a PDF, is encrypted with a user password, is damaged or truncated, has
            no pages or more than `MOST_PAGES`, or crashes the parsers.
    """
    _check_magic(path)
    command = [sys.executable, "-P", extract.__file__, str(path.resolve()), str(MOST_PAGES), str(upright)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired as error:
        raise PaperError(f"{path}: reading took more than {TIME_LIMIT:.0f} s; save the file as a new PDF.") from error
    if done.returncode:
        raise PaperError(
            f"{path}: the file crashes the PDF parser (exit {done.returncode}); save it as a new PDF, "
            "or use the paper's LaTeX source."
        )
    document = _RAW.validate_json(done.stdout)
    if document.problem:
        raise PaperError(_sentence(path, document))
    return document


def _check_magic(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise PaperError(f"{path}: the file cannot be read ({error.strerror}).") from error
    if head.startswith(b"version https://git-lfs"):
        raise PaperError(f"{path}: this is a Git LFS pointer and not the PDF itself; run `git lfs pull` to fetch it.")
    if b"%PDF-" not in head:
        raise PaperError(f"{path}: this is not a PDF (its first bytes lack %PDF-); check what was downloaded.")


def _sentence(path: Path, document: RawDocument) -> str:
    match document.problem:
        case "password":
            return f"{path}: the PDF is encrypted and opens only with a password; save a copy without one."
        case "empty":
            return f"{path}: the PDF has no pages; download it again."
        case "long":
            return (
                f"{path}: the PDF has {document.page_count} pages, more than a paper (the limit is {MOST_PAGES}); "
                "save the paper's pages as a separate file."
            )
        case _ if not _ends_properly(path):
            return f"{path}: the PDF is truncated (its end is missing); download it again."
        case _:
            return f"{path}: the PDF is damaged and cannot be opened; download it again or save it as a new PDF."


def _ends_properly(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 2048))
        return b"%%EOF" in file.read()


LONGEST_SIDE = 2000
"""Pixels of the image that is read; more takes longer and reads no better."""

LEAST_SCORE = 0.6
"""Of the recogniser's own confidence; below it are specks and ornaments."""


def available() -> bool:
    """Whether the `ocr` extra is installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def recognised(path: Path, raw: RawDocument, pages: Collection[int]) -> RawDocument:
    """The document with the words of these pages read from their images; takes seconds for each page."""
    rapidocr = importlib.import_module("rapidocr").RapidOCR(params={"Global.log_level": "error"})
    with contextlib.closing(PdfDocument(path)) as document:
        read = [
            _recognised(page, document[number], rapidocr) if number in pages else page
            for number, page in enumerate(raw.pages)
        ]
    return replace(raw, pages=read)


def _recognised(page: RawPage, scan: PdfPage, rapidocr: Any) -> RawPage:
    scale = LONGEST_SIDE / max(scan.get_size())
    found = rapidocr(scan.render(scale=scale).to_numpy())
    words = _evened(list(_words(found, scale)))
    return replace(page, words=words, plain=" ".join(word.text for word in words), scanned=True, recognised=True)


def _evened(words: list[Word]) -> list[Word]:
    """The words with one font size where heights differ by no more than a line's letters do."""
    usual = median([word.size for word in words]) if words else 0.0
    return [replace(word, size=usual) if abs(word.size - usual) < 0.25 * usual else word for word in words]


def _words(found: Any, scale: float) -> Iterator[Word]:
    if found.boxes is None:
        return
    for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        if score < LEAST_SCORE:
            continue
        across, down = [float(x) / scale for x, _ in corners], [float(y) / scale for _, y in corners]
        height = max(down) - min(down)
        yield Word(text, min(across), min(down), max(across) - min(across), height, 0.8 * height, "", 0.0)


MARGIN = 2.0
"""Points by which a line may be indented and still begin at the margin."""

SHORT = 30
"""Characters; a line with fewer between a figure's caption and running text is a label in the figure."""


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
        if (pages := {*bare, *unread.to_recognise}) and available():
            raw = recognised(file, raw, pages)
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
    abstract, elements = split_abstract(_with_bodies(flow.elements, rest, pages, starts))
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


def _with_bodies(
    elements: Sequence[Element], rows: Sequence[Row], pages: Sequence[Page], starts: Captions
) -> list[Element]:
    """The elements, with the areas of figures enlarged by what is drawn above their captions, or else below."""
    drawings = {page.index: page.drawings for page in pages}
    found = list[Element]()
    for element in elements:
        if isinstance(element, Picture) and element.area:
            index = element.area.page - 1
            lines = [row for row in rows if row.page == index]
            inner = [row for row in lines if any(box.holds(row.box) for box in drawings[index])]
            walls = [row.box for row in lines if row not in inner and _is_wall(row, starts)]
            inside = [*drawings[index], *(row.box for row in lines if row.box not in walls)]
            found.append(replace(element, area=_with_body(element.area, walls, inside)))
        else:
            found.append(element)
    return found


def _is_wall(row: Row, starts: Captions) -> bool:
    """Whether no figure reaches over this row: running text, a heading, a table, or a caption."""
    if not isinstance(row, Line):
        return True
    is_text = len(row.text) > SHORT or (row.bold and row.indent < MARGIN)
    return (is_text and not gapped(row)) or starts.at(row.spans[0], row.text) is not None


def _with_body(area: Area, walls: Sequence[Box], inside: Sequence[Box]) -> Area:
    caption = Box(area.left, area.top, area.right, area.bottom)
    beside = [box for box in (*walls, *inside) if box.overlap_x(caption) > 0]
    above = [box for box in beside if box.y1 <= caption.y0 + MARGIN]
    below = [box for box in beside if box.y0 >= caption.y1 - MARGIN]
    top = max((box.y1 for box in above if box in walls), default=0.0)
    bottom = min((box.y0 for box in below if box in walls), default=float("inf"))
    body = [box for box in above if box not in walls and box.y0 >= top - MARGIN]
    body = body or [box for box in below if box not in walls and box.y1 <= bottom + MARGIN]
    whole = around([caption, *body])
    return replace(
        area, left=round(whole.x0, 1), top=round(whole.y0, 1), right=round(whole.x1, 1), bottom=round(whole.y1, 1)
    )
