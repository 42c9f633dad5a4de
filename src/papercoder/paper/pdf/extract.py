"""A separate program: prints what the two parsers find in a PDF as JSON.

PDFs come from anywhere, and the parsers are native code. In a separate process, a crash, an endless loop or a gigabyte
of garbage costs one file and not the whole program. This file imports nothing from the package, so that it starts fast.
"""

import contextlib
import ctypes
import dataclasses
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from liteparse import LiteParse, ParseError
from liteparse.types import ParsedPage, TextItem, WordBox
from pypdfium2 import PdfDocument, PdfiumError, PdfMatrix, PdfPage, PdfTextPage, raw

MEMORY_LIMIT = 6 * 2**30
"""Bytes of address space for the whole process, mapped libraries and threads' stacks included."""

SHORTEST_RULE = 20.0
"""Points; a shorter line is a fraction bar or part of a drawing."""

SHORTEST_BAR = 2.5
"""Points; the bar of a fraction or root over one letter."""

THICKEST_RULE = 1.6
"""Points; what is thicker is a filled box."""

MOST_PATHS = 3000
"""A page with more paths is a drawing; its paths are not rules of tables."""

WIDEST_SPACE = 0.6
"""Largest gap between words of one cell, in line heights; between numbers, half of it separates cells."""

FEWEST_PATHS = 8
"""Fewer paths make a frame or a table, not a drawing."""

NEAR = 6.0
"""Points between the paths of one drawing."""

SHORTEST_LINE = 16
"""Characters; labels in figures and cells of tables are mostly shorter."""

SLIGHT = 0.5
"""Degrees; text that is rotated by less counts as upright."""

_BAR = re.compile(r"\\(?:overline|sqrt)")
_SIGNS = frozenset("ˆ˜¯˙¨´`ˇ˘→⃗√∑∏∫")
"""Accents without a letter, roots and large operators: what formulas lose most often."""

_EXTENSION = dict(zip("PXQYRZpqrst", "∑∑∏∏∫∫√√√√√", strict=True))
"""What TeX's font of large signs prints for these codes; many files do not say so."""


Box = tuple[float, float, float, float]
"""Left, top, right and bottom in points; in page coordinates left, bottom, right and top."""


@dataclasses.dataclass(frozen=True)
class Word:
    """A run of text on one line; the origin is the page's top left corner, in points."""

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
class Sign:
    """One character of a formula and where its middle is."""

    text: str
    x: float
    y: float


@dataclasses.dataclass(frozen=True)
class RawPage:
    """A page as the parsers see it."""

    width: float
    height: float
    words: list[Word]
    rules: list[Rule]
    plain: str
    """The page's text as pypdfium2 reads it."""

    scanned: bool = False
    """An image covers the page."""

    recognised: bool = False
    """The words were recognised from the page's image."""

    plain_only: bool = False
    """liteparse could not read the page, so its layout is unknown."""

    turned: float = 0.0
    """Degrees by which the page was rotated to make its text upright; everything else here is measured afterwards."""

    bars: list[Rule] = dataclasses.field(default_factory=list)
    """Lines too short for a table: bars of fractions and roots, underlines, parts of drawings."""

    signs: list[Sign] = dataclasses.field(default_factory=list)
    drawings: list[Box] = dataclasses.field(default_factory=list)
    """Images, embedded graphics and groups of many paths."""


@dataclasses.dataclass(frozen=True)
class Bookmark:
    """An entry of the PDF's outline."""

    title: str
    level: int
    page: int
    """From 0; -1 where it has no target."""

    y: float
    """From the page's top; 0 where the target has none."""


@dataclasses.dataclass(frozen=True)
class RawDocument:
    """Everything that was read from the file, or the reason why it could not be read."""

    problem: str = ""
    """`password`, `damaged`, `empty`, `long`; empty where there is none."""

    page_count: int = 0
    pages: list[RawPage] = dataclasses.field(default_factory=list)
    outline: list[Bookmark] = dataclasses.field(default_factory=list)
    title: str = ""
    """The title in the file's metadata; often empty, sometimes a file name."""

    author: str = ""
    """The authors in the file's metadata; often empty."""


