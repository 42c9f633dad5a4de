"""Runs as a program of its own: prints what the two parsers see in a PDF as JSON.

PDFs come from anywhere, and the parsers are native code. In a process of their own a crash, an endless loop or a
gigabyte of garbage costs one file and not the program that reads it. It imports nothing of this package, so that it
starts fast.
"""

import contextlib
import dataclasses
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from liteparse import LiteParse, ParseError
from liteparse.types import ParsedPage, TextItem, WordBox
from pypdfium2 import PdfDocument, PdfiumError, PdfPage, PdfTextPage
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH

MEMORY_LIMIT = 6 * 2**30
"""Bytes of address space for the whole process, mapped libraries and threads' stacks included."""

_BAR = re.compile(r"\\(?:overline|sqrt)")

SHORTEST_RULE = 20.0
"""Points; a shorter line is part of a drawing."""

THICKEST_RULE = 1.6
"""Points; what is thicker is a bar."""

MOST_PATHS = 3000
"""More of them on a page make a drawing, not tables."""


WIDEST_SPACE = 0.6
"""Between words of one cell, of the height of the line; between numbers half of it parts cells."""


@dataclasses.dataclass(frozen=True)
class Word:
    """A run of text on one line, as the parser gives it; the origin is the page's top left corner, in points."""

    text: str
    x: float
    y: float
    width: float
    height: float
    size: float
    font: str
    rotation: float


@dataclasses.dataclass(frozen=True)
class Rule:
    """A horizontal line."""

    x0: float
    x1: float
    y: float


@dataclasses.dataclass(frozen=True)
class RawPage:
    """A page before any thought about it."""

    width: float
    height: float
    words: list[Word]
    rules: list[Rule]
    plain: str
    """The page's text as the other parser sees it."""

    scanned: bool = False
    """Whether an image covers the page."""

    plain_only: bool = False
    """Whether only the other parser could read it, so that nothing is known of its layout."""


@dataclasses.dataclass(frozen=True)
class Bookmark:
    """An entry of the outline."""

    title: str
    level: int
    page: int
    """From 0; -1 where it has no target."""

    y: float
    """From the page's top."""


@dataclasses.dataclass(frozen=True)
class RawDocument:
    """All that is taken from the file, or the reason why there is nothing."""

    problem: str = ""
    """`password`, `damaged`, `empty`, `long`; empty where there is none."""

    page_count: int = 0
    pages: list[RawPage] = dataclasses.field(default_factory=list)
    outline: list[Bookmark] = dataclasses.field(default_factory=list)


def extract(path: Path, most_pages: int) -> RawDocument:
    """Parse the file twice and keep what the rest of the room needs."""
    try:
        document = PdfDocument(path)
    except PdfiumError as error:
        return RawDocument(problem=_problem(error))
    with contextlib.closing(document):
        count = len(document)
        if not 0 < count <= most_pages:
            return RawDocument(problem="long" if count else "empty", page_count=count)
        with ThreadPoolExecutor(max_workers=1) as beside:
            parsing = beside.submit(_parsed, path)
            views = [_view(document, number) for number in range(count)]
            parsed = parsing.result()
        if not parsed and not any(view.plain for view in views):
            return RawDocument(problem="damaged", page_count=count)
        pages = [
            _page(parsed[number], view, document) if number in parsed else _plain_page(view)
            for number, view in enumerate(views, start=1)
        ]
        return RawDocument(page_count=count, pages=pages, outline=_outline(document))


def _parsed(path: Path) -> dict[int, ParsedPage]:
    """What liteparse makes of the pages, by number from 1; nothing where it does not open the file at all."""
    try:
        return {page.page_num: page for page in _parser().parse(path).pages}
    except ParseError:
        return {}


def _problem(error: PdfiumError) -> str:
    """PDFium opens no document without pages, but says that there was no error."""
    said = str(error).lower()
    return next((name for word, name in (("password", "password"), ("success", "empty")) if word in said), "damaged")


def _parser() -> LiteParse:
    return LiteParse(
        ocr_enabled=False,  # it would download its models
        quiet=True,
        extract_links=False,
        keep_headers_footers=True,
        continue_on_page_error=True,
        emit_word_boxes=True,
    )


@dataclasses.dataclass(frozen=True)
class _View:
    """What pypdfium2 sees on a page."""

    plain: str
    rules: list[Rule]
    scanned: bool


def _view(document: PdfDocument, number: int) -> _View:
    """The page, or nothing where it cannot be loaded: liteparse then leaves it out, and that is reported."""
    try:
        page = document[number]
    except PdfiumError:
        return _View("", [], scanned=False)
    with contextlib.closing(page), contextlib.closing(page.get_textpage()) as text:
        return _View(text.get_text_range(errors="ignore"), _rules(page, page.get_height()), _scanned(page))


def _page(page: ParsedPage, view: _View, document: PdfDocument) -> RawPage:
    items = page.text_items
    if any(_BAR.search(item.text) for item in items):
        with contextlib.closing(document[page.page_num - 1]) as twin, contextlib.closing(twin.get_textpage()) as text:
            items = _repaired(items, text, page.height)
    words = [word for item in items for word in _words(item)]
    return RawPage(page.width, page.height, words, view.rules, view.plain, view.scanned)


