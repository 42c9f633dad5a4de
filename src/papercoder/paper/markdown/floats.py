"""Tables, figures and pseudocode with their captions; tables of pipes, of HTML, and of LaTeX as nougat has them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from papercoder.errors import PaperError
from papercoder.paper.draft import Element, Grid, Listing, Text
from papercoder.paper.files import Memory
from papercoder.paper.html import rows_of
from papercoder.paper.latex import read_latex
from papercoder.paper.markup import fragment
from papercoder.paper.printed import FloatKind, PrintedHeading, caption, captioned, stands_as_caption

_MARKED_LABEL = re.compile(
    r"\s*(\*{1,3}|__?)\s*(?:Supplementary |Extended Data )?(?:Tab|Fig|Algorithm)[^*_]{1,20}\1", re.I
)
_LONGEST_LOOSE = 60
"""Words of a caption without a sign after its number."""

_LONGEST_ROW = 20
"""Pictures that share a caption."""


@dataclass(frozen=True)
class Passage:
    """A paragraph that may be a caption."""

    text: str
    source: str = ""
    """As written, with its emphasis."""


@dataclass(frozen=True)
class Image:
    """A link to a picture."""

    alt: str


Block = Element | PrintedHeading | Passage | Image


def joined(blocks: Sequence[Block]) -> list[Element | PrintedHeading]:
    """The elements, every caption with what it describes."""
    return list(_elements(_with_pictures(_with_bodies(_with_bodies(list(blocks), "table"), "algorithm"))))


def caption_kind(passage: Passage) -> FloatKind | None:
    """What the passage is a caption of, or None if it is text."""
    found = caption(passage.text)
    if found and (stands_as_caption(passage.text) or _MARKED_LABEL.match(passage.source)):
        return found.kind
    return None


def _is_caption(block: Block | None, kind: FloatKind) -> bool:
    return isinstance(block, Passage) and caption_kind(block) == kind


def _is_body(block: Block, kind: FloatKind) -> bool:
    body = Grid if kind == "table" else Listing
    return isinstance(block, body) and not block.caption


def _may_caption(block: Block, kind: FloatKind) -> bool:
    """Beside a table, "Table 3 Results on X" is a caption too, though no sign follows its number."""
    if not isinstance(block, Passage) or not (found := caption(block.text)) or found.kind != kind:
        return False
    is_loose = found.text[:1].isupper() and len(found.text.split()) <= _LONGEST_LOOSE
    return is_loose or caption_kind(block) == kind


def _with_bodies(blocks: list[Block], kind: FloatKind) -> list[Block]:
    """Tables or listings with their captions.

    Captions and bodies stand in runs in which they alternate; a run that begins with the one and ends with the other
    says on which side the captions are. Any other run follows the majority of these.
    """
    runs = list(_runs(blocks, kind))
    votes = [_is_body(blocks[end - 1], kind) for start, end in runs if (end - start) % 2 == 0]
    usually_above = sum(votes) * 2 >= len(votes)
    joined = list(blocks)
    for start, end in runs:
        above = _is_body(blocks[end - 1], kind) if (end - start) % 2 == 0 else usually_above
        first = start if _is_body(blocks[start], kind) != above else start + 1
        for position in range(first, end - 1, 2):
            pair = (blocks[position], blocks[position + 1])
            joined[position : position + 2] = [_captioned(*(pair if above else reversed(pair))), _TAKEN]
    return [block for block in joined if block is not _TAKEN]


_TAKEN = Image("")


def _captioned(line: Block, body: Block) -> Block:
    if isinstance(line, Passage) and isinstance(body, Grid):
        return captioned("table", line.text, body.rows)
    if isinstance(line, Passage) and isinstance(body, Listing):
        return captioned("algorithm", line.text, text=body.text)
    return body


def _runs(blocks: Sequence[Block], kind: FloatKind) -> Iterator[tuple[int, int]]:
    """Where captions and bodies alternate: start, and the position after the end."""
    start = 0
    for position in range(1, len(blocks) + 1):
        pair = blocks[position - 1 : position + 1]
        alternates = len(pair) == 2 and (
            (_is_body(pair[0], kind) and _may_caption(pair[1], kind))
            or (_may_caption(pair[0], kind) and _is_body(pair[1], kind))
        )
        if not alternates:
            if position - start > 1:
                yield start, position
            start = position


def _with_pictures(blocks: list[Block]) -> Iterator[Block]:
    """A caption of a figure is a figure, and the picture next to it is dropped; others are known by their text."""
    for position, block in enumerate(blocks):
        if isinstance(block, Image):
            near = (*blocks[max(position - 1, 0) : position], *_after_pictures(blocks, position))
            if block.alt and not any(_is_caption(each, "figure") or _is_caption(each, "table") for each in near):
                found = caption(block.alt)
                yield captioned(found.kind if found else "figure", block.alt)
        elif isinstance(block, Passage) and caption_kind(block) == "figure":
            yield captioned("figure", block.text)
        else:
            yield block


def _after_pictures(blocks: Sequence[Block], position: int) -> tuple[Block, ...]:
    """What follows a row of pictures."""
    following = (each for each in blocks[position : position + _LONGEST_ROW] if not isinstance(each, Image))
    return tuple(islice(following, 1))


def _elements(blocks: Iterator[Block]) -> Iterator[Element | PrintedHeading]:
    """What is left: captions without a body, and text."""
    for block in blocks:
        if isinstance(block, Passage):
            kind = caption_kind(block)
            yield captioned(kind, block.text) if kind and stands_as_caption(block.text) else Text(block.text)
        elif not isinstance(block, Image):
            yield block


HTML = re.compile(r"<table\b.*?</table>", re.IGNORECASE | re.DOTALL)
WRAPPER = re.compile(r"</?(?:html|body|head|table)\b[^<>]*>", re.IGNORECASE)
LATEX = re.compile(
    r"""
    \s*\\begin\{(
      (?: (?:long)?table | tabular[xy]? | figure
        | equation | align | alignat | gather | multline | eqnarray | displaymath ) \*?
    )\}
    """,
    re.VERBOSE,
)
_CAPTION = re.compile(r"<caption\b[^<>]*>(.*?)</caption>", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_RAISED = re.compile(r"<(su[pb])>([^<>]*)</\1>", re.IGNORECASE)
_BORDER = re.compile(r"(?<!\\)\|")
_RULE = frozenset("|-: +")

Plain = Callable[[str], str]
"""Reads the marks in a cell's text."""


