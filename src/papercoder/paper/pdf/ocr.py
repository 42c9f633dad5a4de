"""Reads page images with rapidocr, which ships its models; it comes with the `ocr` extra."""

import contextlib
import importlib
import importlib.util
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from pypdfium2 import PdfDocument, PdfPage

from papercoder.paper.pdf.extract import RawDocument, RawPage, Word

LONGEST_SIDE = 2000
"""Pixels of the image that is read; more takes longer and reads no better."""

LEAST_SCORE = 0.6
"""Of the recogniser's own confidence; below it are specks and ornaments."""


def available() -> bool:
    """Whether the `ocr` extra is installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def recognised(path: Path, raw: RawDocument, pages: Collection[int]) -> RawDocument:
    """The document with the words of these pages read from their images; takes seconds for each page."""
    rapidocr = importlib.import_module("rapidocr").RapidOCR(params={"Global.log_level": "error"})
    with contextlib.closing(PdfDocument(path)) as document:
        read = [
            _recognised(page, document[number], rapidocr) if number in pages else page
            for number, page in enumerate(raw.pages)
        ]
    return replace(raw, pages=read)


def _recognised(page: RawPage, scan: PdfPage, rapidocr: Any) -> RawPage:
    scale = LONGEST_SIDE / max(scan.get_size())
    found = rapidocr(scan.render(scale=scale).to_numpy())
    words = _evened(list(_words(found, scale)))
    return replace(page, words=words, plain=" ".join(word.text for word in words), scanned=True, recognised=True)


def _evened(words: list[Word]) -> list[Word]:
    """The words with one font size where heights differ by no more than a line's letters do."""
    usual = median([word.size for word in words]) if words else 0.0
    return [replace(word, size=usual) if abs(word.size - usual) < 0.25 * usual else word for word in words]


def _words(found: Any, scale: float) -> Iterator[Word]:
    if found.boxes is None:
        return
    for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        if score < LEAST_SCORE:
            continue
        across, down = [float(x) / scale for x, _ in corners], [float(y) / scale for _, y in corners]
        height = max(down) - min(down)
        yield Word(text, min(across), min(down), max(across) - min(across), height, 0.8 * height, "", 0.0)
