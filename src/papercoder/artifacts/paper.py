"""The paper as PaperCoder sees it: sections of blocks, each block with an anchor that evidence can point to."""

import re
from collections.abc import Iterable, Iterator
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
    """A figure, of which only the caption is kept; a model that reads images can describe the rest."""

    kind: Literal["figure"] = "figure"
    caption: str
    graphics: tuple[str, ...] = ()
    """The files with its pictures, as LaTeX source names them."""


AnyBlock = Annotated[Paragraph | Equation | Table | Algorithm | Figure, Field(discriminator="kind")]


class Image(Artifact):
    """A PNG picture of a figure or a part of it. JSON keeps its digest and not its bytes."""

    digest: str
    """SHA-256 of the bytes, in hexadecimal."""

    width: int
    """Pixels."""

    height: int
    data: bytes = Field(default=b"", exclude=True, repr=False)
    """The file; empty if it comes from JSON."""


class FigureImages(Artifact):
    """The pictures of one figure."""

    anchor: str
    images: tuple[Image, ...] = ()
    """Several if LaTeX source puts it together from several files."""

    reason: str = ""
    """Why there are none, in a sentence."""


class Component(Artifact):
    """A part of a diagram."""

    name: str
    """As printed in the figure."""

    details: str = ""
    """Sizes, shapes, activation, how often it is repeated (`x N`), shared weights: only what the figure shows."""

    inside: str = ""
    """The component that contains it."""


class Connection(Artifact):
    """An arrow or line of a diagram."""

    source: str
    """The name of a component, or of an input."""

    target: str
    label: str = ""
    """What is printed at it, its shape, or that it bypasses components."""


class Axis(Artifact):
    """An axis of a plot."""

    label: str
    """As printed."""

    panel: str = ""
    """Which plot of several: `(a)`, `left`."""

    direction: Literal["x", "y", "other"]
    unit: str = ""
    scale: Literal["linear", "log", "categories", "unclear"] = "linear"
    ticks: str = ""
    """The printed range or categories: `0 to 100`."""


class Series(Artifact):
    """A curve, a group of bars or a set of points of a plot."""

    name: str
    """As the legend says it."""

    panel: str = ""
    """As at its axes."""

    look: str = ""
    """Colour, line and marker."""

    readings: tuple[str, ...] = ()
    """Values that can be read, each as `x: y`, such as `100 epochs: 0.52`: every bar; of a curve its ends and extremes,
    and what the text may refer to. With no more digits than the axis allows."""


class FigureDraft(Artifact):
    """What the image of a figure shows."""

    kind: Literal["diagram", "plot", "other"]
    """`diagram`: blocks and arrows. `plot`: values on axes, bars too. `other`: photographs, samples."""

    summary: str
    """What it shows, in one to three sentences."""

    components: tuple[Component, ...] = ()
    """Of a diagram, in the order of the flow."""

    connections: tuple[Connection, ...] = ()
    """Of a diagram: every one."""

    axes: tuple[Axis, ...] = ()
    """Of plots."""

    series: tuple[Series, ...] = ()
    """Of plots."""

    text: tuple[str, ...] = ()
    """Other words, formulas and numbers that are printed in it."""

    unclear: str = ""
    """What cannot be read, or only guessed."""


class FigureDescription(FigureDraft):
    """A figure as a model read it from its image; no words of the paper."""

    anchor: str
    """`fig:3`."""

    not_read: str = ""
    """Why there is no description; empty if there is one."""


class FigureDescriptions(Artifact):
    """The figures of a paper, in its order."""

    items: tuple[FigureDescription, ...] = ()

    def of(self, anchors: Iterable[str]) -> "FigureDescriptions":
        """The described figures with these anchors."""
        wanted = set(anchors)
        return FigureDescriptions(items=tuple(item for item in self.items if item.anchor in wanted and item.summary))


NO_FIGURES = FigureDescriptions()
"""Nothing is described, as without a model that reads images."""


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