def is_rule(line: str) -> bool:
    """Whether this is the line below the head of a table of pipes."""
    return set(line) <= _RULE and {"|", "-"} <= set(line)


def row_of_pipes(line: str, plain: Plain) -> tuple[str, ...]:
    """The cells of a line."""
    cells = _BORDER.split(line.strip().removeprefix("|").removesuffix("|"))
    return tuple(plain(cell.replace("\\|", "|")) for cell in cells)


def table_of_pipes(rows: list[tuple[str, ...]]) -> Grid:
    """Rows of any length as a table; empty ones are left out."""
    width = max(map(len, rows))
    return Grid("", tuple((*row, *[""] * (width - len(row))) for row in rows if any(row)))


def table_of_html(source: str, plain: Plain) -> Element:
    """A table with its spans resolved."""
    # Raised text loses its tags in the parser, so that they are escaped and read as Markdown in the cell's text.
    escaped = _RAISED.sub(r"&lt;\1&gt;\2&lt;/\1&gt;", _BREAK.sub(" ", source))
    table = fragment(escaped)
    rows = rows_of(table, lambda cell: plain("".join(cell.itertext()))) if table is not None else ()
    caption = _CAPTION.search(source)
    return captioned("table", plain(caption[1]), rows) if caption else Grid("", rows)


def elements_of_latex(source: str, plain: Plain) -> list[Element]:
    """What an environment of LaTeX holds; nothing if it cannot be read.

    Tables lose their number: the LaTeX reader counts them from 1 in each environment.
    """
    document = f"\\begin{{document}}{source}\\end{{document}}".encode()
    try:
        elements = read_latex(Memory({"part.tex": document}, "an environment"), "part.tex").elements
    except PaperError:
        return []
    return [
        Grid(plain(each.caption), tuple(tuple(map(plain, row)) for row in each.rows))
        if isinstance(each, Grid)
        else each
        for each in elements
    ]


