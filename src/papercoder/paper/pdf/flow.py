"""Joins lines into paragraphs, headings, displayed equations and references; floats do not interrupt sentences.

On the page, every fraction and root has a bar, every accent and large operator is a sign, and limits are small text
below and above an operator. Where the text that was read has fewer of them, something fell apart.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from papercoder.artifacts import Reference
from papercoder.paper.draft import Area, Display, Doubt, Element, Grid, Heading, Text
from papercoder.paper.pdf.extract import RawPage, Rule, Sign, Word
from papercoder.paper.pdf.floats import FloatRules, Floats, Note, text_fonts
from papercoder.paper.pdf.frames import Captions
from papercoder.paper.pdf.headings import Found, opens_references
from papercoder.paper.pdf.layout import Row, area
from papercoder.paper.pdf.page import Line, Typography, Vocabulary, clean, joined, polished

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
    """Entries whose first line is to the left of the others, column by column."""
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


_NUMBER = re.compile(r"\(((?:[A-Z]\.?)?\d{1,3}(?:\.\d{1,3})?[a-z]?)\)")
_FORMULA = re.compile(r"\$[^$]*\$")
_WORD = re.compile(r"[^\W\d_]{3,}(?![\w]|\s?\()")
_OPERATORS = frozenset(
    {"softmax", "argmax", "argmin", "arg", "max", "min", "exp", "log", "sup", "inf", "lim", "sin", "cos", "tan", "tanh"}
    | {"relu", "sign", "where", "otherwise", "for", "and", "such", "that"}
)
_SIGNS = re.compile(r"[=<>≤≥∑∏∫√±×·∈∼≈→←∂∇∥⊙⊕|]|\$|\\[a-z]+")


def equation_number(line: Line) -> str:
    """The number at the line's right end, without its brackets; empty where there is none."""
    last = line.spans[-1]
    found = _NUMBER.fullmatch(last.text)
    alone = len(line.spans) == 1 or last.box.x0 - line.spans[-2].box.x1 > 0.4 * last.size
    at_the_right = last.box.x1 > line.column.x1 - 0.12 * line.column.width
    return found[1] if found and alone and at_the_right else ""


def _prose_words(text: str) -> int:
    words = _WORD.findall(_FORMULA.sub("(", text))  # a word that a formula follows is the name of a function
    return sum(word.lower() not in _OPERATORS and not word.isupper() for word in words)


def formula(line: Line, look: Typography) -> bool:
    """Whether the line is a displayed formula, or a part of one."""
    text = line.text
    words = _prose_words(text)
    if equation_number(line):
        return words <= 6 or words < 0.3 * len(text.split())
    apart = line.indent > 0.5 * look.size and line.box.x1 < line.column.x1 - 0.5 * look.size
    formal = bool(_SIGNS.search(text)) or (any(span.math for span in line.spans) and len(text) > 2)
    return apart and formal and words <= max(2, 0.1 * len(text) / 5)


def limits(line: Line, look: Typography) -> bool:
    """Whether the line is the limit of a sum: small, short and without words."""
    return line.size < 0.85 * look.size and len(line.text) < 24 and _prose_words(line.text) == 0


def displays(lines: Sequence[Line]) -> list[Display]:
    """Adjacent lines of formulas as equations, one to each number."""
    found: list[Display] = []
    parts: list[Line] = []
    number = ""
    for position, line in enumerate(lines):
        own = equation_number(line)
        if own and number:
            found.append(_display(parts, number))
            parts, number = [], ""
        parts.append(line)
        number = own or number
        if position == len(lines) - 1:
            found.append(_display(parts, number))
    return found


def _display(lines: Sequence[Line], number: str) -> Display:
    texts = [span.text for line in lines for span in (line.spans[:-1] if equation_number(line) else line.spans)]
    return Display(polished(clean(" ".join(texts))), number, area(lines))


_BARRED = re.compile(r"\\(?:[dt]?frac|sqrt|overline|underline|binom)(?![A-Za-z])")
_ROOT = re.compile(r"\\sqrt(?![A-Za-z])|√")
_ACCENT = re.compile(r"\\(?:hat|tilde|bar|dot|ddot|check|vec|widehat|widetilde|overline|acute|grave)(?![A-Za-z])")
_STRAY_ACCENT = re.compile(r"(?<=\w)\s?[ˆ˜¯˙ˇ]|[ˆ˜¯˙ˇ]\s?(?=\w)")
_OPERATOR = re.compile(r"(?:\\(?:sum|prod)(?![A-Za-z])|[∑∏])\s*(?P<limit>[_^])?")

