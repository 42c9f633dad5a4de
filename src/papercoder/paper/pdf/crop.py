"""Runs as a program of its own: saves pictures of places in a PDF as PNG files.

`crop.py FILE FOLDER` reads a JSON list of `[name, page, left, top, right, bottom, turned]` from standard input. Pages
count from 1, sides are points from the top left corner of the page after it was rotated back by `turned` degrees.
Like `extract`, it imports nothing from the package.
"""

import contextlib
import json
import sys
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from pypdfium2 import PdfDocument, PdfiumError, PdfPage

MEMORY_LIMIT = 3 * 2**30
"""Bytes of address space for the whole process."""

SCALE = 2.0
"""Pixels of a point."""

MOST_PIXELS = 4_000_000
"""Of a page; larger pages are rendered smaller."""

MARGIN = 5.0
"""Points around a place."""


Request = tuple[str, int, float, float, float, float, float]


def crop(document: PdfDocument, requests: list[Request], folder: Path) -> None:
    """Save every place as `folder/NAME`; places on pages that cannot be rendered are left out."""
    for number, group in groupby(sorted(requests, key=itemgetter(1)), key=itemgetter(1)):
        with contextlib.suppress(PdfiumError, IndexError), contextlib.closing(document[number - 1]) as page:
            _crop_page(page, list(group), folder)


def _crop_page(page: PdfPage, requests: list[Request], folder: Path) -> None:
    page.set_rotation((page.get_rotation() - round(requests[0][-1])) % 360)
    width, height = page.get_size()
    scale = min(SCALE, (MOST_PIXELS / (width * height)) ** 0.5)
    image = page.render(scale=scale).to_pil()
    for name, _, left, top, right, bottom, _ in requests:
        x0, y0 = max(round((left - MARGIN) * scale), 0), max(round((top - MARGIN) * scale), 0)
        x1, y1 = min(round((right + MARGIN) * scale), image.width), min(round((bottom + MARGIN) * scale), image.height)
        if x0 < x1 and y0 < y1:
            image.crop((x0, y0, x1, y1)).quantize(32).save(folder / name, optimize=True)


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - it exists on Unix only
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def main() -> None:
    """Save the places given on standard input."""
    _limit_memory()
    with contextlib.closing(PdfDocument(sys.argv[1])) as document:
        crop(document, json.load(sys.stdin), Path(sys.argv[2]))


if __name__ == "__main__":
    main()
