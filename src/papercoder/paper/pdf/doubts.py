"""What the parse may have lost, as far as it can be told without the paper's source."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from papercoder.artifacts import Loss
from papercoder.paper.draft import Draft, Grid, Heading
from papercoder.paper.pdf.extract import RawDocument, RawPage

LEAST_TEXT = 60
"""Letters on a page; a page with fewer has no text worth the name."""

LEAST_AGREEMENT = 0.85
"""Share of a page's words that both parsers see."""

_WORD = re.compile(r"[^\W\d_]{4,}")


def wordless(raw: RawDocument) -> list[int]:
    """The pages, from 0, that an image covers and that have no text; all pages where none has text."""
    bare = [number for number, page in enumerate(raw.pages) if _letters(page) < LEAST_TEXT]
    return bare if len(bare) == len(raw.pages) else [number for number in bare if raw.pages[number].scanned]


def _letters(page: RawPage) -> int:
    return sum(len(word.text) for word in page.words)


def losses(raw: RawDocument, draft: Draft) -> list[Loss]:
    """All that is suspected."""
    return [*_of_file(raw), *_of_pages(raw), *_of_sections(draft), *_of_tables(draft)]


def _of_file(raw: RawDocument) -> Iterator[Loss]:
    plain = [number for number, page in enumerate(raw.pages, start=1) if page.plain_only]
    if plain:
        yield Loss(kind="layout", message=f"Only the bare text could be read of {_pages(plain)}.")
    scanned = [number for number, page in enumerate(raw.pages) if page.scanned]
    if len(scanned) > len(raw.pages) / 2:
        yield Loss(
            kind="scan",
            message="The PDF is a scan: its text was recognised from images; formulas and numbers may be wrong.",
        )


def _of_pages(raw: RawDocument) -> Iterator[Loss]:
    unlike = [number for number, page in enumerate(raw.pages, start=1) if _agreement(page) < LEAST_AGREEMENT]
    if unlike:
        yield Loss(kind="disagreement", message=f"Two parsers read different words on {_pages(unlike)}.")
    garbled = [number for number, page in enumerate(raw.pages, start=1) if _garbled(page)]
    if garbled:
        yield Loss(kind="encoding", message=f"Letters have no known meaning on {_pages(garbled)}.")
    bare = [number + 1 for number in wordless(raw)]
    if bare:
        yield Loss(kind="scan", message=f"There are images in place of text on {_pages(bare)}.")


def _pages(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:10])) + (", ..." if len(numbers) > 10 else "")
    return f"page{'s' if len(numbers) > 1 else ''} {shown}"


def _agreement(page: RawPage) -> float:
    """Share of the words that pypdfium2 sees which liteparse sees too; formulas and broken words are left out."""
    plain = re.sub(r"[-\x02\ufffe]\s+", "", page.plain)
    wanted = Counter(_WORD.findall(plain))
    seen = re.sub(r"[-\x02\ufffe]\s+", "", " ".join(word.text for word in page.words))
    have = Counter(_WORD.findall(seen))
    whole = wanted.total()
    return sum((wanted & have).values()) / whole if whole > 50 else 1.0


def _garbled(page: RawPage) -> bool:
    text = "".join(word.text for word in page.words)
    strange = sum(letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" for letter in text) + 5 * text.count("(cid:")
    return strange > 0.02 * len(text) > 1


def _of_sections(draft: Draft) -> Iterator[Loss]:
    for element, after in zip(draft.elements, [*draft.elements[1:], None], strict=True):
        ends = after is None or (
            isinstance(after, Heading) and isinstance(element, Heading) and after.level <= element.level
        )
        if isinstance(element, Heading) and ends:
            yield Loss(kind="empty_section", message=f'The section "{_named(element)}" has no text.')


def _named(heading: Heading) -> str:
    return f"{heading.number} {heading.title}".strip()


def _of_tables(draft: Draft) -> Iterator[Loss]:
    for table in _tables(draft):
        if not table.rows:
            yield Loss(kind="empty_table", message=f"Table {table.number} has a caption, but its cells were not found.")


def _tables(draft: Draft) -> Iterable[Grid]:
    return (element for element in draft.elements if isinstance(element, Grid))