REACH = 30.0
"""Points above and below an operator within which its limits are."""

WIDEST_BAR = 260.0
"""Points; a longer rule belongs to a table or the page."""


def formula_doubts(pages: Sequence[RawPage], elements: Iterable[Element]) -> Iterator[Doubt]:
    """A doubt for every kind of loss in every element."""
    for element in elements:
        if isinstance(element, Display | Text) and element.area:
            page = pages[element.area.page - 1]
            if not (page.recognised or page.plain_only):
                yield from _of_formula(element, element.text, page, element.area)
        elif isinstance(element, Grid):
            yield from _of_table(element)


def _of_formula(element: Element, text: str, page: RawPage, area: Area) -> Iterator[Doubt]:
    signs = [sign for sign in page.signs if area.left - 2 < sign.x < area.right + 2 and _is_inside(sign.y, area)]
    roots = sum(sign.text == "√" for sign in signs)
    if isinstance(element, Display) and (bars := _bars(page, area)) > (read := len(_BARRED.findall(text))):
        message = f"A fraction or a root of {{place}} may have fallen apart: the page has {bars} bars, the text {read}."
        yield Doubt(element, "fraction", message.replace("1 bars", "1 bar"))
    elif roots > len(_ROOT.findall(text)):
        yield Doubt(element, "fraction", "A root in {place} may have fallen apart: its sign is missing in the text.")
    if any(_has_limits(sign, page.words) for sign in signs if sign.text in "∑∏") and not _all_limited(text, signs):
        yield Doubt(element, "limits", "A sum or product in {place} has limits on the page, but not in the text.")
    accents = sum(sign.text in "ˆ˜¯˙¨ˇ⃗" for sign in signs)
    is_short = isinstance(element, Display) and accents > len(_ACCENT.findall(text))
    if is_short or _STRAY_ACCENT.search(text):
        yield Doubt(element, "accent", "An accent in {place} is missing or stands apart from its letter.")


def _is_inside(y: float, area: Area) -> bool:
    return area.top - 4 < y < area.bottom + 4


def _bars(page: RawPage, area: Area) -> int:
    """How many bars are in the area; those that are drawn twice count once."""
    rules = [rule for rule in (*page.bars, *page.rules) if rule.x1 - rule.x0 < WIDEST_BAR and _is_inside(rule.y, area)]
    inside = [rule for rule in rules if area.left - 2 < rule.x0 and rule.x1 < area.right + 2]
    apart: list[Rule] = []
    for rule in inside:
        if not any(abs(rule.y - other.y) < 1 and abs(rule.x0 - other.x0) < 2 for other in apart):
            apart.append(rule)
    return len(apart)


def _has_limits(sign: Sign, words: Iterable[Word]) -> bool:
    """Whether small text is centred below or above the sign, and not beside it."""
    for word in words:
        middle, across = word.y + word.height / 2, word.x + word.width / 2
        if word.size < 8 and abs(across - sign.x) < 15 and 7 < abs(middle - sign.y) < REACH and len(word.text) < 24:
            return True
    return False


def _all_limited(text: str, signs: Sequence[Sign]) -> bool:
    """Whether every operator of the page is in the text, with a limit."""
    operators = _OPERATOR.findall(text)
    return all(operators) and len(operators) >= sum(sign.text in "∑∏" for sign in signs)


_SEVERAL = re.compile(r"(?:[-−]?\d+(?:\.\d+)?%?\s+){2,}[-−]?\d+(?:\.\d+)?%?")


def _of_table(table: Grid) -> Iterator[Doubt]:
    """A row in which one cell has the numbers of several, next to empty ones."""
    for row in table.rows:
        if sum(not cell for cell in row) > 1 and any(_SEVERAL.fullmatch(cell) for cell in row):
            yield Doubt(table, "cells", "A row of {place} has several numbers in one cell; columns may be wrong.")
            return


LONG = 400
"""Characters; affiliations are shorter."""

_ENDS = re.compile(r"[.!?:;][\"”’')\]]*\s*\d{0,2}$")
_BULLET = re.compile(r"[•◦▪‣·–*]\s|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]\s")


