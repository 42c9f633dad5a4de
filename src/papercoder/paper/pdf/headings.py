"""Finds headings by the PDF's outline, their numbers (`3.2`, `A.1`, Roman) and the font."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from rapidfuzz import fuzz

from papercoder.paper.draft import Heading
from papercoder.paper.pdf.extract import Bookmark
from papercoder.paper.pdf.layout import Row
from papercoder.paper.pdf.page import Line, Typography, clean

_NUMBERED = re.compile(
    r"(?:(?:appendix|annexe|section)\s+)?(?P<number>\d{1,2}(?:\.\d{1,2}){0,4}|[A-Z](?:\.\d{1,2}){0,4}|[IVX]{1,5})"
    r"(?P<mark>[.:]?)\s+(?P<title>\S.*)",
    re.IGNORECASE,
)
_ROMAN_SECTION = re.compile(r"(?P<number>[IVX]{1,5})[.:]?\s+(?P<title>[A-Z].*)")
_ROMAN_SUBSECTION = re.compile(r"(?P<number>[A-Z]|\d{1,2})[.:)]\s*(?P<title>[^\W_].*)")
_NAMED = re.compile(r"(?:appendix|annexe|section)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Numbered:
    """A line that begins as numbered headings do."""

    number: str
    """With dots between the levels and in Arabic digits, except for the letter of an appendix."""

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
        """Whether the number may come after the other one; one heading between them may have been missed."""
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
    return Numbered(str(arabic(number)) if roman else number.upper(), title)


def uses_roman(texts: Iterable[str]) -> bool:
    """Whether the sections of these headings are numbered I, II, ... in this order."""
    numbers = [found["number"] for found in map(_ROMAN_SECTION.fullmatch, texts) if found]
    return "I" in numbers and "II" in numbers[numbers.index("I") :]


def numbered_roman(text: str, before: Numbered | None) -> Numbered | None:
    """The same in a document with Roman sections, `A.` subsections and `1)` below; `before` is the heading before."""
    if _NAMED.match(text):
        return numbered(text)
    for found in _readings(text, before):
        if found.follows(before):
            return found
    return None


def _readings(text: str, before: Numbered | None) -> Iterable[Numbered]:
    """What the number may mean; a letter may be a Roman number, a subsection or an appendix."""
    section = _ROMAN_SECTION.fullmatch(text)
    if section and (before is None or not before.lettered):
        yield Numbered(str(arabic(section["number"])), section["title"])
    below = _ROMAN_SUBSECTION.fullmatch(text)
    if below is None or before is None:
        return
    number, title = below["number"], below["title"]
    top, *rest = before.number.split(".")
    if number.isdecimal():
        yield Numbered(".".join([top, *rest[:1], number]), title)
    else:
        yield Numbered(f"{top}.{ord(number) - 64}", title)
        yield Numbered(number, title)


def arabic(roman: str) -> int:
    """The value of a Roman number made of I, V and X."""
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in roman]
    signs = [-1 if value < after else 1 for value, after in zip(values, [*values[1:], 0], strict=True)]
    return sum(value * sign for value, sign in zip(values, signs, strict=True))


_REFERENCES = re.compile(
    r"(?:references?|bibliography|literature|works|literatur|references and further reading)(?: cited)?"
    r"(?: (?:and|&) (?:links|notes))?|notes and references|cited (?:references|literature)"
    r"|reference list|list of references"
    r"|références(?: bibliographiques)?|bibliographie|literaturverzeichnis|referencias(?: bibliográficas)?|bibliografía"
    r"|referências(?: bibliográficas)?|bibliografia|riferimenti(?: bibliografici)?|literatuur|referenties|piśmiennictwo"
)
_ABSTRACT = frozenset(
    ("abstract", "résumé", "summary", "zusammenfassung", "kurzfassung", "resumen", "sommario", "resumo")
)
_KNOWN = (
    _ABSTRACT
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
_NO_SECTIONS = re.compile(r"(?:table of )?contents|list of (?:figures|tables)|title(?: page)?|cover", re.IGNORECASE)
_RUN_IN_END = r"\s*[.:—–-]+\s+(?=\S)"
_LONGEST_RUN_IN = 90
"""Characters of a title that is followed by text on the same line."""

_LONGEST_UNKNOWN = 60
"""Characters of a heading whose font is unknown, because it was recognised from an image."""

_ENOUGH_BOOKMARKS = 3
_FOOT, _HEAD = 500.0, 250.0
"""Points from the top: below the first a page's foot begins, above the second its head ends."""

_ALIKE = 88
"""Percent of similarity at which a line is a bookmark's title; formulas are written differently in outlines."""


def key(title: str) -> str:
    """A title as its letters and digits, for comparison."""
    return re.sub(r"[\W_]+", "", title).lower()


def _name(title: str) -> str:
    spaced = re.fullmatch(r"(?:\w )+\w", clean(title))
    return (clean(title).replace(" ", "") if spaced else clean(title)).rstrip(".:—– ").lower()


