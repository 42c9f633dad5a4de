"""Which lines are headings, by the outline, the numbering and the font."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from papercoder.paper.draft import Heading
from papercoder.paper.pdf.extract import Bookmark
from papercoder.paper.pdf.lines import Row
from papercoder.paper.pdf.page import Typography
from papercoder.paper.pdf.prose import clean
from papercoder.paper.pdf.shapes import Line

_NUMBERED = re.compile(
    r"(?:(?:appendix|annexe|section)\s+)?(?P<number>\d{1,2}(?:\.\d{1,2}){0,4}|[A-Z](?:\.\d{1,2}){0,4}|[IVX]{1,5})"
    r"(?P<mark>[.:]?)\s+(?P<title>\S.*)",
    re.IGNORECASE,
)
_REFERENCES = frozenset(("references", "bibliography", "références", "bibliographie", "literature cited"))
_ABSTRACT = frozenset(("abstract", "résumé", "summary"))
_KNOWN = (
    _REFERENCES
    | _ABSTRACT
    | {
        "introduction",
        "conclusion",
        "conclusions",
        "discussion",
        "related work",
        "background",
        "appendix",
        "appendices",
    }
    | {"acknowledgment", "acknowledgments", "acknowledgement", "acknowledgements", "remerciements", "limitations"}
    | {"method", "methods", "experiments", "results", "supplementary material", "broader impact", "impact statement"}
    | {"ethics statement", "reproducibility statement"}
)
_ENOUGH_BOOKMARKS = 3


def key(title: str) -> str:
    """A title as its letters and digits, for comparison."""
    return re.sub(r"[\W_]+", "", title).lower()


def _name(title: str) -> str:
    return clean(title).rstrip(".:—– ").lower()


def names_section(text: str) -> bool:
    """Whether papers call a section so, with a number or without."""
    found = numbered(text)
    return _name(found.title if found else text) in _KNOWN


def opens_references(title: str) -> bool:
    """Whether the bibliography follows."""
    return _name(title) in _REFERENCES


def opens_abstract(title: str) -> bool:
    """Whether the abstract follows."""
    return _name(title) in _ABSTRACT


@dataclass(frozen=True)
class Numbered:
    """A line that begins as numbered headings do."""

    number: str
    title: str

    @property
    def lettered(self) -> bool:
        """Whether it is numbered as appendices are."""
        return self.number[0].isalpha()

    @property
    def counts(self) -> list[int]:
        """`[3, 2]` for 3.2, `[1, 4]` for A.4."""
        return [int(part) if part.isdecimal() else ord(part.upper()) - 64 for part in self.number.split(".")]

    def follows(self, before: "Numbered | None") -> bool:
        """Whether the number may come after the other one; a heading may have been missed."""
        if before is None or self.lettered != before.lettered:
            return all(count <= 1 for count in self.counts)
        own, other = self.counts, before.counts
        if len(own) > len(other):
            return own[: len(other)] == other and all(count <= 1 for count in own[len(other) :])
        return own[:-1] == other[: len(own) - 1] and 1 <= own[-1] - other[len(own) - 1] <= 2


def numbered(text: str) -> Numbered | None:
    """The number and the title, where the text has both."""
    found = _NUMBERED.fullmatch(text)
    if found is None:
        return None
    number, title = found["number"], found["title"]
    roman = number.isalpha() and len(number) > 1
    worded = re.search(r"[^\W\d_]{2}", title) and (title[0].isupper() or title[0].isdigit())
    if not worded or (number.isalpha() and not number.isupper()) or (roman and not found["mark"]):
        return None
    return Numbered(_arabic(number) if roman else number.upper(), title)


def _arabic(roman: str) -> str:
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in roman]
    signs = [-1 if value < after else 1 for value, after in zip(values, [*values[1:], 0], strict=True)]
    return str(sum(value * sign for value, sign in zip(values, signs, strict=True)))


@dataclass(frozen=True)
class Found:
    """A heading, and how many rows it takes."""

    heading: Heading
    rows: int


@dataclass
class Headings:
    """Finds the headings of one document, from its beginning to its end."""

    outline: tuple[Bookmark, ...]
    look: Typography
    title: str
    """Of the paper; it may be repeated above a supplement."""

    _last: Numbered | None = field(default=None, init=False)
    _sizes: dict[int, float] = field(default_factory=dict, init=False)
    """Font size of the headings of each level, as far as numbers tell."""

    def find(self, rows: Sequence[Row]) -> dict[int, Found]:
        """The headings, at the positions of their first rows; before the abstract there are none."""
        found: dict[int, Found] = {}
        i = 0
        while i < len(rows):
            one = self._match(_ahead(rows, i))
            if one is not None:
                found[i] = one
            i += one.rows if one else 1
        return self._without_front(found, rows)

    def _without_front(self, found: dict[int, Found], rows: Sequence[Row]) -> dict[int, Found]:
        """Without the names of authors, which may be as large and bold as headings."""
        real = (i for i, one in found.items() if one.heading.number or _name(one.heading.title) in _KNOWN)
        first = next(real, 0)
        if not rows or rows[first].page > 1:
            return found
        return {i: one for i, one in found.items() if i >= first or self._bookmarked(one.heading)}

    def _bookmarked(self, heading: Heading) -> bool:
        return any(key(mark.title) == key(heading.title) for mark in self.outline)

    def _match(self, lines: Sequence[Line]) -> Found | None:
        if not lines:
            return None
        marked = self._in_outline(lines)
        if marked is not None:
            bookmark, count = marked
            text = _well_cased(_text(lines[:count]), bookmark.title)
            return self._accept(text, bookmark.level, lines[:count])
        if not self._stands_out(lines[0]):
            return None
        count = 1 + _continuation(lines)
        text = _text(lines[:count])
        if not self._reads_so(text, lines[0]) or not (numbered(text) or _stands_so(lines[count - 1 :])):
            return None
        return self._accept(text, self._level(lines[0], text), lines[:count])

    def _accept(self, text: str, level: int, lines: Sequence[Line]) -> Found:
        found = numbered(text)
        if found is None:
            return Found(Heading(text.rstrip(".:"), level), len(lines))
        self._last = found
        depth = max(level, len(found.counts))
        self._sizes.setdefault(depth, lines[0].size)
        return Found(Heading(found.title.rstrip(".:"), depth, found.number, appendix=found.lettered), len(lines))

    def _in_outline(self, lines: Sequence[Line]) -> tuple[Bookmark, int] | None:
        """The bookmark on this page whose title is what these lines say, and how many of them say it."""
        here = [mark for mark in self.outline if mark.page == lines[0].page and key(mark.title)]
        if not here:
            return None
        for count in range(1, min(len(lines), 4) + 1):
            said = _keys(_text(lines[:count]))
            for mark in here:
                if _keys(mark.title) & said:
                    return mark, count
        return None

    def _stands_out(self, line: Line) -> bool:
        if not re.search(r"[^\W\d_]{3}", line.text) or len(line.text) > 160 or gapped(line):
            return False
        capitals = line.text.isupper() and len(line.text) > 6
        return line.bold or self.look.larger(line.size) or capitals

    def _reads_so(self, text: str, line: Line) -> bool:
        found = numbered(text)
        title = found.title if found else text
        if _name(title) in _KNOWN:
            return True
        if self.title and key(text).startswith(key(self.title)):
            return False
        if len(title.split()) > 20 or re.search(r"[.;,:]$|[a-z]{2}\. [A-Z]", title):
            return False
        if found and len(self.outline) < _ENOUGH_BOOKMARKS:
            return found.follows(self._last) or (line.bold and found.lettered and found.number in {"A", "A.1"})
        return not found and line.bold and self.look.larger(line.size)

    def _level(self, line: Line, text: str) -> int:
        found = numbered(text)
        if found:
            return len(found.counts)
        alike = [level for level, size in self._sizes.items() if abs(size - line.size) < 0.3]
        if alike:
            return min(alike)
        return 1 if line.size > 1.12 * self.look.size or _name(text) in _KNOWN else 2


def _ahead(rows: Sequence[Row], i: int) -> list[Line]:
    lines: list[Line] = []
    for row in rows[i : i + 5]:
        if not isinstance(row, Line) or row.page != rows[i].page:
            break
        lines.append(row)
    return lines


def _text(lines: Sequence[Line]) -> str:
    return " ".join(line.text for line in lines)


def _keys(title: str) -> set[str]:
    found = numbered(title)
    return {key(title), key(found.title) if found else key(title)}


def gapped(line: Line) -> bool:
    """Whether there is much white within the line, as between labels of a figure; a number may stand apart."""
    spans = line.spans[1:] if re.fullmatch(r"[\dA-Z.]{1,9}", line.spans[0].text) else line.spans
    return any(after.box.x0 - before.box.x1 > 2 * line.size for before, after in pairwise(spans))


def _continuation(lines: Sequence[Line]) -> int:
    """How many of the next lines go on in the same font, closely below a line that is nearly full."""
    first, count = lines[0], 0
    for before, line in pairwise(lines[:4]):
        alike = line.bold == first.bold and abs(line.size - first.size) < 0.3 and line.column == first.column
        close = 0 < line.box.y0 - before.box.y0 < 1.6 * first.size
        if not alike or not close or numbered(line.text) or before.box.width < 0.6 * before.column.width:
            break
        count += 1
    return count


def _stands_so(lines: Sequence[Line]) -> bool:
    """Whether the first line begins at the margin or text follows closely; a label in a figure does neither."""
    if lines[0].indent < lines[0].size or len(lines) < 2 or lines[1].column != lines[0].column:
        return True
    return lines[1].box.y0 - lines[0].box.y1 < 4 * lines[0].size and len(lines[1].text) > 20


def _well_cased(text: str, title: str) -> str:
    """The printed heading, in the outline's capitals where all that is printed are capitals."""
    found = numbered(text)
    printed = found.title if found else text
    if not printed.isupper() or key(title) != key(printed):
        return text
    return f"{found.number} {title}" if found else title
