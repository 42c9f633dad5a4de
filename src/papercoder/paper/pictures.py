"""Pictures of places in a PDF, for people to compare with the text, and of figures, for models to describe.

Untrusted pictures are decoded and made smaller in a process of their own, with limits on memory, pixels and time.
"""

import contextlib
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from papercoder.artifacts import Algorithm, Equation, FigureImages, Image, Paper, Place, Table
from papercoder.errors import PaperError
from papercoder.files.regular import delete, is_file, read_bytes, read_text, write
from papercoder.files.temporary import temporary_folder
from papercoder.paper.addresses import cached_pdf, parse_address
from papercoder.paper.arxiv import FORMS, cached_file, parse_id
from papercoder.paper.files import Files, Folder, gunzip, inside, kind_of, untar, unzip
from papercoder.paper.pdf import crop

FOLDER = "pictures"
"""In a run folder."""

MOST = 300
"""Pictures of one paper."""

LARGEST = 600_000
"""Bytes of one picture; a larger one is a photograph and not kept."""

TIME_LIMIT = 60.0
"""Seconds for one paper."""

SIDE = 1568
"""Pixels of the longest side of a figure's picture; models see no more of a larger one."""

MOST_FIGURES = 60
"""Figures of one paper of which there are pictures."""

MOST_PARTS = 6
"""Pictures of one figure."""

LARGEST_FIGURE = 3 * 2**20
"""Bytes of a figure's picture."""

GRAPHICS = (".pdf", ".png", ".jpg", ".jpeg", ".eps", ".ps")
"""Endings of the files that LaTeX source shows, those that can be read first."""

_PNG = b"\x89PNG\r\n\x1a\n"
_READABLE = (_PNG, b"\xff\xd8\xff", b"%PDF")
_POSTSCRIPT = (b"%!PS", b"\xc5\xd0\xd3\xc6")


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
        [picture_name(place.anchor), place.page, place.left, place.top, place.right, place.bottom, place.turned, 0]
        for place in places
    ]
    found = _cropped(pdf, request)
    names = {place.anchor: picture_name(place.anchor) for place in places}
    return {anchor: found[name] for anchor, name in names.items() if name in found and len(found[name]) <= LARGEST}


def _cropped(pdf: bytes, request: list[list[object]]) -> dict[str, bytes]:
    """Name -> picture of these places, as `crop` describes them."""
    with temporary_folder() as folder:
        file = folder / "paper.pdf"
        file.write_bytes(pdf)
        return _made([str(file)], request, folder)


def _made(arguments: list[str], request: list[list[object]], folder: Path) -> dict[str, bytes]:
    """Name -> the picture that `crop` makes of a request, whose items begin with the name."""
    command = [sys.executable, "-P", crop.__file__, *arguments, str(folder)]
    with contextlib.suppress(subprocess.TimeoutExpired):
        given = json.dumps(request).encode()
        subprocess.run(command, input=given, capture_output=True, timeout=TIME_LIMIT, check=False)
    files = [folder / str(name) for name, *_ in request]
    return {file.name: file.read_bytes() for file in files if file.is_file() and file.stat().st_size <= LARGEST_FIGURE}


def save_pictures(source: str | Path, paper: Paper, run_folder: Path) -> None:
    """Save the pictures in a run folder.

    Raises:
        RunFolderError: they cannot be written, or a link leads out of the run folder.
    """
    for anchor, picture in pictures(source, paper).items():
        write(run_folder, f"{FOLDER}/{picture_name(anchor)}", picture)


def _pdf_of(source: str | Path) -> bytes | None:
    """The PDF that a paper was read from; None if there is none on this machine."""
    return next((data for data in _contents(source) if kind_of(data, "") == "pdf"), None)