def extract(path: Path, most_pages: int, upright: Path) -> RawDocument:
    """Parse the file with both parsers.

    If pages have to be rotated to make their text upright, the rotated document is saved as `upright`.
    """
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
        turns = {number: turn for number, page in parsed.items() if (turn := _turn(page))}
        if turns:
            _save_turned(document, turns, upright)
            parsed = _parsed(upright)
            views = [_view(document, number) if number + 1 in turns else view for number, view in enumerate(views)]
        if not parsed and not any(view.plain for view in views):
            return RawDocument(problem="damaged", page_count=count)
        pages = [
            _page(parsed[number], view, document, turns.get(number, 0.0)) if number in parsed else _plain_page(view)
            for number, view in enumerate(views, start=1)
        ]
        title = document.get_metadata_value("Title").strip()
        author = document.get_metadata_value("Author").strip()
        return RawDocument(page_count=count, pages=pages, outline=_outline(document), title=title, author=author)


def _parsed(path: Path) -> dict[int, ParsedPage]:
    """The pages as liteparse reads them, by number from 1; empty where it cannot open the file."""
    parser = LiteParse(
        ocr_enabled=False,  # it would download its models
        quiet=True,
        extract_links=False,
        keep_headers_footers=True,
        continue_on_page_error=True,
        emit_word_boxes=True,
    )
    try:
        return {page.page_num: page for page in parser.parse(path).pages}
    except ParseError:
        return {}


def _problem(error: PdfiumError) -> str:
    """PDFium refuses a document without pages, but reports success as the reason."""
    said = str(error).lower()
    return next((name for word, name in (("password", "password"), ("success", "empty")) if word in said), "damaged")


def _turn(page: ParsedPage) -> float:
    """Clockwise degrees by which most of the page's lines are rotated; 0 where most are upright.

    Short items count only where there are no longer ones: they may be labels in a figure.
    """
    letters: Counter[float] = Counter()
    lines = [item for item in page.text_items if len(item.text) >= SHORTEST_LINE]
    for item in lines or page.text_items:
        letters[round(item.rotation, 1) % 360] += len(item.text)
    if not letters:
        return 0.0
    usual = letters.most_common(1)[0][0]
    alike = sum(count for angle, count in letters.items() if abs(angle - usual) < SLIGHT)
    return usual if 2 * alike > letters.total() and SLIGHT < usual < 360 - SLIGHT else 0.0


def _save_turned(document: PdfDocument, turns: dict[int, float], path: Path) -> None:
    """Rotate these pages of the document back, and save a copy."""
    for number, angle in turns.items():
        with contextlib.closing(document[number - 1]) as page:
            quarter = 90 * round(angle / 90)
            page.set_rotation((page.get_rotation() - quarter) % 360)
            if abs(rest := angle - quarter) > SLIGHT:
                _rotate_content(page, rest)
    document.save(path)


def _rotate_content(page: PdfPage, degrees: float) -> None:
    """Rotate what is on the page counterclockwise around its middle."""
    left, bottom, right, top = page.get_mediabox()
    x, y = (left + right) / 2, (bottom + top) / 2
    matrix = PdfMatrix().translate(-x, -y).rotate(degrees, ccw=True).translate(x, y)
    raw.FPDFPage_TransFormWithClip(page.raw, raw.FS_MATRIX(*matrix.get()), None)


@dataclasses.dataclass(frozen=True)
class _View:
    """What pypdfium2 sees on a page."""

    plain: str = ""
    rules: list[Rule] = dataclasses.field(default_factory=list)
    bars: list[Rule] = dataclasses.field(default_factory=list)
    signs: list[Sign] = dataclasses.field(default_factory=list)
    drawings: list[Box] = dataclasses.field(default_factory=list)
    scanned: bool = False