def names_section(text: str) -> bool:
    """Whether papers use this title, with a number or without."""
    found = numbered(text)
    return _is_known(found.title if found else text)


def _is_known(title: str) -> bool:
    return _name(title) in _KNOWN or opens_references(title)


def opens_references(title: str) -> bool:
    """Whether the bibliography follows."""
    return bool(_REFERENCES.fullmatch(_name(title)))


def opens_abstract(title: str) -> bool:
    """Whether the abstract follows."""
    return _name(title) in _ABSTRACT


@dataclass(frozen=True)
class Found:
    """A heading, how many rows it takes, and the text that follows it on its line."""

    heading: Heading
    rows: int
    rest: Line | None = None


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

    _is_roman: bool = field(default=False, init=False)
    _used: set[Bookmark] = field(default_factory=set, init=False)

    def find(self, rows: Sequence[Row], drawn: Collection[int] = ()) -> dict[int, Found]:
        """The headings, at the positions of their first rows; before the abstract there are none.

        `drawn` are the positions of lines inside figures, which are headings only if the outline has them.
        """
        lines = [row for row in rows if isinstance(row, Line) and self._stands_out(row)]
        self._is_roman = uses_roman(line.text for line in lines)
        found: dict[int, Found] = {}
        i = 0
        while i < len(rows):
            one = self._match(_ahead(rows, i), in_figure=i in drawn)
            if one is not None:
                found[i] = one
            i += max(one.rows, 1) if one else 1
        return self._without_front(found, rows)

    def missing(self, found: Iterable[Heading]) -> list[Bookmark]:
        """The entries of the outline that are none of these headings."""
        keys = {key(heading.title) for heading in found} | {key(self.title)}
        return [
            mark
            for mark in self.outline
            if mark.page >= 0
            and mark not in self._used
            and not opens_references(mark.title)
            and not opens_abstract(mark.title)
            and not _NO_SECTIONS.fullmatch(clean(mark.title))
            and not any(fuzz.ratio(one, name) >= _ALIKE for one in keys for name in _keys(mark.title))
        ]

    def _without_front(self, found: dict[int, Found], rows: Sequence[Row]) -> dict[int, Found]:
        """Without the names of authors, which may be as large and bold as headings."""
        real = (i for i, one in found.items() if one.heading.number or _is_known(one.heading.title))
        first = next(real, 0)
        if not rows or rows[first].page > 1:
            return found
        return {i: one for i, one in found.items() if i >= first or self._bookmarked(one.heading)}

    def _bookmarked(self, heading: Heading) -> bool:
        return any(key(mark.title) == key(heading.title) for mark in self.outline)

    def _match(self, lines: Sequence[Line], *, in_figure: bool) -> Found | None:
        if not lines:
            return None
        marked = self._in_outline(lines)
        if marked is not None:
            return marked
        if in_figure:
            return None
        run_in = self._run_in(lines[0])
        if run_in is not None or not self._stands_out(lines[0]):
            return run_in
        count = 1 + self._continuation(lines)
        text = _text(lines[:count])
        if not self._reads_so(text, lines[0]) or not (self._numbered(text) or _stands_so(lines[count - 1 :])):
            return None
        return self._accept(text, self._level(lines[0], text), lines[:count])

    def _numbered(self, text: str) -> Numbered | None:
        return numbered_roman(text, self._last) if self._is_roman else numbered(text)

    def _accept(self, text: str, level: int, lines: Sequence[Line], rest: Line | None = None) -> Found:
        found = self._numbered(text)
        rows = 0 if rest else len(lines)
        if found is None:
            return Found(Heading(text.rstrip(".:"), level), rows, rest)
        self._last = found
        depth = max(level, len(found.counts))
        self._sizes.setdefault(depth, lines[0].size)
        heading = Heading(found.title.rstrip(".:"), depth, found.number, appendix=found.lettered)
        return Found(heading, rows, rest)

    def _in_outline(self, lines: Sequence[Line]) -> Found | None:
        """The heading that begins here if the outline has one on this page that reads like these lines."""
        here = [mark for mark in self.outline if _is_on_page(mark, lines[0]) and key(mark.title)]
        for count in range(1, min(len(lines), 4) + 1) if here else ():
            text = _text(lines[:count])
            for mark in here:
                if _keys(mark.title) & _keys(text) or self._is_close(mark, text, lines[0]):
                    self._used.add(mark)
                    return self._accept(_well_cased(text, mark.title), mark.level, lines[:count])
        for mark in here:
            start = self._start_of(lines[0].text, mark) if _is_near(mark, lines[0]) else None
            if start is not None and mark not in self._used:
                self._used.add(mark)
                text, rest = start
                return self._accept(text, mark.level, lines[:1], _with_text(lines[0], rest))
        return None

    def _is_close(self, mark: Bookmark, text: str, line: Line) -> bool:
        """Whether the text differs from the title a little, and is where the bookmark points."""
        if mark in self._used or not _is_near(mark, line) or len(key(mark.title)) < 8:
            return False
        keys = ((one, other) for one in _keys(mark.title) for other in _keys(text))
        return any(one[:4] == other[:4] and fuzz.ratio(one, other) >= _ALIKE for one, other in keys)

    def _start_of(self, text: str, mark: Bookmark) -> tuple[str, str] | None:
        """Title and rest of a line that begins with the bookmark's title and continues with text."""
        found = numbered(mark.title)
        title = re.escape(clean(found.title if found else mark.title))
        start = re.match(rf"((?:[\dA-Z.]{{1,9}}\s+)?{title}){_RUN_IN_END}", text, re.IGNORECASE)
        return (start[1], text[start.end() :]) if start else None

    def _run_in(self, line: Line) -> Found | None:
        """A numbered heading in another font that is followed by text, as `1) Boundary layers: We ...`."""
        if not self._is_roman or not (line.spans[0].italic or line.spans[0].bold):
            return None
        start = re.match(rf"(\d{{1,2}}[.)]\s*[^.:]{{3,{_LONGEST_RUN_IN}}}):\s+(?=[A-Z])", line.text)
        if start is None or self._numbered(start[1]) is None:
            return None
        return self._accept(start[1], 3, [line], _with_text(line, line.text[start.end() :]))

    def _stands_out(self, line: Line) -> bool:
        if not re.search(r"[^\W\d_]{3}", line.text) or len(line.text) > 160 or gapped(line):
            return False
        capitals = line.text.isupper() and len(line.text) > 6
        if not line.spans[0].font and len(line.text) < _LONGEST_UNKNOWN:
            return names_section(line.text) or bool(self._numbered(line.text))
        return line.bold or self.look.larger(line.size) or capitals or (line.italic and bool(self._numbered(line.text)))

    def _reads_so(self, text: str, line: Line) -> bool:
        found = self._numbered(text)
        title = found.title if found else text
        if _is_known(title):
            return True
        if self.title and key(text).startswith(key(self.title)):
            return False
        if len(title.split()) > 20 or re.search(r"[.;,:]$|[a-z]{2}\. [A-Z]", title):
            return False
        if found and len(self.outline) < _ENOUGH_BOOKMARKS:
            return found.follows(self._last) or (line.bold and found.lettered and found.number in {"A", "A.1"})
        return not found and line.bold and self.look.larger(line.size)

    def _level(self, line: Line, text: str) -> int:
        found = self._numbered(text)
        if found:
            return len(found.counts)
        alike = [level for level, size in self._sizes.items() if abs(size - line.size) < 0.3]
        if alike:
            return min(alike)
        return 1 if line.size > 1.12 * self.look.size or _is_known(text) else 2

    def _continuation(self, lines: Sequence[Line]) -> int:
        """How many of the next lines belong to the heading: same font, closely below, after a nearly full line."""
        first, count = lines[0], 0
        for before, line in pairwise(lines[:4]):
            alike = line.bold == first.bold and abs(line.size - first.size) < 0.3 and line.column == first.column
            close = 0 < line.box.y0 - before.box.y0 < 1.6 * first.size
            if not alike or not close or numbered(line.text) or not self._is_broken(before):
                break
            count += 1
        return count

    def _is_broken(self, line: Line) -> bool:
        """Whether the heading on this line may continue on the next: it is nearly full, or is only a number."""
        return line.box.width >= 0.6 * line.column.width or bool(re.fullmatch(r"APPENDIX [A-Z]", line.text))