def _contents(source: str | Path) -> Iterator[bytes]:
    """The content of the file that a paper was read from, unpacked; of several forms if it is from arXiv."""
    number = parse_id(str(source))
    is_there = os.path.isfile(source)  # noqa: PTH113  any text will do
    address = parse_address(str(source))
    if is_there:
        files = [Path(source)]
    elif number:
        files = [cached_file(number, form) for form in FORMS]
    else:
        files = [cached_pdf(address)] if address else []
    for file in files:
        with contextlib.suppress(OSError, PaperError):
            data = file.read_bytes()
            yield gunzip(data, str(file)) if kind_of(data, "") == "gzip" else data


def pictured(paper: Paper) -> list[Place]:
    """The places of which pictures are made; pages that were rotated by other than right angles are left out."""
    suspicious = {loss.anchor for loss in paper.losses}
    kinds = {block.anchor for block in paper.blocks() if isinstance(block, Equation | Table | Algorithm)}
    wanted = {"title", *suspicious, *kinds}
    return [place for place in paper.places if place.anchor in wanted and place.turned % 90 == 0][:MOST]


def figures(source: str | Path, paper: Paper) -> tuple[FigureImages, ...]:
    """Pictures of the figures: the files that LaTeX source shows, or what a PDF prints.

    Args:
        source: what the paper was read from.
        paper: as it was read.

    Returns:
        One for each figure; without pictures, it says why.
    """
    shown = paper.figures[:MOST_FIGURES]
    if paper.source == "latex":
        files = _files_of(source)
        taken = {figure.anchor: _graphics(files, figure.graphics) for figure in shown}
        found = as_png({name: data for of_one in taken.values() for name, data in of_one.items()})
        return tuple(_of_latex(figure.anchor, taken[figure.anchor], found) for figure in shown)
    places = {place.anchor: place for place in paper.places if place.turned % 90 == 0}
    pdf = _pdf_of(source) if places else None
    request: list[list[object]] = [
        [picture_name(at.anchor), at.page, at.left, at.top, at.right, at.bottom, at.turned, SIDE]
        for at in (places[figure.anchor] for figure in shown if figure.anchor in places)
    ]
    cut = _cropped(pdf, request) if pdf else {}
    images = {figure.anchor: cut.get(picture_name(figure.anchor)) for figure in shown}
    reason = "there is no picture of it" if pdf else "the source of the paper has no pictures, or is gone"
    return tuple(
        FigureImages(anchor=anchor, images=(_image(data),)) if data else FigureImages(anchor=anchor, reason=reason)
        for anchor, data in images.items()
    )


def _files_of(source: str | Path) -> Files | None:
    """The files of LaTeX source with its graphics; None if it is gone."""
    path = Path(source)
    if path.is_dir():
        return Folder(path)
    for data in _contents(source):
        kind = kind_of(data, path.name)
        with contextlib.suppress(PaperError):
            if kind == "tar":
                return untar(data, str(source), GRAPHICS)
            if kind == "zip":
                return unzip(data, str(source), GRAPHICS)
            if kind == "latex" and path.is_file():
                return Folder(path.resolve().parent, deep=False)
    return None


def _graphics(files: Files | None, names: tuple[str, ...]) -> dict[str, bytes | str]:
    """Name -> content of the graphics of a figure; a text explains why there is none."""
    if files is None:
        return dict.fromkeys(names, "the source of the paper is gone")
    return {name: _graphic(files, name) for name in names[:MOST_PARTS]}


def _graphic(files: Files, name: str) -> bytes | str:
    """The content of a graphic that LaTeX shows by this name, in any folder of the source."""
    plain = inside(name) or PurePosixPath(name).name
    wanted = [plain + ending for ending in ("", *GRAPHICS)]
    below = sorted(filter(lambda known: known.lower().endswith(GRAPHICS), files.names()), key=len)
    exact = [each for each in wanted if each.lower().endswith(GRAPHICS)]
    for known in (*exact, *(each for one in exact for each in below if each.endswith(f"/{one}"))):
        if any(part.startswith(".") for part in PurePosixPath(known).parts):
            continue
        try:
            data = files.get(known)
        except PaperError as error:
            return str(error)
        if data is not None:
            if data.lstrip().startswith(_READABLE):
                return data
            is_eps = data.lstrip().startswith(_POSTSCRIPT)
            what = "is an EPS file; convert it to PDF or PNG" if is_eps else "is neither PNG, JPEG nor PDF"
            return f"{known} {what}"
    return f"{name} is not among the files of the paper"


