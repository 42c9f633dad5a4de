"""Find the words of a quote in a text despite other spaces, punctuation and small errors of a parser."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import fuzz

from papercoder.paper.evidence import pieces_of

_MIN_SIMILARITY = 85.0
"""Similarity from 0 to 100. The quote is known to be in this block; here it is only located."""

_MIN_LETTERS = 12
"""Shortest piece in letters that is searched by similarity."""


@dataclass(frozen=True)
class Span:
    """A part of a text, `text[start:end]`, and the requirement that quotes it."""

    start: int
    end: int
    owner: str


@dataclass(frozen=True)
class Piece:
    """A part of a text that lies in the same spans."""

    text: str
    owners: tuple[str, ...]


def spans(text: str, quote: str, owner: str) -> tuple[Span, ...]:
    """The spans of a quote, one for each piece between its ellipses; none for a piece that is not found."""
    letters, places = _letters(text)
    found = (_find(letters, places, text, _letters(piece)[0]) for piece in pieces_of(quote))
    return tuple(Span(start, end, owner) for start, end in filter(None, found))


def parted(text: str, marks: Iterable[Span]) -> tuple[Piece, ...]:
    """The text split at the ends of all spans; each piece has the owners of the spans around it."""
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
    """The letters and digits of a text, normalised and in lower case, and the position of each in the text."""
    letters, places = list[str](), list[int]()
    for place, character in enumerate(text):
        for plain in unicodedata.normalize("NFKC", character).lower():
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
    best = (
        fuzz.partial_ratio_alignment(piece, letters, score_cutoff=_MIN_SIMILARITY)
        if len(piece) >= _MIN_LETTERS
        else None
    )
    if best is None or best.dest_end <= best.dest_start or len(piece) > len(letters):
        return None
    return places[best.dest_start], places[best.dest_end - 1] + 1


def _is_whole(text: str, start: int, end: int) -> bool:
    """Does this range start and end at word boundaries?"""
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