@dataclass
class Flow:
    """Reads rows one after the other; floats wait for the end of the paragraph that they interrupt."""

    look: Typography
    headings: dict[int, Found]
    known: Vocabulary
    captions: Captions
    elements: list[Element] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    _paragraph: list[Line] = field(default_factory=list)
    _waiting: list[Element] = field(default_factory=list)
    _entries: list[Line] = field(default_factory=list)
    _in_references: bool = False
    _in_body: bool = False
    """Whether the front matter, in which marks behind names look like formulas, is over."""

    def read(self, rows: Sequence[Row]) -> None:
        """Read the rows of the whole document."""
        listed = self._bibliography(rows)
        rules = FloatRules(self.look, self.headings, self.known, text_fonts(rows), self.captions, listed)
        floats = rules.find(rows)
        i = 0
        while i < len(rows):
            self._in_references = self._in_references or i == listed.start
            i += self._take(rows, i, floats)
        self._end_paragraph()
        self.references += references(self._entries, self.known)

    def _bibliography(self, rows: Sequence[Row]) -> range:
        """Where the entries of the bibliography are, by its heading or else by their labels; may be empty."""
        opened = (i for i, found in self.headings.items() if opens_references(found.heading.title))
        start = next((i + self.headings[i].rows for i in opened), None)
        if start is None:
            lines = [(i, row) for i, row in enumerate(rows) if isinstance(row, Line) and i not in self.headings]
            start = reference_list(lines)
        if start is None:
            return range(len(rows), len(rows))
        return range(start, next((i for i in sorted(self.headings) if i >= start), len(rows)))

    def _take(self, rows: Sequence[Row], i: int, floats: Floats) -> int:
        """Read what begins at this position; returns how many rows it took."""
        row = rows[i]
        if i in floats.made:
            self._waiting.append(floats.made[i])
        if i in floats.notes:
            lines = floats.notes[i]
            self._waiting.append(Note(joined([line.text for line in lines], self.known), area(lines)))
        if i in floats.taken or not isinstance(row, Line):
            return 1
        found = self.headings.get(i)
        if found is not None:
            self._open(found.heading)
            if found.rest is not None:
                self._prose(found.rest)
            return max(found.rows, 1)
        if self._in_references:
            self._entries.append(row)
            return 1
        ahead = self._free_lines(rows, i, floats)
        count = self._formulas(ahead) if self._in_body else 0
        if count:
            self._end_paragraph()
            self.elements += displays(ahead[:count])
            return count
        self._prose(row)
        return 1

    def _open(self, heading: Heading) -> None:
        self._end_paragraph()
        self._in_body = True
        self._in_references = opens_references(heading.title)
        if not self._in_references:
            self.elements.append(heading)

    def _formulas(self, ahead: Sequence[Line]) -> int:
        """How many of the next lines make one displayed formula."""
        count = 0
        for line in ahead:
            if not (formula(line, self.look) or limits(line, self.look)):
                break
            count += 1
        return count if any(formula(line, self.look) for line in ahead[:count]) else 0

    def _prose(self, line: Line) -> None:
        if self._paragraph and not self._continues(self._paragraph[-1], line):
            self._end_paragraph()
        self._paragraph.append(line)

    def _continues(self, before: Line, line: Line) -> bool:
        if _BULLET.match(line.text):
            return False
        if before.page != line.page or before.column != line.column or line.box.y0 < before.box.y0:
            return not _ENDS.search(before.text) and abs(line.size - before.size) < 0.12 * before.size
        step = line.box.y1 - before.box.y1
        if step > 1.45 * max(self.look.pitch * line.size / self.look.size, line.size):
            return bool(self._waiting) and not _ENDS.search(before.text) and not line.text[:1].isupper()
        if abs(line.size - before.size) > 0.12 * before.size and not (line.spans[0].math or before.spans[0].math):
            return False
        return not self._indented(before, line)

    def _indented(self, before: Line, line: Line) -> bool:
        indented = 0.6 * line.size < line.box.x0 - before.box.x0 < 4 * line.size
        at_margin = len(self._paragraph) > 1 or before.indent < 0.5 * line.size
        return indented and at_margin and bool(_ENDS.search(before.text)) and line.indent < 5 * line.size

    def _end_paragraph(self) -> None:
        if self._paragraph:
            text = joined([line.text for line in self._paragraph], self.known)
            self.elements.append(Text(text, area(self._paragraph)))
            self._in_body = self._in_body or len(text) > LONG
            self._paragraph = []
        self.elements += self._waiting
        self._waiting = []

    def _free_lines(self, rows: Sequence[Row], i: int, floats: Floats) -> list[Line]:
        """The next lines, up to the first that belongs to a float or a heading."""
        lines: list[Line] = []
        for position in range(i, min(i + 12, len(rows))):
            row = rows[position]
            if position in floats.taken or position in self.headings or not isinstance(row, Line):
                break
            lines.append(row)
        return lines