def as_png(graphics: dict[str, bytes | str]) -> dict[str, bytes]:
    """Name -> the picture of each PNG, JPEG or PDF file that can be decoded; a text says why there is no file."""
    with temporary_folder() as folder:
        request: list[list[object]] = []
        for number, data in enumerate(graphics.values()):
            if isinstance(data, bytes):
                (folder / f"{number}").write_bytes(data)
                request.append([f"{number}.png", str(folder / f"{number}"), SIDE])
        made = _made([], request, folder) if request else {}
    return {name: made[f"{number}.png"] for number, name in enumerate(graphics) if f"{number}.png" in made}


def _of_latex(anchor: str, taken: dict[str, bytes | str], found: dict[str, bytes]) -> FigureImages:
    if images := tuple(_image(found[name]) for name in taken if name in found):
        return FigureImages(anchor=anchor, images=images)
    reasons = [data if isinstance(data, str) else f"{name} cannot be decoded" for name, data in taken.items()]
    return FigureImages(anchor=anchor, reason="; ".join(reasons) or "it is drawn by LaTeX code")


def _image(data: bytes) -> Image:
    """A PNG file with the size in its header; it is not decoded.

    Raises:
        ValueError: it is no PNG file.
    """
    if not data.startswith(_PNG) or len(data) < 24:
        raise ValueError("not a PNG file")
    width, height = struct.unpack(">II", data[16:24])
    return Image(digest=hashlib.sha256(data).hexdigest(), width=width, height=height, data=data)


def save_figures(source: str | Path, paper: Paper, run_folder: Path) -> None:
    """Save pictures of the figures in a run folder: `fig-3.png`, `fig-3.2.png`; where there is none, `fig-3.txt`.

    Raises:
        RunFolderError: they cannot be written, or a link leads out of the run folder.
    """
    for figure in figures(source, paper):
        names = _figure_names(figure.anchor)
        for name, image in zip(names, figure.images, strict=False):
            write(run_folder, name, image.data)
        for name in names[len(figure.images) :]:
            delete(run_folder, name)
        if figure.reason:
            write(run_folder, _reason_name(figure.anchor), figure.reason)
        else:
            delete(run_folder, _reason_name(figure.anchor))


def has_figures(run_folder: Path, paper: Paper) -> bool:
    """Whether pictures were saved for this paper's figures, or why there are none."""
    anchors = [figure.anchor for figure in paper.figures[:MOST_FIGURES]]
    return all(
        is_file(run_folder, _figure_names(anchor)[0]) or is_file(run_folder, _reason_name(anchor)) for anchor in anchors
    )


def saved_figures(run_folder: Path, paper: Paper) -> tuple[FigureImages, ...]:
    """The pictures in a run folder, which people may replace; one for each figure.

    Raises:
        RunFolderError: one is too large, or a link leads out of the run folder.
    """
    found = []
    for figure in paper.figures:
        files = {name: read_bytes(run_folder, name, LARGEST_FIGURE) for name in _figure_names(figure.anchor)}
        try:
            images = tuple(_image(data) for data in files.values() if data is not None)
            reason = "" if images else read_text(run_folder, _reason_name(figure.anchor)) or "it has no picture"
        except ValueError:
            images, reason = (), f"{next(iter(files))} is no PNG file"
        found.append(FigureImages(anchor=figure.anchor, images=images, reason=reason))
    return tuple(found)


def _figure_names(anchor: str) -> list[str]:
    name = f"{FOLDER}/{picture_name(anchor)}"
    return [name, *(f"{name.removesuffix('.png')}.{number}.png" for number in range(2, MOST_PARTS + 1))]


def _reason_name(anchor: str) -> str:
    return f"{FOLDER}/{picture_name(anchor).removesuffix('.png')}.txt"
