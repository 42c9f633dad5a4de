"""Captions joined to their tables, figures and pseudocode, above or below."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from papercoder.paper.draft import Element, Grid, Listing, Text
from papercoder.paper.outline import PrintedHeading
from papercoder.paper.printed import FloatKind, caption, captioned, stands_as_caption

_MARKED_LABEL = re.compile(
    r"\s*(\*{1,3}|__?)\s*(?:Supplementary |Extended Data )?(?:Tab|Fig|Algorithm)[^*_]{1,20}\1", re.I
)
_LONGEST_LOOSE = 60
"""Words of a caption without a sign after its number."""

_LONGEST_ROW = 20
"""Pictures that share a caption."""


@dataclass(frozen=True)
class Passage:
    """A paragraph that may be a caption."""

    text: str
    source: str = ""
    """As written, with its emphasis."""


@dataclass(frozen=True)
class Image:
    """A link to a picture."""

    alt: str


Block = Element | PrintedHeading | Passage | Image


def joined(blocks: Sequence[Block]) -> list[Element | PrintedHeading]:
    """The elements, every caption with what it describes."""
    return list(_elements(_with_listings(_with_pictures(_with_tables(list(blocks))))))


def caption_kind(passage: Passage) -> FloatKind | None:
    """What the passage is a caption of, or None if it is text."""
    found = caption(passage.text)
    if found and (stands_as_caption(passage.text) or _MARKED_LABEL.match(passage.source)):
        return found.kind
    return None


def _is_caption(block: Block | None, kind: FloatKind) -> bool:
    return isinstance(block, Passage) and caption_kind(block) == kind


def _is_table(block: Block | None) -> bool:
    return isinstance(block, Grid) and not block.caption


def _with_tables(blocks: list[Block]) -> list[Block]:
    """Captions and tables stand in runs in which they alternate; each run says on which side the captions are.

    A run that begins and ends with the same kind does not say; there the side that the other runs have is taken.
    """
    runs = list(_runs(blocks))
    votes = [_is_table(blocks[end - 1]) for start, end in runs if (end - start) % 2 == 0]
    usually_above = sum(votes) * 2 >= len(votes)
    partners: dict[int, int] = {}
    for start, end in runs:
        above = _is_table(blocks[end - 1]) if (end - start) % 2 == 0 else usually_above
        first = start if _is_table(blocks[start]) != above else start + 1
        partners.update((position, position + 1) for position in range(first, end - 1, 2))
    joined: list[Block] = []
    for position, block in enumerate(blocks):
        if position - 1 in partners:
            continue
        after = blocks[partners[position]] if position in partners else None
        line, table = (after, block) if isinstance(after, Passage) else (block, after)
        if isinstance(line, Passage) and isinstance(table, Grid):
            joined.append(captioned("table", line.text, table.rows))
        elif isinstance(block, Passage) and caption_kind(block) == "table":
            joined.append(captioned("table", block.text))
        else:
            joined.append(block)
    return joined


def _runs(blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    start = 0
    for position in range(1, len(blocks) + 1):
        before, after = blocks[position - 1], blocks[position] if position < len(blocks) else None
        if not (_is_table(before) and _may_caption(after)) and not (_may_caption(before) and _is_table(after)):
            if position - start > 1:
                yield start, position
            start = position


def _may_caption(block: Block | None) -> bool:
    """Beside a table, "Table 3 Results on X" is a caption too, though no sign follows its number."""
    if not isinstance(block, Passage) or not (found := caption(block.text)) or found.kind != "table":
        return False
    loose = found.text[:1].isupper() and len(found.text.split()) <= _LONGEST_LOOSE
    return loose or caption_kind(block) == "table"


def _with_pictures(blocks: list[Block]) -> Iterator[Block]:
    """A caption of a figure is a figure; a picture beside it adds nothing, any other is known by its own words."""
    for position, block in enumerate(blocks):
        if isinstance(block, Image):
            near = (*blocks[max(position - 1, 0) : position], *_after_pictures(blocks, position))
            if block.alt and not any(_is_caption(each, "figure") or _is_caption(each, "table") for each in near):
                found = caption(block.alt)
                yield captioned(found.kind if found else "figure", block.alt)
        elif isinstance(block, Passage) and caption_kind(block) == "figure":
            yield captioned("figure", block.text)
        else:
            yield block


def _after_pictures(blocks: Sequence[Block], position: int) -> tuple[Block, ...]:
    """What follows a row of pictures."""
    following = (each for each in blocks[position : position + _LONGEST_ROW] if not isinstance(each, Image))
    return tuple(islice(following, 1))


def _with_listings(blocks: Iterator[Block]) -> Iterator[Block]:
    """Fenced code takes the caption right above it, else the one right below it."""
    every = list(blocks)
    skipped = -1
    for position, (block, after) in enumerate(pairwise([*every, None])):
        if position == skipped or block is None:
            continue
        line, listing = (block, after) if _is_caption(block, "algorithm") else (after, block)
        is_pair = _is_caption(line, "algorithm") and isinstance(listing, Listing) and not listing.caption
        if is_pair and isinstance(line, Passage) and isinstance(listing, Listing):
            yield captioned("algorithm", line.text, text=listing.text)
            skipped = position + 1
        else:
            yield block


def _elements(blocks: Iterator[Block]) -> Iterator[Element | PrintedHeading]:
    for block in blocks:
        if isinstance(block, Passage) and caption_kind(block) == "algorithm" and stands_as_caption(block.text):
            yield captioned("algorithm", block.text)
        elif isinstance(block, Passage):
            yield Text(block.text)
        elif not isinstance(block, Image):
            yield block
