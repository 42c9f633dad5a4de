"""A separate program: saves pictures of places in a PDF, and of graphics, as PNG files.

`crop.py FILE FOLDER` reads a JSON list of `[name, page, left, top, right, bottom, turned, side]` from standard input.
Pages count from 1, sides are points from the top left corner of the page after it was rotated back by `turned` degrees.
`side` is the longest side of the picture in pixels, or 0 for a small picture of the place for people.

`crop.py FOLDER` reads a JSON list of `[name, file, side]`; the files are PNG, JPEG or PDF, whose first page counts.
Like `extract`, it imports nothing from the package.
"""

import contextlib
import json
import sys
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from PIL import Image, ImageChops, UnidentifiedImageError
from pypdfium2 import PdfDocument, PdfiumError, PdfPage

MEMORY_LIMIT = 3 * 2**30
"""Bytes of address space for the whole process."""

SCALE = 2.0
"""Pixels of a point."""

MOST_PIXELS = 4_000_000
"""Of a page; larger pages are rendered smaller."""

MARGIN = 5.0
"""Points around a place."""

MOST_DECODED = 60_000_000
"""Pixels of a PNG or JPEG file; a larger one is left out."""

LARGEST_SCALE = 4.0
"""Pixels of a point, for figures."""

COLOURS = 256
"""Of a figure's picture: its bytes are then fewer than its pixels."""

Request = tuple[str, int, float, float, float, float, float, int]


def crop(document: PdfDocument, requests: list[Request], folder: Path) -> None:
    """Save every place as `folder/NAME`; places on pages that cannot be rendered are left out."""
    for number, group in groupby(sorted(requests, key=itemgetter(1)), key=itemgetter(1)):
        with contextlib.suppress(PdfiumError, IndexError), contextlib.closing(document[number - 1]) as page:
            _crop_page(page, list(group), folder)


def _crop_page(page: PdfPage, requests: list[Request], folder: Path) -> None:
    page.set_rotation((page.get_rotation() - round(requests[0][-2])) % 360)
    width, height = page.get_size()
    for name, _, left, top, right, bottom, _, side in requests:
        if side:
            _save(_figure(page, (left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN), side), folder / name)
    places = [request for request in requests if not request[-1]]
    scale = min(SCALE, (MOST_PIXELS / (width * height)) ** 0.5)
    image = page.render(scale=scale).to_pil() if places else Image.new("RGB", (1, 1))
    for name, _, left, top, right, bottom, _, _ in places:
        x0, y0 = max(round((left - MARGIN) * scale), 0), max(round((top - MARGIN) * scale), 0)
        x1, y1 = min(round((right + MARGIN) * scale), image.width), min(round((bottom + MARGIN) * scale), image.height)
        if x0 < x1 and y0 < y1:
            image.crop((x0, y0, x1, y1)).quantize(32).save(folder / name, optimize=True)


def _figure(page: PdfPage, box: tuple[float, float, float, float], side: int) -> Image.Image:
    """A part of a page, as large as `side` and its scale allow."""
    width, height = page.get_size()
    left, top, right, bottom = max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)
    scale = min(LARGEST_SCALE, side / max(right - left, bottom - top, 1))
    image: Image.Image = page.render(scale=scale, crop=(left, height - bottom, width - right, top)).to_pil()
    return image


def convert(graphics: list[tuple[str, str, int]], folder: Path) -> None:
    """Save every graphic as `folder/NAME`; those that cannot be decoded are left out."""
    for name, file, side in graphics:
        with contextlib.suppress(PdfiumError, UnidentifiedImageError, OSError, ValueError, SyntaxError):
            _save(_graphic(Path(file), side), folder / name)


def _graphic(file: Path, side: int) -> Image.Image:
    with file.open("rb") as opened:
        is_pdf = opened.read(1024).lstrip().startswith(b"%PDF")
    if is_pdf:
        with contextlib.closing(PdfDocument(file)) as document, contextlib.closing(document[0]) as page:
            return _figure(page, (0, 0, *page.get_size()), side)
    with Image.open(file, formats=("PNG", "JPEG")) as image:
        if image.width * image.height > MOST_DECODED:
            raise ValueError("too many pixels")
        image.draft("RGB", (side, side))
        seen = image.convert("RGBA")
    seen.thumbnail((side, side))
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)


def _save(image: Image.Image, file: Path) -> None:
    """Save it without its white margins."""
    image = image.convert("RGB")
    seen = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()
    if seen:
        image.crop(seen).quantize(COLOURS).save(file, optimize=True)


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - it exists on Unix only
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def main() -> None:
    """Save the places or graphics given on standard input."""
    _limit_memory()
    if len(sys.argv) == 2:
        convert(json.load(sys.stdin), Path(sys.argv[1]))
        return
    with contextlib.closing(PdfDocument(sys.argv[1])) as document:
        crop(document, json.load(sys.stdin), Path(sys.argv[2]))


if __name__ == "__main__":
    main()
