"""Running headers and footers, page numbers, and line numbers in the margin."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from papercoder.paper.pdf.page import Page
from papercoder.paper.pdf.shapes import Span, around

_BAND = 0.15
"""The part of the page's height, above and below, in which furniture stands."""

_PAGE_NUMBER = re.compile(
    r"(?:page\s*)?[-–—]?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*[-–—]?(?:\s*(?:/|of)\s*\d{1,4})?", re.IGNORECASE
)


def tidy(pages: Sequence[Page]) -> list[Page]:
    """The pages without furniture."""
    pages = [page.without(line_numbers(page)) for page in pages]
    repeated = _repeated(pages)
    return [page.without(_furniture(page, repeated)) for page in pages]


def line_numbers(page: Page) -> list[Span]:
    """Numbers in one column that count the lines, as drafts under review have them beside the text."""
    columns: dict[int, list[Span]] = {}
    for span in page.spans:
        if re.fullmatch(r"\d{1,4}", span.text):
            columns.setdefault(round(span.box.x1 / 4), []).append(span)
    found: list[Span] = []
    for column in columns.values():
        column.sort(key=lambda span: span.box.y0)
        if len(column) >= 8 and _counts(column) and _beside_text(column, page):
            found += column
    return found


def _counts(column: list[Span]) -> bool:
    values = [int(span.text) for span in column]
    steps = Counter(after - before for before, after in pairwise(values))
    step, count = steps.most_common(1)[0]
    return step in {1, 5} and count >= 0.8 * (len(values) - 1)


def _beside_text(column: list[Span], page: Page) -> bool:
    strip = around(span.box for span in column)
    others = [span for span in page.spans if span.box.overlap_y(strip) > 0 and len(span.text) > 20]
    return not any(span.box.overlap_x(strip) > 0 for span in others)


def _rows(page: Page) -> list[list[Span]]:
    """Spans in the bands above and below, in rows."""
    rows: list[list[Span]] = []
    for span in sorted(page.spans, key=lambda span: span.box.middle):
        if _BAND * page.height < span.box.middle < (1 - _BAND) * page.height:
            continue
        if rows and abs(rows[-1][0].box.middle - span.box.middle) < 4:
            rows[-1].append(span)
        else:
            rows.append([span])
    return rows


def _signature(row: Iterable[Span]) -> str:
    """Its words without numbers, and its size: the title on the first page may be the header of the others."""
    ordered = sorted(row, key=lambda span: span.box.x0)
    words = " ".join(span.text for span in ordered)
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", words) + f" {ordered[0].size:.0f}"


def _repeated(pages: Sequence[Page]) -> set[str]:
    counts = Counter(signature for page in pages for signature in {_signature(row) for row in _rows(page)})
    enough = max(2, len(pages) // 4)
    return {
        signature for signature, count in counts.items() if count >= enough and re.search(r"[^\W\d_]{3}", signature)
    }


def _furniture(page: Page, repeated: set[str]) -> list[Span]:
    if not page.spans:
        return []
    top = min(span.box.y0 for span in page.spans)
    bottom = max(span.box.y1 for span in page.spans)
    dropped: list[Span] = []
    for row in _rows(page):
        outermost = row[0].box.y0 < top + 6 or row[0].box.y1 > bottom - 6
        text = " ".join(span.text for span in row)
        if _signature(row) in repeated or (outermost and _PAGE_NUMBER.fullmatch(text)):
            dropped += row
    return dropped
