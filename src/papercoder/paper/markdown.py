"""Markdown, as people and PDF converters write it: pipe and HTML tables, `$$` blocks, fenced code, captions as text."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

from papercoder.artifacts import Reference
from papercoder.paper.draft import Draft, Element, Grid, Heading, Listing, Text
from papercoder.paper.html import rows_of
from papercoder.paper.markup import Rows, fragment, tidy
from papercoder.paper.printed import caption, captioned, display, heading, is_abstract, is_references, stands_as_caption

_ATX = re.compile(r" {0,3}(#{1,6})\s")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
_FENCE = re.compile(r" {0,3}(```+|~~~+)\s*(\w*)")
_PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"\\tag\s*\{([^{}]*)\}")
_NUMBER = re.compile(r"\((\d{1,3}(?:\.\d{1,3})?[a-z]?)\)$")
_RULE = frozenset("|-: ")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_STARS = re.compile(r"\*\*|__|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|\\(?=[.#*_-])")
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_ALGORITHM = re.compile(r"Algorithm\s+\d", re.IGNORECASE)
_STEP = re.compile(
    r"\s*(?:\d+\s*[:.]|(?:Input|Output|Require|Ensure|Return|Data|Result|Initiali[sz]e|Parameters?)\b)", re.I
)


def read_markdown(source: str) -> Draft:
    """The draft of a paper in Markdown."""
    reader = _Reader(_lines(source))
    if match := _FRONT_MATTER.match(source):
        title = _FRONT_TITLE.search(match[1])
        reader.draft.title = title[1] if title else ""
    reader.read()
    return _finished(reader.draft)


def _lines(source: str) -> list[str]:
    first, *rest = _FRONT_MATTER.sub("", source).split("<!--")
    shown = "".join([first, *(part.partition("-->")[2] for part in rest)])
    return shown.expandtabs(4).split("\n")


def _finished(draft: Draft) -> Draft:
    """Captions next to what they belong to, and levels from numbers where all headings look alike."""
    draft.elements = list(_joined(draft.elements))
    headings = [element for element in draft.elements if isinstance(element, Heading)]
    if len({each.level for each in headings}) == 1:
        draft.elements = [_by_number(e) if isinstance(e, Heading) else e for e in draft.elements]
    elif headings and (lowest := min(each.level for each in headings)) > 1:
        draft.elements = [_raised(e, lowest - 1) if isinstance(e, Heading) else e for e in draft.elements]
    return draft


def _by_number(found: Heading) -> Heading:
    level = found.number.count(".") + 1 if found.number else 1
    return Heading(found.title, level, found.number, found.appendix)


def _raised(found: Heading, by: int) -> Heading:
    return Heading(found.title, found.level - by, found.number, found.appendix)


def _joined(elements: list[Element]) -> Iterator[Element]:
    """Gives a table without a caption the caption that stands right before it, else the one right after it."""
    position = 0
    while position < len(elements):
        here, after = elements[position], _at(elements, position + 1)
        position += 2
        if _is_bare(after) and (line := _table_caption(here)):
            yield captioned("table", line, after.rows)
        elif _is_bare(here) and (line := _table_caption(after)) and not _is_bare(_at(elements, position)):
            yield captioned("table", line, here.rows)
        else:
            line = _table_caption(here)
            yield captioned("table", line) if line else here
            position -= 1


def _at(elements: list[Element], position: int) -> Element | None:
    return elements[position] if position < len(elements) else None


def _is_bare(element: Element | None) -> TypeGuard[Grid]:
    return isinstance(element, Grid) and not element.caption


def _table_caption(element: Element | None) -> str:
    if not isinstance(element, Text) or not stands_as_caption(element.text):
        return ""
    found = caption(element.text)
    return element.text if found and found.kind == "table" else ""


@dataclass
class _Reader:
    lines: list[str]
    position: int = 0
    draft: Draft = field(default_factory=Draft)
    paragraph: list[str] = field(default_factory=list)
    part: str = ""
    """`abstract` or `references` while the text belongs there."""

    appendix: bool = False
    unclosed: set[str] = field(default_factory=set)
    """Closing signs that do not come any more."""

    def read(self) -> None:
        while self.position < len(self.lines):
            line = self.lines[self.position]
            self.position += 1
            if not any(reads(self, line) for reads in _READERS):
                self.paragraph.append(line)
        self.end_paragraph()

    def _add(self, element: Element) -> None:
        self.end_paragraph()
        self.draft.elements.append(element)

    def end_paragraph(self) -> None:
        lines, self.paragraph = self.paragraph, []
        for text in _pieces(lines):
            if self.part == "references":
                self.draft.references.append(Reference(key=str(len(self.draft.references) + 1), text=text))
            elif self.part == "abstract":
                self.draft.abstract = "\n\n".join(part for part in (self.draft.abstract, text) if part)
            else:
                self.draft.elements.append(Text(text))

    def blank(self, line: str) -> bool:
        if line.strip():
            return False
        self.end_paragraph()
        return True

    def atx(self, line: str) -> bool:
        match = _ATX.match(line)
        if match:
            self._heading(line[match.end() :].strip().rstrip("#"), len(match[1]))
        return bool(match)

    def setext(self, line: str) -> bool:
        match = _UNDERLINE.match(line)
        if not match or len(self.paragraph) != 1 or self.paragraph[0].lstrip().startswith(("|", "-", ">", "<")):
            return False
        self._heading(self.paragraph.pop().strip(), 1 if match[1][0] == "=" else 2)
        return True

    def _heading(self, text: str, level: int) -> None:
        self.end_paragraph()
        text = _unmarked(text)
        if _ALGORITHM.match(text):
            self._algorithm(text)
            return
        self.part = "references" if is_references(text) else "abstract" if is_abstract(text) else ""
        if self.part or not text:
            return
        if not self.draft.title and not self.draft.elements:
            self.draft.title = text
            return
        found = heading(text, level, appendix=self.appendix)
        self.appendix = found.appendix
        self.draft.elements.append(found)

    def _algorithm(self, title: str) -> None:
        """Pseudocode under a heading: the lines that look like steps."""
        steps: list[str] = []
        while self.position < len(self.lines):
            line = self.lines[self.position]
            if line.strip() and not _STEP.match(line):
                break
            steps += [line.rstrip()] if line.strip() else []
            self.position += 1
        self._add(captioned("algorithm", title, text="\n".join(steps)))

    def fence(self, line: str) -> bool:
        match = _FENCE.match(line)
        if not match:
            return False
        body = self._until(lambda each: each.strip().startswith(match[1]))
        if match[2] in ("math", "latex", "tex"):
            self._add(_equation("\n".join(body)))
        else:
            self._add(Listing("", "\n".join(body)))
        return True

    def maths(self, line: str) -> bool:
        text = line.strip()
        closing = {"$$": "$$", "\\[": "\\]"}.get(text[:2])
        if not closing or closing in self.unclosed:
            return False
        body, found, after = self._between(text[2:], closing)
        if not found or (after.strip() and not _NUMBER.fullmatch(after.strip())):
            return False
        self._add(_equation(body + after))
        return True

    def _between(self, start: str, closing: str) -> tuple[str, str, str]:
        """What stands before a closing sign, the sign if it is there at all, and the rest of its line."""
        parts, position = [start], self.position
        while closing not in parts[-1] and position < len(self.lines):
            parts.append(self.lines[position])
            position += 1
        before, found, after = "\n".join(parts).partition(closing)
        if found:
            self.position = position
        else:
            self.unclosed.add(closing)
        return before, found, after

    def _until(self, ends: Callable[[str], bool]) -> list[str]:
        body: list[str] = []
        while self.position < len(self.lines):
            line = self.lines[self.position]
            self.position += 1
            if ends(line):
                break
            body.append(line)
        return body

    def picture(self, line: str) -> bool:
        match = _PICTURE.match(line.strip())
        if not match:
            return False
        self.end_paragraph()
        text = line.strip()[match.end() :].strip()
        below = self.position
        while below < len(self.lines) and not self.lines[below].strip() and below < self.position + 2:
            below += 1
        if not text and below < len(self.lines) and stands_as_caption(_unmarked(self.lines[below])):
            text, self.position = self.lines[below], below + 1
        shown = _unmarked(text.strip() or match[1])
        if shown:
            found = caption(shown)
            self._add(captioned(found.kind if found else "figure", shown))
        return True

    def html_table(self, line: str) -> bool:
        if not line.lstrip().lower().startswith("<table"):
            return False
        body = [line]
        if "</table>" not in line.lower():
            body += self._until(lambda each: "</table>" in each.lower())
            body.append(self.lines[self.position - 1])
        table = fragment("\n".join(body))
        rows: Rows = rows_of(table, lambda cell: tidy("".join(cell.itertext()))) if table is not None else ()
        self._add(Grid("", rows))
        return True

    def pipe_table(self, line: str) -> bool:
        below = self.lines[self.position] if self.position < len(self.lines) else ""
        if "|" not in line or not (set(below) <= _RULE and {"|", "-"} <= set(below)):
            return False
        self.position += 1
        rows = [_row(line)]
        while self.position < len(self.lines) and "|" in self.lines[self.position]:
            rows.append(_row(self.lines[self.position]))
            self.position += 1
        width = max(map(len, rows))
        self._add(Grid("", tuple((*row, *[""] * (width - len(row))) for row in rows)))
        return True


def _pieces(lines: list[str]) -> Iterator[str]:
    """A paragraph's text; each item of a list by itself."""
    piece: list[str] = []
    for line in lines:
        if _ITEM.match(line) and piece:
            yield tidy(" ".join(piece))
            piece = []
        piece.append(line)
    if text := tidy(" ".join(piece)):
        yield text


def _equation(source: str) -> Element:
    tag = _TAG.search(source)
    text = tidy(_TAG.sub("", source))
    match = None if tag else _NUMBER.search(text)
    if match and match.start():
        text = text[: match.start()].rstrip().removesuffix("\\quad").removesuffix("\\qquad")
    return display(text, tag[1] if tag else match[1] if match else "")


def _row(line: str) -> tuple[str, ...]:
    return tuple(cell.strip().replace("\\|", "|") for cell in _CELL_BORDER.split(line.strip().strip("|")))


def _unmarked(text: str) -> str:
    """A heading or caption without the stars around it."""
    return _STARS.sub("", text).strip()


_READERS = (
    _Reader.blank,
    _Reader.atx,
    _Reader.setext,
    _Reader.fence,
    _Reader.maths,
    _Reader.html_table,
    _Reader.pipe_table,
    _Reader.picture,
)