def _view(document: PdfDocument, number: int) -> _View:
    """The page; empty where it cannot be loaded, since liteparse then leaves it out too and that is reported."""
    try:
        page = document[number]
    except PdfiumError:
        return _View()
    with contextlib.closing(page), contextlib.closing(page.get_textpage()) as text:
        width, height = page.get_size()
        objects = list(_objects(page))
        paths = [box for kind, box in objects if kind == raw.FPDF_PAGEOBJ_PATH]
        lines = _lines(paths)
        covered = [_area(box) for kind, box in objects if kind == raw.FPDF_PAGEOBJ_IMAGE]
        return _View(
            plain=text.get_text_range(errors="ignore"),
            rules=[rule for rule in lines if rule.x1 - rule.x0 >= SHORTEST_RULE],
            bars=[rule for rule in lines if rule.x1 - rule.x0 < SHORTEST_RULE],
            signs=_signs(page, text),
            drawings=[*(box for kind, box in objects if kind != raw.FPDF_PAGEOBJ_PATH), *_drawn(paths)],
            scanned=max(covered, default=0.0) > 0.7 * width * height,
        )


def _page(page: ParsedPage, view: _View, document: PdfDocument, turned: float) -> RawPage:
    items = page.text_items
    if any(_BAR.search(item.text) for item in items):
        with contextlib.closing(document[page.page_num - 1]) as twin, contextlib.closing(twin.get_textpage()) as text:
            items = _repaired(items, twin, text)
    words = [word for item in items for word in _words(item)]
    return RawPage(
        page.width,
        page.height,
        words,
        view.rules,
        view.plain,
        view.scanned,
        turned=turned,
        bars=view.bars,
        signs=view.signs,
        drawings=view.drawings,
    )


def _plain_page(view: _View) -> RawPage:
    """A page that only pypdfium2 could read: its lines one below the other, regardless of where they were printed."""
    lines = enumerate(view.plain.splitlines())
    words = [Word(line, 72, 72 + 12 * row, 5 * len(line), 10, 10, "", 0) for row, line in lines if line.strip()]
    return RawPage(612, 792, words, [], view.plain, view.scanned, plain_only=True)


def _repaired(items: list[TextItem], page: PdfPage, text: PdfTextPage) -> list[TextItem]:
    """The items, with words restored where the parser mistook a rule above them for the bar of a formula."""
    kept: list[TextItem] = []
    torn: TextItem | None = None
    for item in items:
        if torn is not None and abs(item.y - torn.y) < 6 and -1 <= item.x - (torn.x + torn.width) < 4:
            torn.width = item.x + item.width - torn.x
            torn.text = _plain(torn, page, text)
            continue
        torn = None
        if _BAR.search(item.text) and _loses_words(item.text, _plain(item, page, text)):
            item.text = _plain(item, page, text)
            torn = item
        kept.append(item)
    return kept


