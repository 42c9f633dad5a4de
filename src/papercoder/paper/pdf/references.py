"""The bibliography, entry by entry."""

import re
from collections.abc import Sequence
from itertools import pairwise

from papercoder.artifacts import Reference
from papercoder.paper.pdf.prose import Vocabulary, joined
from papercoder.paper.pdf.shapes import Line

FEWEST = 3
"""Fewer numbered lines may be any list."""

_YEAR = re.compile(r"\b(?:1[89]|20)\d\d[a-z]?\b")
_LABEL = re.compile(r"\[([^\]\s]{1,12}(?: [^\]]{1,20})?)\]\s*|(\d{1,3})\.\s+(?=\D)")


def reference_list(lines: Sequence[tuple[int, Line]]) -> int | None:
    """The position of the first line of a bibliography without a heading: the last run of labels 1, 2, 3, ...

    Most of its entries must name a year.
    """
    labels = [(place, number) for place, (_, line) in enumerate(lines) if (number := _counted(line.text))]
    for start, (place, number) in reversed(list(enumerate(labels))):
        if number != 1:
            continue
        places = [place]
        for after, value in labels[start + 1 :]:
            if value == len(places) + 1:
                places.append(after)
        ends = [*places[1:], min(len(lines), places[-1] + 6)]
        entries = [" ".join(line.text for _, line in lines[a:b]) for a, b in zip(places, ends, strict=True)]
        dated = sum(bool(_YEAR.search(entry)) for entry in entries)
        if len(places) >= FEWEST and dated >= 0.6 * len(places):
            return lines[place][0]
    return None


def _counted(text: str) -> int:
    """The number with which an entry begins, or 0."""
    label = re.match(r"(?:\[(\d{1,3})\]|(\d{1,3})\.)\s*(?=[^\W\d_])", text)
    return int(label[1] or label[2]) if label else 0


def references(lines: Sequence[Line], known: Vocabulary) -> list[Reference]:
    """One reference to each entry: parted by labels, else by the hanging indent, else by white space."""
    if not lines:
        return []
    entries = _labelled(lines) or _hanging(lines) or _spaced(lines)
    return [_reference(entry, position, known) for position, entry in enumerate(entries, start=1)]


def _reference(entry: Sequence[str], position: int, known: Vocabulary) -> Reference:
    text = joined(entry, known)
    label = _LABEL.match(text)
    if label is None:
        return Reference(key=str(position), text=text)
    return Reference(key=label[1] or label[2], text=text[label.end() :])


def _split(lines: Sequence[Line], starts: Sequence[bool]) -> list[list[str]]:
    entries: list[list[str]] = []
    for line, start in zip(lines, starts, strict=True):
        if start or not entries:
            entries.append([])
        entries[-1].append(line.text)
    return entries


def _labelled(lines: Sequence[Line]) -> list[list[str]]:
    starts = [bool(_LABEL.match(line.text)) for line in lines]
    return _split(lines, starts) if starts[:1] == [True] and sum(starts) > 1 else []


def _hanging(lines: Sequence[Line]) -> list[list[str]]:
    """Entries whose first line stands to the left of the others, column by column."""
    lefts: dict[tuple[int, float], float] = {}
    for line in lines:
        place = (line.page, line.column.x0)
        lefts[place] = min(lefts.get(place, line.box.x0), line.box.x0)
    starts = [line.box.x0 - lefts[(line.page, line.column.x0)] < 3 for line in lines]
    share = sum(starts) / max(len(starts), 1)
    return _split(lines, starts) if 0.1 < share < 0.75 else []


def _spaced(lines: Sequence[Line]) -> list[list[str]]:
    """Entries with more white above them than between their lines."""
    gaps = [after.box.y0 - before.box.y0 for before, after in pairwise(lines)]
    positive = sorted(gap for gap in gaps if gap > 0)
    usual = positive[len(positive) // 3] if positive else 0.0
    starts = [True]
    for before, gap in zip(lines, gaps, strict=False):
        starts.append(gap > 1.15 * usual or (gap < 0 and before.text.rstrip().endswith(".")))
    return _split(lines, starts)
