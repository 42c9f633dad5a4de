"""Where the words of a quote stand in a text, whatever blanks, signs and slips of a parser are between."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import fuzz

from papercoder.paper.evidence import pieces_of

_ALIKE = 85.0
"""Of 100. The quote was found in this block before; here it is only pointed at."""

_FEWEST = 12
"""Letters that a piece must have to be looked for by likeness."""


@dataclass(frozen=True)
class Span:
    """Some signs of a text, `text[start:end]`, and whose words they are."""

    start: int
    end: int
    owner: str


@dataclass(frozen=True)
class Piece:
    """Signs that stand in the same spans."""

    text: str
    owners: tuple[str, ...]


def spans(text: str, quote: str, owner: str) -> tuple[Span, ...]:
    """Where the quote stands, one span for each piece between its ellipses; none for a piece that is not found."""
    letters, places = _letters(text)
    found = (_find(letters, places, text, _letters(piece)[0]) for piece in pieces_of(quote))
    return tuple(Span(start, end, owner) for start, end in filter(None, found))


def parted(text: str, marks: Iterable[Span]) -> tuple[Piece, ...]:
    """The text in pieces at the ends of all spans, each with those that it stands in."""
    marks = tuple(marks)
    cuts = sorted({0, len(text), *(mark.start for mark in marks), *(mark.end for mark in marks)})
    return tuple(
        Piece(
            text[start:end],
            tuple(dict.fromkeys(mark.owner for mark in marks if mark.start <= start and end <= mark.end)),
        )
        for start, end in pairwise(cuts)
    )


@lru_cache(maxsize=256)
def _letters(text: str) -> tuple[str, tuple[int, ...]]:
    """The letters and digits of a text, plain and in lower case, and the place of each in the text."""
    letters, places = list[str](), list[int]()
    for place, sign in enumerate(text):
        for plain in unicodedata.normalize("NFKC", sign).lower():
            if plain.isalnum():
                letters.append(plain)
                places.append(place)
    return "".join(letters), tuple(places)


def _find(letters: str, places: tuple[int, ...], text: str, piece: str) -> tuple[int, int] | None:
    if not piece:
        return None
    start = letters.find(piece)
    while start >= 0:
        found = places[start], places[start + len(piece) - 1] + 1
        if _is_whole(text, *found):
            return found
        start = letters.find(piece, start + 1)
    best = fuzz.partial_ratio_alignment(piece, letters, score_cutoff=_ALIKE) if len(piece) >= _FEWEST else None
    if best is None or best.dest_end <= best.dest_start or len(piece) > len(letters):
        return None
    return places[best.dest_start], places[best.dest_end - 1] + 1


def _is_whole(text: str, start: int, end: int) -> bool:
    """Do these signs begin and end where words and numbers do?"""
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
