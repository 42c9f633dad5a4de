"""Places in the paper that may have been read wrong, with pictures of what is printed there."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from papercoder.artifacts import Loss, Paper
from papercoder.artifacts.paper import render_block
from papercoder.paper.pictures import FOLDER, picture_name
from papercoder.report.model import DoubtfulPlace

MOST_PICTURES = 40
"""In one report."""

LARGEST = 120_000
"""Bytes of a picture inside a report."""


def doubtful_places(folder: Path, paper: Paper, losses: Sequence[Loss]) -> tuple[DoubtfulPlace, ...]:
    """One for each anchor among the losses; pictures are taken from the run folder."""
    texts = {"title": paper.title, **{block.anchor: render_block(block) for block in paper.blocks()}}
    by_anchor: dict[str, list[Loss]] = {}
    for loss in losses:
        if loss.anchor in texts:
            by_anchor.setdefault(loss.anchor, []).append(loss)
    return tuple(
        DoubtfulPlace(
            anchor=anchor,
            messages=tuple(loss.message for loss in found),
            page=found[0].page,
            text=texts[anchor],
            picture=_picture(folder / FOLDER / picture_name(anchor)) if number < MOST_PICTURES else "",
        )
        for number, (anchor, found) in enumerate(by_anchor.items())
    )


def _picture(path: Path) -> str:
    """The file as a data URI; empty where there is none or it is too large."""
    return data_uri(path.read_bytes()) if path.is_file() and path.stat().st_size <= LARGEST else ""


def data_uri(png: bytes) -> str:
    """A picture as the address of an image."""
    return "data:image/png;base64," + b64encode(png).decode()
