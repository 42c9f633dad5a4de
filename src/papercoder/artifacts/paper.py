"""The paper as PaperCoder sees it: sections of blocks, each block with an anchor that evidence can point to."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from papercoder.artifacts.base import Artifact

SourceKind = Literal["pdf", "latex", "html", "markdown", "s2orc", "tei", "jats"]


class Block(Artifact):
    """Anything that stands in a section, in reading order."""

    anchor: str
    """`3.2¶4`, `eq:5`, `tab:2`, `alg:1`, `fig:3`; in an appendix `app:A.1¶2`."""


class Paragraph(Block):
    """Running text."""

    kind: Literal["paragraph"] = "paragraph"
    text: str


class Equation(Block):
    """A displayed equation: LaTeX where the source has it, else the text as the parser gave it."""

    kind: Literal["equation"] = "equation"
    text: str
    number: str = ""
    """The number printed beside it, where there is one."""


class Table(Block):
    """A table with its cells."""

    kind: Literal["table"] = "table"
    caption: str
    rows: tuple[tuple[str, ...], ...]


class Algorithm(Block):
    """Pseudocode, line by line."""

    kind: Literal["algorithm"] = "algorithm"
    caption: str
    text: str


class Figure(Block):
    """A figure, of which only the caption is kept."""

    kind: Literal["figure"] = "figure"
    caption: str


AnyBlock = Annotated[Paragraph | Equation | Table | Algorithm | Figure, Field(discriminator="kind")]


class Section(Artifact):
    """A heading and what stands below it, up to the next heading of any level."""

    anchor: str
    """`3`, `3.2`, `app:A.1`; `0` for text before the first heading."""

    level: int
    """1 for a section, 2 for a subsection, and so on."""

    title: str
    blocks: tuple[AnyBlock, ...] = ()

    def render(self) -> str:
        """The section as Markdown, every block led by its anchor."""
        heading = f"{'#' * min(self.level + 1, 6)} [{self.anchor}] {self.title}"
        return "\n\n".join([heading, *(f"[{block.anchor}] {render_block(block)}" for block in self.blocks)])


class Reference(Artifact):
    """One entry of the bibliography."""

    key: str
    text: str


class Loss(Artifact):
    """Something that the source has and the parse may have lost."""

    kind: str
    """`empty_section`, `empty_table`, `scan`, `encoding`, `missing_file`, `fraction`, `limits`, `accent`, ..."""

    message: str
    """One sentence for the user."""

    anchor: str = ""
    """Of the block that may be wrong; empty where it is not one block."""

    page: int | None = None
    """From 1, where the source has pages and it is one."""


class Place(Artifact):
    """Where a block, the title or the abstract is printed; the origin is the page's top left corner, in points."""

    anchor: str
    page: int
    """From 1."""

    left: float
    top: float
    right: float
    bottom: float
    turned: float = 0.0
    """Clockwise degrees of the page's text in the file; the page was rotated back before it was read."""


class Paper(Artifact):
    """A paper, parsed."""

    title: str
    authors: tuple[str, ...] = ()
    """Their names as printed; empty where the source does not say them plainly."""

    address: str = Field(default="", pattern=r"^(https://[\w./:%()+;~?=-]+)?$")
    """Where the paper is published (`https://arxiv.org/abs/...`, `https://doi.org/...`), where it is known."""

    abstract: str
    sections: tuple[Section, ...]
    references: tuple[Reference, ...] = ()
    losses: tuple[Loss, ...] = ()
    files: tuple[str, ...] = ()
    """The files that were read, if the source has several."""
    places: tuple[Place, ...] = ()
    """Known for PDFs only."""

    checks: tuple[str, ...] = ()
    """What the reader compared with the source: `words`, `fonts`, `formulas`, `outline`."""

    source: SourceKind

    def blocks(self) -> Iterator[AnyBlock]:
        """All blocks in reading order."""
        for section in self.sections:
            yield from section.blocks

    @property
    def equations(self) -> tuple[Equation, ...]:
        """All displayed equations."""
        return tuple(block for block in self.blocks() if isinstance(block, Equation))

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables."""
        return tuple(block for block in self.blocks() if isinstance(block, Table))

    @property
    def algorithms(self) -> tuple[Algorithm, ...]:
        """All algorithms."""
        return tuple(block for block in self.blocks() if isinstance(block, Algorithm))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures."""
        return tuple(block for block in self.blocks() if isinstance(block, Figure))

    @cached_property
    def text(self) -> str:
        """All words of the paper but its bibliography, in reading order, without anchors."""
        parts = [self.title, self.abstract]
        for section in self.sections:
            parts += [section.title, *(render_block(block) for block in section.blocks)]
        return "\n\n".join(part for part in parts if part)

    @property
    def words(self) -> int:
        """Words of `text`."""
        return len(self.text.split())

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every number printed in `text`, in order."""
        return tuple(re.findall(r"\d+(?:\.\d+)?", self.text))

    def section(self, anchor: str) -> Section | None:
        """The section with this anchor, or the one that holds the block with this anchor."""
        for section in self.sections:
            if section.anchor == anchor or any(block.anchor == anchor for block in section.blocks):
                return section
        return None

    def render(self) -> str:
        """The whole paper as Markdown with anchors, as the models read it."""
        head = f"# {self.title}\n\n## [abstract] Abstract\n\n{self.abstract}"
        return "\n\n".join([head, *(section.render() for section in self.sections)])


def render_block(block: AnyBlock) -> str:
    """A block as Markdown, without its anchor."""
    match block:
        case Paragraph(text=text):
            return text
        case Equation(text=text, number=number):
            return f"$$ {text} $$" + (f" ({number})" if number else "")
        case Table(caption=caption, rows=rows):
            return "\n".join([f"Table: {caption}", "", *render_rows(rows)])
        case Algorithm(caption=caption, text=text):
            return f"Algorithm: {caption}\n\n```\n{text}\n```"
        case Figure(caption=caption):
            return f"Figure: {caption}"


def render_rows(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    """A table's rows as Markdown lines, the first as its head."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return [*lines[:1], "|" + "---|" * len(rows[0]), *lines[1:]] if rows else []