def _ahead(rows: Sequence[Row], i: int) -> list[Line]:
    lines: list[Line] = []
    for row in rows[i : i + 5]:
        if not isinstance(row, Line) or row.page != rows[i].page:
            break
        lines.append(row)
    return lines


def _text(lines: Sequence[Line]) -> str:
    return " ".join(line.text for line in lines)


def _with_text(line: Line, text: str) -> Line:
    """The line with only this text in it."""
    return replace(line, spans=(replace(line.spans[-1], text=text, box=line.box),))


def _is_on_page(mark: Bookmark, line: Line) -> bool:
    """Whether the bookmark points to the line's page, or to the foot of the page before, as happens at page breaks."""
    return mark.page == line.page or (mark.page + 1 == line.page and mark.y > _FOOT and line.box.y0 < _HEAD)


def _is_near(mark: Bookmark, line: Line) -> bool:
    """Whether the line is where the bookmark points, if that is known."""
    return not mark.y or mark.page != line.page or -30 < line.box.y0 - mark.y < 60


def _keys(title: str) -> set[str]:
    found = numbered(title)
    return {key(title), key(found.title) if found else key(title)}


def gapped(line: Line) -> bool:
    """Whether there is much white within the line, as between labels of a figure; a number may be apart."""
    spans = line.spans[1:] if re.fullmatch(r"[\dA-Z.]{1,9}", line.spans[0].text) else line.spans
    return any(after.box.x0 - before.box.x1 > 2 * line.size for before, after in pairwise(spans))


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
