"""Pictures of places in a PDF, to be compared with the text that was read from them."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from papercoder.artifacts import Algorithm, Equation, Paper, Place, Table
from papercoder.errors import PaperError
from papercoder.files.regular import write
from papercoder.files.temporary import temporary_folder
from papercoder.paper.addresses import cached_pdf, parse_address
from papercoder.paper.archive import gunzip
from papercoder.paper.arxiv import FORMS, cached_file, parse_id
from papercoder.paper.pdf import crop
from papercoder.paper.sniffing import kind_of

FOLDER = "pictures"
"""In a run folder."""

MOST = 300
"""Pictures of one paper."""

LARGEST = 600_000
"""Bytes of one picture; a larger one is a photograph and not kept."""

TIME_LIMIT = 60.0
"""Seconds for one paper."""


def picture_name(anchor: str) -> str:
    """The file name of a place's picture."""
    return re.sub(r"[^\w.-]", "-", anchor) + ".png"


def pictures(source: str | Path, paper: Paper) -> dict[str, bytes]:
    """Pictures of the title, equations, tables, algorithms and all other blocks that may be wrong, as PNG.

    They are a help for people: those that cannot be rendered are left out, and there are none if the PDF is not on
    this machine.

    Args:
        source: what the paper was read from: a PDF, a gzip file of one, an arXiv id, or an address.
        paper: as it was read.

    Returns:
        Anchor -> picture.
    """
    places = pictured(paper)
    pdf = _pdf_of(source) if places else None
    if pdf is None:
        return {}
    request = [
        [picture_name(place.anchor), place.page, place.left, place.top, place.right, place.bottom, place.turned]
        for place in places
    ]
    with temporary_folder() as made:
        file = made / "paper.pdf"
        file.write_bytes(pdf)
        command = [sys.executable, "-P", crop.__file__, str(file), str(made)]
        given = json.dumps(request).encode()
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, input=given, capture_output=True, timeout=TIME_LIMIT, check=False)
        files = {place.anchor: Path(made) / picture_name(place.anchor) for place in places}
        fitting = {anchor: file for anchor, file in files.items() if file.is_file() and file.stat().st_size <= LARGEST}
        return {anchor: file.read_bytes() for anchor, file in fitting.items()}


def save_pictures(source: str | Path, paper: Paper, run_folder: Path) -> None:
    """Save the pictures in a run folder.

    Raises:
        RunFolderError: they cannot be written, or a link leads out of the run folder.
    """
    for anchor, picture in pictures(source, paper).items():
        write(run_folder, f"{FOLDER}/{picture_name(anchor)}", picture)


def _pdf_of(source: str | Path) -> bytes | None:
    """The PDF that a paper was read from; None if there is none, or not on this machine any more."""
    number = parse_id(str(source))
    is_file = os.path.isfile(source)  # noqa: PTH113  any text will do
    address = parse_address(str(source))
    if is_file:
        files = [Path(source)]
    elif number:
        files = [cached_file(number, form) for form in FORMS]
    else:
        files = [cached_pdf(address)] if address else []
    for file in files:
        with contextlib.suppress(OSError, PaperError):
            data = file.read_bytes()
            data = gunzip(data, str(file)) if kind_of(data, "") == "gzip" else data
            if kind_of(data, "") == "pdf":
                return data
    return None


def pictured(paper: Paper) -> list[Place]:
    """The places of which pictures are made; pages that were rotated by other than right angles are left out."""
    suspicious = {loss.anchor for loss in paper.losses}
    kinds = {block.anchor for block in paper.blocks() if isinstance(block, Equation | Table | Algorithm)}
    wanted = {"title", *suspicious, *kinds}
    return [place for place in paper.places if place.anchor in wanted and place.turned % 90 == 0][:MOST]