def _plain_page(view: _View) -> RawPage:
    """A page that only pypdfium2 could read: its lines one below the other, wherever they stood."""
    lines = enumerate(view.plain.splitlines())
    words = [Word(line, 72, 72 + 12 * row, 5 * len(line), 10, 10, "", 0) for row, line in lines if line.strip()]
    return RawPage(612, 792, words, [], view.plain, view.scanned, plain_only=True)


def _repaired(items: list[TextItem], text: PdfTextPage, height: float) -> list[TextItem]:
    """The items, with words restored where the parser took a rule above them for the bar of a formula."""
    kept: list[TextItem] = []
    spoilt: TextItem | None = None
    for item in items:
        if spoilt is not None and abs(item.y - spoilt.y) < 6 and -1 <= item.x - (spoilt.x + spoilt.width) < 4:
            spoilt.width = item.x + item.width - spoilt.x
            spoilt.text = _plain(spoilt, text, height)
            continue
        spoilt = None
        if _BAR.search(item.text) and _loses_words(item.text, _plain(item, text, height)):
            item.text = _plain(item, text, height)
            spoilt = item
        kept.append(item)
    return kept


def _plain(item: TextItem, text: PdfTextPage, height: float) -> str:
    """The words inside the item's box; the box is shrunk, for a neighbouring line must not slip in."""
    top, bottom = item.y + 0.3 * item.height, item.y + 0.8 * item.height
    found: str = text.get_text_bounded(item.x - 1, height - bottom, item.x + item.width + 1, height - top)
    return " ".join(found.split())


def _loses_words(text: str, plain: str) -> bool:
    """Whether words are torn or run together in the text that are whole in the plain text."""
    letters = re.sub(r"[\W_]+", "", re.sub(r"\\[a-z]+", "", text))
    words = re.findall(r"[A-Za-z]+", plain)
    torn = any(len(word) > 3 and word.islower() and word not in letters for word in words)
    return torn or any(
        min(len(one), len(other)) > 1 and one + other in letters and one not in text.split()
        for one, other in pairwise(words)
    )


def _rules(page: PdfPage, height: float) -> list[Rule]:
    """Thin and wide paths of the page itself; what is drawn within a figure is not looked at."""
    found = set()
    for number, path in enumerate(page.get_objects(filter=[FPDF_PAGEOBJ_PATH], max_depth=1)):
        if number == MOST_PATHS:
            return []
        left, bottom, right, top = path.get_bounds()
        if top - bottom < THICKEST_RULE and right - left >= SHORTEST_RULE:
            found.add((round(left, 1), round(right, 1), round(height - (top + bottom) / 2, 1)))
    return [Rule(*rule) for rule in sorted(found, key=lambda rule: rule[2])]


def _scanned(page: PdfPage) -> bool:
    """Whether an image covers nearly all of the page."""
    width, height = page.get_size()
    for image in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE], max_depth=2):
        left, bottom, right, top = image.get_bounds()
        if (right - left) * (top - bottom) > 0.7 * width * height:
            return True
    return False


def _words(item: TextItem) -> list[Word]:
    """The item, parted where the white between its words is wide, as between the cells of a table."""
    boxes = item.words
    cells = sum(not box.text.isalpha() for box in boxes) > 0.6 * len(boxes)
    widest = (WIDEST_SPACE / 2 if cells else WIDEST_SPACE) * item.height
    if "$" in item.text or item.rotation or " ".join(box.text for box in boxes) != item.text:
        return [_word(item, item.text, item.x, item.width)]
    parts: list[list[WordBox]] = []
    for box in boxes:
        if parts and box.x - (parts[-1][-1].x + parts[-1][-1].width) < widest:
            parts[-1].append(box)
        else:
            parts.append([box])
    return [
        _word(item, " ".join(box.text for box in part), part[0].x, part[-1].x + part[-1].width - part[0].x)
        for part in parts
    ]


def _word(item: TextItem, text: str, x: float, width: float) -> Word:
    return Word(text, x, item.y, width, item.height, item.font_size or 0.0, item.font_name or "", item.rotation)


def _outline(document: PdfDocument) -> list[Bookmark]:
    found = []
    for entry in document.get_toc(max_depth=6):
        destination = entry.get_dest()
        page = destination.get_index() if destination is not None else None
        view = destination.get_view()[1] if destination is not None else []
        height = document.get_page_size(page)[1] if page is not None else 0.0
        y = height - view[1] if len(view) > 1 else 0.0
        found.append(Bookmark(entry.get_title().strip(), entry.level + 1, -1 if page is None else page, y))
    return found


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - it exists on Unix only
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def main() -> None:
    """Read the file named first, with at most as many pages as the second argument says; print the JSON."""
    _limit_memory()
    document = extract(Path(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(json.dumps(document, default=vars))


if __name__ == "__main__":
    main()