def _plain(item: TextItem, page: PdfPage, text: PdfTextPage) -> str:
    """The words inside the item's box, which is shrunk so that no neighbouring line is included."""
    top, bottom = item.y + 0.3 * item.height, item.y + 0.8 * item.height
    x0, y0 = _on_page(page, item.x - 1, bottom)
    x1, y1 = _on_page(page, item.x + item.width + 1, top)
    found: str = text.get_text_bounded(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return " ".join(found.split())


def _loses_words(text: str, plain: str) -> bool:
    """Whether the text splits or joins words that are whole in the plain text."""
    letters = re.sub(r"[\W_]+", "", re.sub(r"\\[a-z]+", "", text))
    words = re.findall(r"[A-Za-z]+", plain)
    torn = any(len(word) > 3 and word.islower() and word not in letters for word in words)
    return torn or any(
        min(len(one), len(other)) > 1 and one + other in letters and one not in text.split()
        for one, other in pairwise(words)
    )


_FINE = 64
"""Device units in a point: PDFium converts to whole device units."""


def _as_seen(page: PdfPage, box: Box) -> Box:
    """A box of page coordinates as left, top, right and bottom of the page as displayed, in points."""
    width, height = (round(_FINE * side) for side in page.get_size())
    x, y = ctypes.c_int(), ctypes.c_int()
    corners = []
    for corner in ((box[0], box[1]), (box[2], box[3])):
        raw.FPDF_PageToDevice(page.raw, 0, 0, width, height, 0, *corner, ctypes.byref(x), ctypes.byref(y))
        corners.append((x.value / _FINE, y.value / _FINE))
    (x0, y0), (x1, y1) = corners
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _on_page(page: PdfPage, x: float, y: float) -> tuple[float, float]:
    """Page coordinates of a point of the page as displayed."""
    width, height = (round(_FINE * side) for side in page.get_size())
    page_x, page_y = ctypes.c_double(), ctypes.c_double()
    where = (round(_FINE * x), round(_FINE * y), ctypes.byref(page_x), ctypes.byref(page_y))
    raw.FPDF_DeviceToPage(page.raw, 0, 0, width, height, 0, *where)
    return page_x.value, page_y.value


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _objects(page: PdfPage) -> Iterator[tuple[int, Box]]:
    """Kind and displayed box of the page's own paths, images and embedded graphics.

    What is drawn inside an embedded graphic is left out, except where the graphic is the whole page.
    """
    kinds = [raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM]
    width, height = page.get_size()
    objects = list(page.get_objects(max_depth=1))
    for found in objects:
        if found.type not in kinds:
            continue
        box = _as_seen(page, found.get_bounds())
        is_whole = len(objects) == 1 or _area(box) > 0.5 * width * height
        if found.type == raw.FPDF_PAGEOBJ_FORM and is_whole:
            matrix = found.get_matrix()
            for inner in page.get_objects(filter=kinds, form=found.raw, max_depth=1):
                yield inner.type, _as_seen(page, matrix.on_rect(*inner.get_bounds()))
        else:
            yield found.type, box


def _lines(paths: list[Box]) -> list[Rule]:
    """Thin horizontal paths."""
    if len(paths) > MOST_PATHS:
        return []
    thin = [(x0, x1, y0, y1) for x0, y0, x1, y1 in paths if y1 - y0 < THICKEST_RULE and x1 - x0 >= SHORTEST_BAR]
    found = {(round(x0, 1), round(x1, 1), round((y0 + y1) / 2, 1)) for x0, x1, y0, y1 in thin}
    return [Rule(*rule) for rule in sorted(found, key=lambda rule: rule[2])]


def _drawn(paths: list[Box]) -> list[Box]:
    """Around groups of many paths that are close together, as in a plot or a diagram."""
    groups: list[tuple[Box, int]] = []
    for box in sorted(paths[:MOST_PATHS], key=lambda box: box[1]):
        near = [one for one in groups if _is_near(one[0], box)]
        boxes = [box, *(one[0] for one in near)]
        merged = (
            min(one[0] for one in boxes),
            min(one[1] for one in boxes),
            max(one[2] for one in boxes),
            max(one[3] for one in boxes),
        )
        groups = [*(one for one in groups if one not in near), (merged, 1 + sum(one[1] for one in near))]
    return [box for box, count in groups if count >= FEWEST_PATHS and min(box[2] - box[0], box[3] - box[1]) > 40]


def _is_near(one: Box, other: Box) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > -NEAR and down > -NEAR


def _signs(page: PdfPage, text: PdfTextPage) -> list[Sign]:
    found = []
    for index in range(text.count_chars()):
        sign = chr(raw.FPDFText_GetUnicode(text.raw, index))
        if sign in _EXTENSION and "CMEX" in _font(text, index):
            sign = _EXTENSION[sign]
        if sign in _SIGNS:
            x0, y0, x1, y1 = _as_seen(page, text.get_charbox(index))
            found.append(Sign(sign, round((x0 + x1) / 2, 1), round((y0 + y1) / 2, 1)))
    return found


def _font(text: PdfTextPage, index: int) -> str:
    name = ctypes.create_string_buffer(64)
    raw.FPDFText_GetFontInfo(text.raw, index, name, len(name), None)
    return name.value.decode(errors="replace")


def _words(item: TextItem) -> list[Word]:
    """The item, split where the gap between its words is wide, as between the cells of a table."""
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
    """`extract.py FILE MOST_PAGES UPRIGHT`: print what is in the file as JSON."""
    _limit_memory()
    document = extract(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
    sys.stdout.write(json.dumps(document, default=vars))


if __name__ == "__main__":
    main()
