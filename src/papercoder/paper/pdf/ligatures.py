"""Ligatures of bitmap fonts, as old papers have them: nothing in the file says which letters they are.

One parser guesses, and guesses wrong (`difterence`); the other keeps the code, which in TeX's T1 encoding is known.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from papercoder.paper.pdf.extract import RawDocument, RawPage

_T1 = str.maketrans({"\x1b": "ff", "\x1c": "fi", "\x1d": "fl", "\x1e": "ffi", "\x1f": "ffl"})
_CODED = re.compile(r"[^\W\d_]*[\x1b-\x1f][^\W\d_\x1b-\x1f]*")
_WORD = re.compile(r"[^\W\d_]+")


def with_ligatures(raw: RawDocument) -> RawDocument:
    """The document with its ligatures spelled out."""
    return replace(raw, pages=[_page(page) for page in raw.pages])


def _page(page: RawPage) -> RawPage:
    coded = sorted({word for word in _CODED.findall(page.plain) if len(word) > 2})
    if not coded:
        return page
    right = set(_WORD.findall(page.plain))
    rules = [(re.compile(re.sub(r"[\x1b-\x1f]", "[^\\\\W\\\\d_]{1,3}", word)), word.translate(_T1)) for word in coded]

    def spelt(found: re.Match[str]) -> str:
        return found[0] if found[0] in right else _spelling(found[0], rules)

    words = [replace(word, text=_WORD.sub(spelt, word.text)) for word in page.words]
    return replace(page, words=words, plain=page.plain.translate(_T1))


def _spelling(word: str, rules: Sequence[tuple[re.Pattern[str], str]]) -> str:
    return next((spelling for pattern, spelling in rules if pattern.fullmatch(word)), word)