TITLE = re.compile(r"[*_]*Algorithm\s+[A-Z]?\.?\d{1,3}(?:\.\d{1,3})?\b(?P<rest>.*)", re.IGNORECASE)
_WORDS = r"(?:Inputs?|Outputs?|Require|Ensure|Returns?|Data|Results?|Initiali[sz]e|Parameters?|Hyperparameters?)\b"
_STEP = re.compile(rf"\s*(?:\d{{1,3}}\s*:|{_WORDS}\s*:)", re.IGNORECASE)
_LOOSE_STEP = re.compile(
    rf"\s*(?:\d{{1,3}}\s*[:.]|{_WORDS}|(?:for|while|if|else|repeat|until|end|return|Set|Let)\b)", re.I
)
_FORMULA = re.compile(r"\s*\$[^$]*(?:=|\\gets|\\leftarrow|\\sim|←)[^$]*\$[^.]*$")
_CODE = re.compile(
    r"""
    \s*(?:
      (?:for|while|if|elif|else\ if|else|def|class|with|try|except|until|repeat|foreach|function|procedure)\b[^.]*
        (?:[:{]|\b(?:do|then))\s*(?:\#.*|//.*)?$
      | (?:return|yield|import|from\ \w+\ import|del|assert|end|endif|endfor|endwhile|break|continue|pass)\b[^.!?]*$
      | (?:else|repeat|try|do)\s*:?$
      | [\w.\[\]]+(?:\s*,\s*[\w.\[\]]+)*\s*(?:[-+*/@|&]?=(?!=)|:=|<-|←)\s*\S.*
      | [\w.]+\([^()]*(?:\([^()]*\)[^()]*)*\)\s*(?:[:;]|\#.*)?$
      | [)}\]]+[;,]?$
      | @\w[\w.]*(?:\(.*\))?$
      | //.*
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LONGEST_LINE = 160
_LONGEST_COMMENT = 20
"""Lines of comments in a row."""

_COMMENT = re.compile(r"\s*#{1,3}\s*\S")
_HEADING = re.compile(r"\s*#+\s+[*_]*(?:\d{1,2}(?:\.\d{1,2})*\.?\s+[A-Z]|[A-Z]\.\d)")


def is_step(line: str) -> bool:
    """Whether this is a line of pseudocode: a numbered step, an input or output, or a statement."""
    return bool(_STEP.match(line.replace("**", ""))) or is_code(line)


def is_loose_step(line: str) -> bool:
    """Whether this continues pseudocode if no blank line is before it."""
    return is_step(line) or bool(_LOOSE_STEP.match(line.replace("**", "")) or _FORMULA.match(line))


def is_code(line: str) -> bool:
    """Whether this line is a statement of a programming language."""
    return (
        len(line) <= _LONGEST_LINE and not line.lstrip().startswith(("|", "<", "!", "$$")) and bool(_CODE.match(line))
    )


def is_code_or_comment(line: str) -> bool:
    """Whether this may be among lines of code."""
    return is_code(line) or bool(_COMMENT.match(line))


def is_comment(lines: Sequence[str], position: int) -> bool:
    """Whether the `#` line at this position comments code: a line of code touches it, above or below.

    Comments that follow each other count as one. A line that is numbered like a heading needs code on both sides.
    """
    touching = [_touches_code(lines, position, step) for step in (1, -1)]
    return all(touching) if _HEADING.match(lines[position]) else any(touching)


def _touches_code(lines: Sequence[str], position: int, step: int) -> bool:
    for offset in range(1, _LONGEST_COMMENT):
        near = position + step * offset
        if not (0 <= near < len(lines)):
            return False
        if not _COMMENT.match(lines[near]):
            return is_code(lines[near])
    return False


def body_end(lines: Sequence[str], start: int) -> int:
    """The position after the pseudocode that starts here; blank lines between its steps belong to it."""
    end = start
    for position in range(start, len(lines)):
        line = lines[position]
        if not line.strip():
            continue
        touches = position in (start, end)
        is_part = is_comment(lines, position) if _COMMENT.match(line) else is_step(line)
        is_part = is_part or (touches and (is_loose_step(line) or (position > start and line.startswith("  "))))
        if not is_part:
            break
        end = position + 1
    return end
