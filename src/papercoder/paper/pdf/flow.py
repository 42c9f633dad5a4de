"""From lines to paragraphs, headings and equations, with floats put where no sentence is broken."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from papercoder.artifacts import Reference
from papercoder.paper.draft import Element, Heading, Text
from papercoder.paper.pdf.captions import Captions
from papercoder.paper.pdf.columns import Row, area
from papercoder.paper.pdf.floats import FloatRules, Floats, Note, text_fonts
from papercoder.paper.pdf.formulas import displays, formula, limits
from papercoder.paper.pdf.headings import Found, opens_references
from papercoder.paper.pdf.page import Typography
from papercoder.paper.pdf.prose import Vocabulary, joined
from papercoder.paper.pdf.references import reference_list, references
from papercoder.paper.pdf.shapes import Line

LONG = 400
"""Characters; no affiliation has as many."""

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
            return self._interrupted(before, line)
        if abs(line.size - before.size) > 0.12 * before.size and not (line.spans[0].math or before.spans[0].math):
            return False
        return not self._indented(before, line)

    def _interrupted(self, before: Line, line: Line) -> bool:
        """Whether the line continues a paragraph that a float interrupted."""
        return bool(self._waiting) and not _ENDS.search(before.text) and not line.text[:1].isupper()

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
