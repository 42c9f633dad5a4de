"""Captions: how they begin, and what they belong to."""

import re
from dataclasses import dataclass

_CAPTION = re.compile(
    r"(?P<kind>(?i:fig(?:ure)?s?|tab(?:le|leau)?|algorithme?|alg|listing|procedure))\s*\.?\s+"
    r"(?P<number>[A-Z]?\.?\d+(?:\.\d+)?[a-z]?|[IVX]+)\b\s*(?P<mark>[:.|—–-]|\Z|(?=[A-Z(]))\s*(?P<text>.*)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Caption:
    """The beginning of a caption."""

    kind: str
    """`figure`, `table` or `algorithm`."""

    number: str
    text: str
    marked: bool
    """Whether a colon or the like follows the number, which running text seldom has."""


def caption(text: str) -> Caption | None:
    """What this line begins, if it begins a caption."""
    found = _CAPTION.match(text)
    if found is None:
        return None
    kind = {"f": "figure", "t": "table"}.get(found["kind"][0].lower(), "algorithm")
    return Caption(kind, found["number"], found["text"].strip(), found["mark"] in {":", ".", "|", "—", "–"})
