"""Fonts whose character codes say nothing about the letters they print.

A PDF may embed a font without the table that maps its codes to characters. Both parsers then return other characters
than those on the page, and only what they spell gives it away.
"""

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from papercoder.paper.pdf.extract import RawDocument, RawPage, Word
from papercoder.paper.pdf.language import is_language, is_title
from papercoder.paper.pdf.page import is_upright
from papercoder.paper.pdf.shapes import MATH_FONT

MOST_UNREADABLE = 0.2
"""Share of a page's letters; a page with more must be read from its image."""

FEWEST = 10
"""Characters on a page that are worth a word to the user."""

LONGEST_SAMPLE = 40
"""Characters of an example for the user."""

SAME = 0.03
"""Share by which the font sizes of a title's words differ at most."""


@dataclass(frozen=True)
class Unreadable:
    """Where the text of a document is not what is printed."""

    fonts: frozenset[str] = frozenset()
    pages: tuple[int, ...] = ()
    """From 0; the pages that can only be read from their images."""

    touched: tuple[int, ...] = ()
    """From 0; all pages with such text, however little."""

    sample: str = ""
    """The beginning of such text."""

    @property
    def to_recognise(self) -> set[int]:
        """These pages, and the first one if it has any such text, which may be the title."""
        return {*self.pages, *self.touched[:1]} if self.touched[:1] == (0,) else set(self.pages)


READABLE = Unreadable()
"""Of a document whose text is what is printed."""


def unreadable(raw: RawDocument) -> Unreadable:
    """The fonts and pages that give text in no language."""
    texts: dict[str, list[str]] = {}
    for page in raw.pages:
        for word in page.words:
            if "$" not in word.text and not MATH_FONT.search(word.font):
                texts.setdefault(word.font, []).append(word.text)
    foreign = {font for font, parts in texts.items() if not is_language(" ".join(parts))}
    title = _of_title(raw, texts) - foreign
    fonts = frozenset(foreign | title)
    touched = [number for number, page in enumerate(raw.pages) if _count(page, fonts) > (0 if title else FEWEST)]
    pages = [number for number, page in enumerate(raw.pages) if _is_unreadable(page, fonts)]
    touched = sorted({*touched, *pages})
    sample = " ".join(word.text for number in touched for word in raw.pages[number].words if _is_bad(word, fonts))
    shown = "".join(letter if letter.isprintable() else " " for letter in sample[:LONGEST_SAMPLE])
    return Unreadable(fonts, tuple(pages), tuple(touched), shown.strip())


def _of_title(raw: RawDocument, texts: Mapping[str, Sequence[str]]) -> set[str]:
    """The fonts of the largest words on the first page, if they print nothing else and cannot be the title.

    They are judged by the rest of the paper, because a title has too few letters to be judged by itself.
    """
    words = [word for word in raw.pages[0].words if word.font in texts and is_upright(word)] if raw.pages else []
    largest = max((word.size for word in words), default=0.0)
    title = [word for word in words if word.size > (1 - SAME) * largest]
    fonts = {word.font for word in title}
    if sum(len(texts[font]) for font in fonts) > len(title):
        return set()
    others = " ".join(text for font, parts in texts.items() if font not in fonts for text in parts)
    return set() if is_title(" ".join(word.text for word in title), others) else fonts


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
