"""The figures, each read once by a model for images: diagrams as structure, plots as axes, series and values."""

import re

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.artifacts import FigureDescription, FigureDescriptions, FigureDraft, FigureImages, Paper, Paragraph
from papercoder.concurrency import gather_all
from papercoder.errors import AnswerError
from papercoder.runs.events import Warned
from papercoder.text.fences import fence

FIGURE_READER = Agent("figure", "vision", Json(FigureDraft), NO_CONVENTIONS)

_MOST_MENTIONS = 3
"""Paragraphs that are shown with a figure."""


@uses(FIGURE_READER)
async def describe_figures(agents: Agents, paper: Paper, pictures: tuple[FigureImages, ...]) -> FigureDescriptions:
    """Describe all figures at once; one without a picture or a valid description says why, with a warning.

    Raises:
        ModelError: the model could not be reached, or reads no images.
    """
    captions = {figure.anchor: figure.caption for figure in paper.figures}

    async def describe(figure: FigureImages) -> FigureDescription:
        try:
            draft, reason = await _read(agents, paper, figure, captions.get(figure.anchor, "")), figure.reason
        except AnswerError as error:
            draft, reason = None, str(error)
        if draft is None:
            agents.emit(Warned(where="figures", message=f"{figure.anchor} is not described: {reason}"))
            return FigureDescription(anchor=figure.anchor, kind="other", summary="", not_read=reason)
        return FigureDescription(**dict(draft), anchor=figure.anchor)

    return FigureDescriptions(items=tuple(await gather_all(map(describe, pictures))))


async def _read(agents: Agents, paper: Paper, figure: FigureImages, caption: str) -> FigureDraft | None:
    if not figure.images:
        return None
    count = len(figure.images)
    return await agents.ask(
        FIGURE_READER,
        figure.anchor,
        (),
        images=figure.images,
        anchor=figure.anchor,
        shown="An image is" if count == 1 else f"{count} images, the parts of one figure in their order, are",
        caption=fence(caption),
        mentions=fence(mentions) if (mentions := _mentions(paper, figure.anchor)) else "",
    )


def _mentions(paper: Paper, anchor: str) -> str:
    """The first paragraphs that name the figure."""
    number = re.escape(anchor.partition(":")[2])
    named = re.compile(rf"\bFig(?:ures?|s?\.)[\s~(]{{0,3}}{number}(?![\w.]*\d)", re.IGNORECASE)
    blocks = (block for block in paper.blocks() if isinstance(block, Paragraph) and named.search(block.text))
    return "\n\n".join(
        f"[{block.anchor}] {block.text}" for block, _ in zip(blocks, range(_MOST_MENTIONS), strict=False)
    )
