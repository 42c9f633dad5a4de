"""The abstract: below its heading, behind the word at the start of a paragraph, or a paragraph set apart."""

import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from papercoder.paper.draft import Element, Heading, Text
from papercoder.paper.pdf.floats import Note
from papercoder.paper.pdf.headings import opens_abstract

FEWEST_WORDS, MOST_WORDS = 45, 450
"""A paragraph with fewer or more is no abstract unless the paper says so."""

FIRST = 12
"""Elements among which a paragraph that begins with the word may be."""

_RUN_IN = re.compile(
    r"(?:a\s?b\s?s\s?t\s?r\s?a\s?c\s?t|summary|résumé|zusammenfassung|resumen|sommario|resumo)"
    r"(?:\s*[.:—–-]+\s*(?=\w)|\s+(?=[A-ZÀ-Ý0-9]))",
    re.IGNORECASE,
)
_KEYWORDS = re.compile(r"(?:key\s?words|index terms|mots[- ]clés|ccs concepts|pacs|schlüsselwörter)\b", re.IGNORECASE)

_KEYWORDS_AFTER = re.compile(r"(?<=[.!?] )(?:Key\s?words|Index Terms|Mots[- ]clés|CCS Concepts|PACS)\b")


def split_abstract(elements: Sequence[Element]) -> tuple[str, list[Element]]:
    """The abstract, and the elements without it."""
    for i, element in enumerate(elements):
        if isinstance(element, Heading) and opens_abstract(element.title):
            end = next((j for j in range(i + 1, len(elements)) if isinstance(elements[j], Heading)), len(elements))
            return _of(elements, i, end, elements[i + 1 : end])
    front = next((i for i, element in enumerate(elements) if isinstance(element, Heading)), len(elements))
    for i, element in enumerate(elements[: max(front, FIRST)]):
        found = _RUN_IN.match(element.text) if isinstance(element, Text) else None
        if found is not None and isinstance(element, Text) and _is_capital(element.text[found.end() :]):
            return _of(
                elements, i, i + 1, [replace(element, text=text) for text in _parts(element.text[found.end() :])]
            )
    apart = _set_apart(elements, front)
    if apart is not None:
        return apart.text, [element for element in elements if element is not apart]
    return "", list(elements)


def _of(elements: Sequence[Element], start: int, end: int, inside: Sequence[Element]) -> tuple[str, list[Element]]:
    texts: list[str] = []
    others: list[Element] = []
    for one in inside:
        if isinstance(one, Text) and not isinstance(one, Note) and not _KEYWORDS.match(one.text):
            texts.append(one.text)
        else:
            others.append(one)
    return "\n\n".join(texts), [*elements[:start], *others, *elements[end:]]


def _parts(text: str) -> list[str]:
    """The paragraph, split before keywords that follow the abstract without a break."""
    keywords = _KEYWORDS_AFTER.search(text)
    return [text] if keywords is None else [text[: keywords.start()].rstrip(), text[keywords.start() :]]


def _is_capital(text: str) -> bool:
    return not text[:1].islower()


def _set_apart(elements: Sequence[Element], front: int) -> Text | None:
    """The first long paragraph before the first heading; in a paper without headings, one of another width."""
    paragraphs = [one for one in elements if isinstance(one, Text) and not isinstance(one, Note)]
    long = [
        one for one in elements[:front] if one in paragraphs and FEWEST_WORDS <= len(_text(one).split()) <= MOST_WORDS
    ]
    first = next((one for one in long if isinstance(one, Text)), None)
    if first is None or first.area is None or first.area.page != 1:
        return None
    if len(long) == 1 and front < len(elements):
        return first
    widths = [
        one.area.right - one.area.left for one in paragraphs if one.area and len(one.text.split()) >= FEWEST_WORDS
    ]
    width = first.area.right - first.area.left
    return first if len(widths) > 3 and abs(width - median(widths)) > 0.04 * median(widths) else None


def _text(element: Element) -> str:
    return element.text if isinstance(element, Text) else ""
