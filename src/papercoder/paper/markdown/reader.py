"""Markdown read line by line into a draft."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from papercoder.paper.draft import Draft, Listing, Text
from papercoder.paper.markdown import floats
from papercoder.paper.markdown.floats import Block, Image, Passage, caption_kind, joined
from papercoder.paper.markdown.notes import Bibliography, rejoined, with_footnotes, without_heading
from papercoder.paper.markdown.source import IMAGE, plain, prepare
from papercoder.paper.printed import (
    DISPLAYED,
    FORMULA_SIGNS,
    NUMBER_AFTER,
    PrintedHeading,
    captioned,
    equation,
    is_abstract,
    is_references,
    outlined,
)

_SIGNS = re.compile(r"(?:\s*(?:\$\s*\^?\s*\{?[^$]{0,12}\}?\s*\$|\^\{?[\d*†‡§¶∗,]+\}?|\[\^\w+\]|[*†‡§¶∗⋆]))+$")
_MASTHEAD = re.compile(
    r"""
    \W*(?:
      (?:published|accepted|to\ appear|presented|submitted)\b | under\ review | preprint | arxiv | proceedings
      | workshop | conference | journal | transactions | ieee | acm\b | doi | https?: | © | copyright | vol\. | \d
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LONGEST_TITLE = 30
"""Words."""

_BOLD_LINE = re.compile(r"\s*(?:\*\*|__)([^*]{1,120})(?:\*\*|__)\s*$")
_NUMBERED = re.compile(r"\s*(?:\d{1,2}(?:\.\d{1,2})+\.?|\d{1,2})\s+[A-Z][^.!?:;=]{2,80}$")
_LETTERED = re.compile(r"\s*(?:Appendix\s+)?[A-Z](?:\.\d{1,2})*[.:]?\s+[A-Z][^.!?:;=]{2,80}$", re.IGNORECASE)
_NAMED = re.compile(
    r"""
    (?:(?:\d{1,2}|[IVX]{1,4})\.?\s+)?
    (?: Abstract | Introduction | Related\ Works? | Backgrounds? | Preliminar(?:y|ies) | Methods? | Methodology
      | Experiments? | Results(?:\ and\ Discussion)? | Discussion | Conclusions? | Limitations | References
      | Bibliography | Acknowledge?ments? | Appendi(?:x|ces) )\W*
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_section_name(text: str) -> bool:
    """Whether this is the usual name of a section, so not a paper's title."""
    return bool(_NAMED.fullmatch(text))


def is_heading_line(line: str, text: str, *, bold_only: bool, in_references: bool) -> bool:
    """Whether a line of its own is a heading.

    Args:
        line: as written.
        text: without its marks.
        bold_only: the file marks its headings, so that a plain numbered line is not one.
        in_references: only a letter numbers a heading here.
    """
    is_bold = bool(_BOLD_LINE.match(line))
    if is_section_name(text):
        return is_bold or text[0].isupper() or text[0].isdigit()
    pattern = _LETTERED if in_references else _NUMBERED
    return bool(pattern.match(text)) and (is_bold or not bold_only)


def without_footnote_signs(title: str) -> str:
    """The title without what points to a footnote."""
    return _SIGNS.sub("", title)


def title_without_heading(blocks: list[Block]) -> str:
    """The first line that can be a title, taken from the text before the first heading."""
    for position, block in enumerate(blocks[:3]):
        if isinstance(block, PrintedHeading):
            break
        if isinstance(block, Passage) and not _MASTHEAD.match(block.text):
            if len(block.text.split()) > _LONGEST_TITLE or block.text.endswith((".", ":", ",")):
                break
            del blocks[position]
            return without_footnote_signs(block.text)
    return ""


_ATX = re.compile(r" {0,3}(#{1,6})\s+")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
_FENCE = re.compile(r" {0,3}(```+|~~~+)\s*([\w-]*)")
_HTML_IMAGE = re.compile(
    r"(?:<(?:p|div|center|figure|a)\b[^<>]*>\s*)*<img\b(?:[^<>]*?\balt=\"([^\"<>]*)\")?[^<>]*>", re.IGNORECASE
)
_TAGS = re.compile(r"^(?:\s*</?\w+[^<>]*>)+")
_ANCHORS = re.compile(r"^\s*(?:<span[^<>]*>\s*</span>\s*)+")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s")
_QUOTE = re.compile(r"^\s{0,3}>\s?")
_FOOTNOTE = re.compile(r"\s*(?:<sup>\s*(\d{1,2})\s*</sup>|\[\^(\w+)\]:|Footnote (\d{1,2}):)\s*(?=\S)")
_RUN_IN_ABSTRACT = re.compile(
    r"\s*(?:[*_]*\s*abstract\s*[*_]*\s*[-.:—–]+\s*[*_]*|[*_]+\s*abstract\s*[*_]+)\s*(?=\S)", re.IGNORECASE
)
_KEYWORDS = re.compile(r"\W*(?:Key\s?words?|Index Terms|CCS Concepts|Categories and Subject)\b", re.IGNORECASE)
_BOLD = re.compile(r"\*\*([^*]+)\*\*|<br ?/?>")
_LONGEST_ALGORITHM_TITLE = 30
"""Words."""


def read_markdown(source: str) -> Draft:
    """The draft of a paper in Markdown."""
    prepared = prepare(source)
    reader = _Reader(with_footnotes(prepared.lines), title=prepared.title)
    reader.read()
    draft = Draft(reader.title, "\n\n".join(reader.abstract) or prepared.abstract, losses=list(prepared.losses))
    if not draft.title:
        draft.title = title_without_heading(reader.blocks)
    blocks, draft.references = reader.blocks, reader.bibliography.references
    if not draft.references:
        blocks, draft.references = without_heading(blocks)
    draft.elements = outlined(joined(rejoined(blocks)))
    return draft


@dataclass
class _Reader:
    lines: Sequence[str]
    position: int = 0
    title: str = ""
    abstract: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    bibliography: Bibliography = field(default_factory=Bibliography)
    paragraph: list[str] = field(default_factory=list)
    part: str = ""
    """`abstract` or `references` while the text belongs there."""

    unclosed: set[str] = field(default_factory=set)
    """Closing signs that the rest of the file does not have."""

    footnotes: frozenset[str] = field(init=False)
    has_headings: bool = field(init=False)
    """Whether the file marks its headings."""

    def __post_init__(self) -> None:
        notes = (match for line in self.lines if (match := _FOOTNOTE.match(_ANCHORS.sub("", line))))
        self.footnotes = frozenset(next(filter(None, match.groups()), "") for match in notes)
        self.has_headings = sum(bool(_ATX.match(line)) for line in self.lines) > 1

    def read(self) -> None:
        while self.position < len(self.lines):
            line = self.lines[self.position]
            self.position += 1
            if not any(reads(self, line) for reads in _READERS):
                self.paragraph.append(line)
        self.end_paragraph()

    def _add(self, block: Block) -> None:
        self.end_paragraph()
        self.blocks.append(block)

    def _plain(self, text: str) -> str:
        return plain(text, self.footnotes)

    # Paragraphs

    def end_paragraph(self) -> None:
        lines, self.paragraph = self.paragraph, []
        if not lines or self._is_heading_line(lines):
            return
        lines[0] = _ANCHORS.sub("", lines[0])
        if match := _FOOTNOTE.match(lines[0]):
            number = next(filter(None, match.groups()))
            self.blocks.append(Text(f"[^{number}]: " + self._plain(" ".join(lines)[match.end() :])))
        elif len(lines) > 1 and all(floats.is_code_or_comment(line) for line in lines):
            self.blocks.append(Listing("", "\n".join(map(str.rstrip, lines))))
        elif self.part == "references" and not self._is_caption(lines):
            self.bibliography.add(lines)
        elif self.part != "references" and (match := _RUN_IN_ABSTRACT.match(lines[0])) and self._has_no_section():
            self.abstract.append(self._plain("\n".join([lines[0][match.end() :], *lines[1:]])))
        elif self.part == "abstract" and not _KEYWORDS.match(lines[0]):
            self.abstract += [text for piece in _pieces(lines) if (text := self._plain(piece))]
        else:
            self.part = "" if self.part == "abstract" else self.part
            self.blocks += [Passage(text, piece) for piece in _pieces(lines) if (text := self._plain(piece))]

    def _is_heading_line(self, lines: list[str]) -> bool:
        text = self._plain(lines[0]).strip("*_ ")
        in_references = bool(self.bibliography.references)
        if len(lines) > 1 or not text:
            return False
        if not is_heading_line(lines[0], text, bold_only=self.has_headings, in_references=in_references):
            return False
        self._heading(text, 2 if self.has_headings else 1)
        return True

    def _is_caption(self, lines: list[str]) -> bool:
        return caption_kind(Passage(self._plain(lines[0]), lines[0])) is not None

    def _has_no_section(self) -> bool:
        return not self.abstract and not any(isinstance(block, PrintedHeading) for block in self.blocks)

    def blank(self, line: str) -> bool:
        if line.strip():
            return False
        self.end_paragraph()
        return True

    # Headings

    def atx(self, line: str) -> bool:
        match = _ATX.match(line)
        if not match or floats.is_comment(self.lines, self.position - 1):
            return False
        self._heading(line[match.end() :].strip().rstrip("#"), len(match[1]))
        return True

    def setext(self, line: str) -> bool:
        match = _UNDERLINE.match(line)
        if not match or len(self.paragraph) != 1 or self.paragraph[0].lstrip().startswith(("|", "-", ">", "<")):
            return False
        self._heading(self.paragraph.pop().strip(), 1 if match[1][0] == "=" else 2)
        return True

    def _heading(self, text: str, level: int) -> None:
        self.end_paragraph()
        text = self._plain(text).strip("*_ ")
        if floats.TITLE.match(text):
            self._algorithm(text)
            return
        late = bool(self.bibliography.references)
        self.part = "references" if is_references(text) else "abstract" if is_abstract(text) else ""
        if self.part or not text or (self._has_no_section() and _letters(text) == _letters(self.title)):
            return
        if not self.title and self._has_no_section() and not is_section_name(text) and not text[0].isdigit():
            self.title = without_footnote_signs(text)
        else:
            self.blocks.append(PrintedHeading(text, level, follows_references=late))

    # Pseudocode and code

    def algorithm(self, line: str) -> bool:
        """An algorithm's title with unfenced lines below it."""
        match = floats.TITLE.match(line)
        if not match or self.paragraph or len(line.split()) > _LONGEST_ALGORITHM_TITLE:
            return False
        below = next((each for each in self.lines[self.position : self.position + 4] if each.strip()), "")
        is_title = not match["rest"].strip("*_ ") or not match["rest"].strip("*_ ")[0].islower()
        if not is_title or not floats.is_step(below):
            return False
        self._algorithm(self._plain(line))
        return True

    def _algorithm(self, title: str) -> None:
        end = floats.body_end(self.lines, self.position)
        steps = [_BOLD.sub(r"\1", line.rstrip()) for line in self.lines[self.position : end] if line.strip()]
        if steps:
            self.position = end
            self._add(captioned("algorithm", title, text="\n".join(steps)))
        else:
            self._add(Passage(title, f"**{title}**"))

    def comment(self, line: str) -> bool:
        """Code without a title or a fence, whose comments look like headings."""
        if self.paragraph or not _ATX.match(line) or not floats.is_comment(self.lines, self.position - 1):
            return False  # a comment within a paragraph of code stays there
        end = floats.body_end(self.lines, self.position - 1)
        body = "\n".join(each.rstrip() for each in self.lines[self.position - 1 : end])
        self.position = max(end, self.position)
        self._add(Listing("", body))
        return True

    def fence(self, line: str) -> bool:
        match = _FENCE.match(line)
        if not match:
            return False
        body = self._until(lambda each: each.strip().startswith(match[1]))
        if match[2] in ("math", "latex", "tex"):
            self._add(equation("\n".join(body)))
        elif body and floats.TITLE.match(body[0]):
            self._add(captioned("algorithm", body[0], text="\n".join(body[1:])))
        else:
            self._add(Listing("", "\n".join(body)))
        return True

    # Formulas

    def maths(self, line: str) -> bool:
        """One displayed formula, or several on a line; the number behind them belongs to the last."""
        text = _ANCHORS.sub("", line).strip()
        closing = FORMULA_SIGNS.get(text[:2])
        if not closing or not (found := self._between(text[2:], closing)):
            return False
        body, after, position = found
        *further, after = DISPLAYED.split(after)
        if any(map(str.strip, further[::2])) or (after.strip() and not NUMBER_AFTER.fullmatch(after)):
            return False
        if not after.strip() and NUMBER_AFTER.fullmatch(below := "".join(self.lines[position : position + 1])):
            after, position = below, position + 1
        self.position = position
        *firsts, last = [body, *further[1::2]]
        for formula in firsts:
            self._add(equation(formula))
        self._add(equation(last, after))
        return True

    def environment(self, line: str) -> bool:
        """An environment of LaTeX, as nougat writes its tables."""
        match = floats.LATEX.match(line)
        found = self._between(line[match.end() :], f"\\end{{{match[1]}}}") if match else None
        if not match or not found:
            return False
        body, after, position = found
        elements = floats.elements_of_latex(f"{match[0]}{body}\\end{{{match[1]}}}", self._plain)
        if not elements:
            return False
        self.position = position
        for element in elements:
            self._add(element)
        self.paragraph += [after] if after.strip() else []
        return True

    def _between(self, start: str, closing: str) -> tuple[str, str, int] | None:
        """The text before a closing sign, the rest of its line, and the position after it; None without the sign."""
        if closing in self.unclosed:
            return None
        parts, position = [start], self.position
        while closing not in parts[-1] and position < len(self.lines):
            parts.append(self.lines[position])
            position += 1
        before, found, after = "\n".join(parts).partition(closing)
        if not found:
            self.unclosed.add(closing)
            return None
        return before, after, position

    def _until(self, ends: Callable[[str], bool]) -> list[str]:
        body: list[str] = []
        while self.position < len(self.lines):
            line = self.lines[self.position]
            self.position += 1
            if ends(line):
                break
            body.append(line)
        return body

    # Pictures and tables

    def picture(self, line: str) -> bool:
        match = IMAGE.match(line.strip()) or _HTML_IMAGE.match(line.strip())
        if not match:
            return False
        self._add(Image(self._plain(match[1] or "")))
        if rest := _TAGS.sub("", line.strip()[match.end() :]).strip():
            self.paragraph.append(rest)
        return True

    def html_table(self, line: str) -> bool:
        """One or more tables of HTML; the text around them stays text."""
        if "<table" not in line.lower() or not (found := self._between(line, "</table>")):
            return False
        body, after, self.position = found
        source = f"{body}</table>{after}"
        texts = floats.HTML.split(source)
        for text, table in zip(texts, [*floats.HTML.findall(source), ""], strict=True):
            self.paragraph += [text] if self._plain(text := floats.WRAPPER.sub("", text)) else []
            if table:
                self._add(floats.table_of_html(table, self._plain))
        return True

    def pipe_table(self, line: str) -> bool:
        if "|" not in line or not floats.is_rule("".join(self.lines[self.position : self.position + 1])):
            return False
        self.position += 1
        rows = [floats.row_of_pipes(line, self._plain)]
        while self.position < len(self.lines) and "|" in self.lines[self.position]:
            rows.append(floats.row_of_pipes(self.lines[self.position], self._plain))
            self.position += 1
        self._add(floats.table_of_pipes(rows))
        return True


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _pieces(lines: Sequence[str]) -> Iterator[str]:
    """A paragraph's text; each item of a list by itself."""
    piece: list[str] = []
    for line in lines:
        text = _QUOTE.sub("", line)
        if _ITEM.match(text) and piece:
            yield "\n".join(piece)
            piece = []
        piece.append(text)
    yield "\n".join(piece)


_READERS = (
    _Reader.blank,
    _Reader.fence,
    _Reader.comment,
    _Reader.atx,
    _Reader.setext,
    _Reader.maths,
    _Reader.environment,
    _Reader.algorithm,
    _Reader.html_table,
    _Reader.pipe_table,
    _Reader.picture,
)
