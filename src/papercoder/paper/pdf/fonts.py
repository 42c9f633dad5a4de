"""Fonts whose character codes say nothing about the letters they print.

A PDF may embed a font without the table that maps its codes to characters. Both parsers then return other characters
than those on the page, and only what they spell gives it away.
"""

import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from papercoder.paper.pdf.extract import RawDocument, RawPage, Word
from papercoder.paper.pdf.language import is_language
from papercoder.paper.pdf.shapes import MATH_FONT

MOST_UNREADABLE = 0.2
"""Share of a page's letters; a page with more must be read from its image."""

FEWEST = 10
"""Characters on a page that are worth a word to the user."""

LONGEST_SAMPLE = 40
"""Characters of an example for the user."""


@dataclass(frozen=True)
class Unreadable:
    """Where the text of a document is not what is printed."""

    fonts: frozenset[str] = frozenset()
    pages: tuple[int, ...] = ()
    """From 0; the pages that must be read from their images."""

    touched: tuple[int, ...] = ()
    """From 0; all pages with such text, however little."""

    sample: str = ""
    """The beginning of such text."""


READABLE = Unreadable()
"""Of a document whose text is what is printed."""


def unreadable(raw: RawDocument) -> Unreadable:
    """The fonts and pages that give text in no language."""
    texts: dict[str, list[str]] = {}
    for page in raw.pages:
        for word in page.words:
            if "$" not in word.text and not MATH_FONT.search(word.font):
                texts.setdefault(word.font, []).append(word.text)
    fonts = frozenset(font for font, parts in texts.items() if not is_language(" ".join(parts)))
    touched = [number for number, page in enumerate(raw.pages) if _count(page, fonts) > FEWEST]
    pages = [number for number, page in enumerate(raw.pages) if _is_unreadable(page, fonts)]
    if touched[:1] == [0]:
        pages = sorted({0, *pages})  # the title may be among it
    touched = sorted({*touched, *pages})
    sample = " ".join(word.text for number in touched for word in raw.pages[number].words if _is_bad(word, fonts))
    return Unreadable(fonts, tuple(pages), tuple(touched), sample[:LONGEST_SAMPLE].strip())


def _count(page: RawPage, fonts: Collection[str]) -> int:
    return sum(len(word.text) for word in page.words if word.font in fonts)


def _is_unreadable(page: RawPage, fonts: Collection[str]) -> bool:
    """Whether so much of the page is not what is printed that it must be read from its image."""
    text = " ".join(word.text for word in page.words)
    if not is_language(text):
        return True
    return _count(page, fonts) + strange(text) > MOST_UNREADABLE * len(text)


def _is_bad(word: Word, fonts: Collection[str]) -> bool:
    return not fonts or word.font in fonts or strange(word.text) > 0


def strange(text: str) -> int:
    """How many characters have no meaning outside the font: private ones, control characters, `(cid:7)`."""
    kinds = Counter(unicodedata.category(letter) for letter in text)
    return kinds["Co"] + kinds["Cn"] + kinds["Cc"] + text.count("\ufffd") + 5 * text.count("(cid:")
