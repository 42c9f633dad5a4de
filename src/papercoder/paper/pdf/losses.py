"""What may be lost of the document, its pages and its sections, as far as this shows without the paper's source."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from papercoder.artifacts import Loss
from papercoder.paper.draft import Draft, Grid, Heading
from papercoder.paper.pdf.extract import SHORTEST_LINE, RawDocument, RawPage
from papercoder.paper.pdf.fonts import Unreadable, strange
from papercoder.paper.pdf.page import is_upright

LEAST_TEXT = 60
"""Characters on a page; a page with fewer counts as a page without text."""

LEAST_AGREEMENT = 0.85
"""Share of a page's words that both parsers read."""

MOST_SIDEWAYS = 120
"""Characters in rotated lines; a stamp in the margin has fewer."""

_WORD = re.compile(r"[^\W\d_]{4,}")


def wordless(raw: RawDocument) -> list[int]:
    """The pages, from 0, that an image covers and that have no text; all pages where none has text."""
    bare = [number for number, page in enumerate(raw.pages) if _length(page) < LEAST_TEXT]
    return bare if len(bare) == len(raw.pages) else [number for number in bare if raw.pages[number].scanned]


def _length(page: RawPage) -> int:
    return sum(len(word.text) for word in page.words)


def losses(raw: RawDocument, draft: Draft, unread: Unreadable) -> list[Loss]:
    """Everything that may be lost; `unread` is text that was not replaced by recognised text."""
    return [*_of_text(raw, unread), *_of_pages(raw), *_of_sections(draft), *_of_tables(draft)]


def _of_text(raw: RawDocument, unread: Unreadable) -> Iterator[Loss]:
    """Where the text is not what is printed."""
    if plain := [number for number, page in enumerate(raw.pages, start=1) if page.plain_only]:
        yield _loss("layout", "Only the bare text could be read of {pages}.", plain)
    if recognised := [number for number, page in enumerate(raw.pages, start=1) if page.recognised]:
        message = "The text of {pages} was recognised from images; formulas and numbers may be wrong."
        yield _loss("scan", message, recognised)
    elif sum(page.scanned for page in raw.pages) > len(raw.pages) / 2:
        message = "The PDF is a scan: its text was recognised from images; formulas and numbers may be wrong."
        yield Loss(kind="scan", message=message)
    if touched := [number + 1 for number in unread.touched if not raw.pages[number].recognised]:
        message = (
            f'A font on {{pages}} gives text that is not what is printed, such as "{unread.sample}"; '
            "install the ocr extra (pip install 'papercoder[ocr]') to read it from the page image."
        )
        yield _loss("encoding", message, touched)


def _of_pages(raw: RawDocument) -> Iterator[Loss]:
    pages = [(number, page) for number, page in enumerate(raw.pages, start=1)]
    if unlike := [number for number, page in pages if _agreement(page) < LEAST_AGREEMENT]:
        yield _loss("disagreement", "Two parsers read different words on {pages}.", unlike)
    if garbled := [number for number, page in pages if _is_garbled(page)]:
        yield _loss("encoding", "Letters have no known meaning on {pages}.", garbled)
    if bare := [number + 1 for number in wordless(raw)]:
        yield _loss("scan", "There are images in place of text on {pages}.", bare)
    if sideways := [number for number, page in pages if _sideways(page) > MOST_SIDEWAYS]:
        yield _loss("sideways", "Text that is printed sideways was left out on {pages}.", sideways)


def _loss(kind: str, message: str, pages: Sequence[int]) -> Loss:
    """The message with `{pages}` filled in."""
    shown = ", ".join(map(str, pages[:10])) + (", ..." if len(pages) > 10 else "")
    named = f"page{'s' if len(pages) > 1 else ''} {shown}"
    return Loss(kind=kind, message=message.replace("{pages}", named), page=pages[0])


def _agreement(page: RawPage) -> float:
    """Share of the words that pypdfium2 reads which liteparse reads too; formulas and broken words are left out."""
    plain = re.sub(r"[-\x02\ufffe]\s+", "", page.plain)
    wanted = Counter(_WORD.findall(plain))
    seen = re.sub(r"[-\x02\ufffe]\s+", "", " ".join(word.text for word in page.words))
    have = Counter(_WORD.findall(seen))
    whole = wanted.total()
    return sum((wanted & have).values()) / whole if whole > 50 else 1.0


def _is_garbled(page: RawPage) -> bool:
    text = "".join(word.text for word in page.words)
    return strange(text) > 0.02 * len(text) > 1


def _sideways(page: RawPage) -> int:
    """How many characters stand in rotated lines."""
    return sum(len(word.text) for word in page.words if not is_upright(word) and len(word.text) >= SHORTEST_LINE)


def _of_sections(draft: Draft) -> Iterator[Loss]:
    for element, after in zip_longest(draft.elements, draft.elements[1:]):
        ends = after is None or (
            isinstance(after, Heading) and isinstance(element, Heading) and after.level <= element.level
        )
        if isinstance(element, Heading) and ends:
            name = f"{element.number} {element.title}".strip()
            yield Loss(kind="empty_section", message=f'The section "{name}" has no text.')


def _of_tables(draft: Draft) -> Iterator[Loss]:
    for table in draft.elements:
        if isinstance(table, Grid) and not table.rows:
            message = f"Table {table.number} has a caption, but its cells were not found."
            yield Loss(kind="empty_table", message=message, page=table.area.page if table.area else None)
