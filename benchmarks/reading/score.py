"""Scores a parse against the LaTeX source."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.reading.truth import CUT, TrueHeading, Truth

SHINGLE = 5
"""Words per shingle."""

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"})
_ACCENTS = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "})


@dataclass(frozen=True)
class Parse:
    """A PDF as a reader parsed it."""

    text: str
    headings: tuple[TrueHeading, ...] = ()
    has_headings: bool = True


@dataclass(frozen=True)
class Score:
    """Shares from 0 to 1; headings and their numbers are -1 if the reader finds none."""

    shingles: float
    """Of the truth's shingles, found in the parse."""

    numbers: float
    """Of the numbers in the truth's prose, found in the parse as often."""

    order: float
    """Of the truth's paragraphs, found after the one before them."""

    recall: float
    """Of the truth's headings, found."""

    precision: float
    """Of the headings found, true."""

    heading_numbers: float
    """Of the headings found and true, with the right number."""


def score(parse: Parse, truth: Truth) -> Score:
    """Score one parse."""
    said = words(parse.text)
    shingles = _shingles(truth.paragraphs)
    have = set(_runs(said))
    found, true = _matched(parse.headings, truth.headings)
    return Score(
        shingles=_share(sum(shingle in have for shingle in shingles), len(shingles)),
        numbers=_numbers(parse.text, truth.paragraphs),
        order=_order(said, truth.paragraphs),
        recall=_share(len(true), len(truth.headings)) if parse.has_headings else -1.0,
        precision=_share(len(true), len(found)) if parse.has_headings else -1.0,
        heading_numbers=_share(sum(a.number == b.number for a, b in true), len(true)) if parse.has_headings else -1.0,
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def words(text: str) -> list[str]:
    """Words in lower case without hyphens: a page does not say which of those at the ends of lines are the author's."""
    text = re.sub(r"-\s*\n\s*", "", text.translate(_LIGATURES).translate(_ACCENTS)).lower()
    return re.findall(r"[^\W_]+", re.sub(r"(?<=\w)[-‐‑–](?=\w)", "", text))


def _runs(said: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(said[i:] for i in range(SHINGLE)), strict=False)


def _shingles(paragraphs: Iterable[str]) -> list[tuple[str, ...]]:
    pieces = (piece for paragraph in paragraphs for piece in paragraph.split(CUT))
    return [shingle for piece in pieces for shingle in _runs(words(piece))]


def _numbers(text: str, paragraphs: Iterable[str]) -> float:
    wanted = Counter(number for paragraph in paragraphs for number in re.findall(r"\d+(?:\.\d+)?", paragraph))
    have = Counter(re.findall(r"\d+(?:\.\d+)?", text))
    return _share(sum(min(count, have[number]) for number, count in wanted.items()), wanted.total())


def _order(said: Sequence[str], paragraphs: Sequence[str]) -> float:
    """By the first shingle of every paragraph that is found exactly once."""
    places: dict[tuple[str, ...], list[int]] = {}
    for place, run in enumerate(_runs(said)):
        places.setdefault(run, []).append(place)
    firsts = [next(iter(_shingles([paragraph])), None) for paragraph in paragraphs]
    found = [places[first][0] for first in firsts if first in places and len(places[first]) == 1]
    steps = list(pairwise(found))
    return _share(sum(before < after for before, after in steps), len(steps))


def _key(title: str) -> str:
    return re.sub(r"[\W_]+", "", title.translate(_LIGATURES)).lower()


def _matched(
    parsed: Sequence[TrueHeading], true: Sequence[TrueHeading]
) -> tuple[Sequence[TrueHeading], list[tuple[TrueHeading, TrueHeading]]]:
    """The parse's headings, and its pairs with true ones; every heading counts once."""
    left = list(true)
    pairs = []
    for heading in parsed:
        match = next((one for one in left if _key(one.title) == _key(heading.title)), None)
        if match is not None:
            left.remove(match)
            pairs.append((heading, match))
    return parsed, pairs
