"""Captions joined to their tables, figures and pseudocode, above or below."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

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
    return list(_elements(_with_pictures(_with_bodies(_with_bodies(list(blocks), "table"), "algorithm"))))


def caption_kind(passage: Passage) -> FloatKind | None:
    """What the passage is a caption of, or None if it is text."""
    found = caption(passage.text)
    if found and (stands_as_caption(passage.text) or _MARKED_LABEL.match(passage.source)):
        return found.kind
    return None


def _is_caption(block: Block | None, kind: FloatKind) -> bool:
    return isinstance(block, Passage) and caption_kind(block) == kind


def _is_body(block: Block, kind: FloatKind) -> bool:
    body = Grid if kind == "table" else Listing
    return isinstance(block, body) and not block.caption


def _may_caption(block: Block, kind: FloatKind) -> bool:
    """Beside a table, "Table 3 Results on X" is a caption too, though no sign follows its number."""
    if not isinstance(block, Passage) or not (found := caption(block.text)) or found.kind != kind:
        return False
    is_loose = found.text[:1].isupper() and len(found.text.split()) <= _LONGEST_LOOSE
    return is_loose or caption_kind(block) == kind


def _with_bodies(blocks: list[Block], kind: FloatKind) -> list[Block]:
    """Tables or listings with their captions.

    Captions and bodies stand in runs in which they alternate; a run that begins with the one and ends with the other
    says on which side the captions are. Any other run follows the majority of these.
    """
    runs = list(_runs(blocks, kind))
    votes = [_is_body(blocks[end - 1], kind) for start, end in runs if (end - start) % 2 == 0]
    usually_above = sum(votes) * 2 >= len(votes)
    joined = list(blocks)
    for start, end in runs:
        above = _is_body(blocks[end - 1], kind) if (end - start) % 2 == 0 else usually_above
        first = start if _is_body(blocks[start], kind) != above else start + 1
        for position in range(first, end - 1, 2):
            pair = (blocks[position], blocks[position + 1])
            joined[position : position + 2] = [_captioned(*(pair if above else reversed(pair))), _TAKEN]
    return [block for block in joined if block is not _TAKEN]


_TAKEN = Image("")


def _captioned(line: Block, body: Block) -> Block:
    if isinstance(line, Passage) and isinstance(body, Grid):
        return captioned("table", line.text, body.rows)
    if isinstance(line, Passage) and isinstance(body, Listing):
        return captioned("algorithm", line.text, text=body.text)
    return body


def _runs(blocks: Sequence[Block], kind: FloatKind) -> Iterator[tuple[int, int]]:
    """Where captions and bodies alternate: start, and the position after the end."""
    start = 0
    for position in range(1, len(blocks) + 1):
        pair = blocks[position - 1 : position + 1]
        alternates = len(pair) == 2 and (
            (_is_body(pair[0], kind) and _may_caption(pair[1], kind))
            or (_may_caption(pair[0], kind) and _is_body(pair[1], kind))
        )
        if not alternates:
            if position - start > 1:
                yield start, position
            start = position


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


def _elements(blocks: Iterator[Block]) -> Iterator[Element | PrintedHeading]:
    """What is left: captions without a body, and text."""
    for block in blocks:
        if isinstance(block, Passage):
            kind = caption_kind(block)
            yield captioned(kind, block.text) if kind and stands_as_caption(block.text) else Text(block.text)
        elif not isinstance(block, Image):
            yield block
