"""Title and abstract.

The title is among the large words of the first page. The abstract is below its heading, behind the word at the start of
a paragraph, or a paragraph set apart.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from statistics import median

from rapidfuzz import fuzz

from papercoder.paper.draft import Element, Heading, Text
from papercoder.paper.pdf.floats import Note
from papercoder.paper.pdf.headings import key, names_section, opens_abstract
from papercoder.paper.pdf.layout import Row
from papercoder.paper.pdf.page import Line, Typography

FEWEST_WORDS, MOST_WORDS = 45, 450
"""A paragraph with fewer or more is an abstract only if the paper labels it so."""

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
        if found is not None and isinstance(element, Text) and (not element.text[found.end() :][:1].islower()):
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


ROWS = 40
"""Of the first page; the title is among them."""

SAME = 0.03
"""Share by which the font sizes of a title's lines differ at most."""

_MOSTLY_LETTERS = re.compile(r"(?:[^\W\d_]|[\s\d:,.?!'’&/()-](?![\W\d]{3}))*[^\W\d_]{2}.*")
_MASTHEAD = re.compile(
    r"journal|transactions on|proceedings|conference|workshop|symposium|published|preprint|under review|arxiv|"
    r"contents lists|sciencedirect|elsevier|springer|https?:|www\.|issn|\bdoi\b|\bvol(?:ume|\.)|open access|"
    r"available online|accepted|received|technical report|\bpp\.|©|"
    r"\b(?:research|original|review|short|regular|full)(?: research)? (?:article|paper|letter)|"
    r"^(?:article|letter|review|paper|report|communication|research)s?$",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(
    r"(?:[-–—:,]|\b(?:a|an|and|as|at|by|des?|for|from|in|into|of|on|or|the|to|und|via|with))$", re.I
)


@dataclass(frozen=True)
class _Block:
    """Lines of one font size that follow each other closely."""

    lines: tuple[Line, ...]
    size: float

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(line.text for line in self.lines)

    @property
    def is_short(self) -> bool:
        """Whether it has one or two words, as the names of journals have."""
        return len(self.text.split()) < 3


def title_lines(
    rows: Sequence[Row], look: Typography, metadata: str = "", unreadable: Collection[str] = ()
) -> tuple[Line, ...]:
    """The lines of the title; none where nothing is larger than the text, or what is largest is unreadable.

    Args:
        rows: of the document, from its beginning; the title is on the first page.
        look: of the document.
        metadata: the title that the file names; used only where it is printed.
        unreadable: fonts whose text is not what is printed.
    """
    lines = [row for row in rows[:ROWS] if isinstance(row, Line) and row.page == 0]
    is_hidden = bool(unreadable) and max(lines, key=_tallest).spans[0].font in unreadable if lines else False
    lines = [line for line in lines if line.spans[0].font not in unreadable]
    blocks = _blocks(lines)
    named = [block for block in blocks if len(key(metadata)) > 9 and fuzz.ratio(key(block.text), key(metadata)) > 90]
    large = [block for block in blocks if look.larger(block.size) and not names_section(block.text)]
    chosen = named or ([] if is_hidden else _without_masthead(large, lines))
    if not chosen:
        return ()
    best = max(chosen, key=lambda block: block.size)
    first = next(block for block in chosen if block.size > (1 - SAME) * best.size)
    return _whole(first, lines, look)


def _blocks(lines: Sequence[Line]) -> list[_Block]:
    blocks: list[_Block] = []
    for line in lines:
        size = _tallest(line)
        if len(line.text) < 4 and not blocks:
            continue
        last = blocks[-1] if blocks else None
        if last and _continues(last, line, size):
            blocks[-1] = _Block((*last.lines, line), last.size)
        elif size and len(line.text) > 3:
            blocks.append(_Block((line,), size))
    return blocks


def _continues(block: _Block, line: Line, size: float) -> bool:
    """Whether the line is the next one of the block; one without words is measured by its signs."""
    size = size or line.size
    is_close = -2 < line.box.y0 - block.lines[-1].box.y0 < 2 * block.size
    return is_close and abs(size - block.size) < SAME * block.size


def _tallest(line: Line) -> float:
    worded = [span.size for span in line.spans if not span.math and _MOSTLY_LETTERS.fullmatch(span.text)]
    return max(worded, default=0.0)


def _without_masthead(blocks: Sequence[_Block], lines: Sequence[Line]) -> list[_Block]:
    """The blocks that do not name a journal, unless nothing else is left.

    A block of one or two words is a journal's name only if other lines around it are a masthead's.
    """
    titles = [block for block in blocks if not _MASTHEAD.search(block.text)] or list(blocks)
    top = [line for line in lines[:8] if _MASTHEAD.search(line.text)]
    long = [block for block in titles if not block.is_short]
    return long if top and long else titles


def _whole(block: _Block, lines: Sequence[Line], look: Typography) -> tuple[Line, ...]:
    """The block with the large lines below it, as long as its last line is unfinished."""
    title = list(block.lines)
    after = lines[list(lines).index(title[-1]) + 1 :]
    for line in after:
        is_near = line.box.y0 - title[-1].box.y0 < 2.5 * block.size
        if not (_UNFINISHED.search(title[-1].text) and is_near and look.larger(_tallest(line))):
            break
        if opens_abstract(line.text):
            break
        title.append(line)
    return tuple(title)
