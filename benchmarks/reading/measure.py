"""Reads every paper that has a PDF and its LaTeX source with every reader."""

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2

from benchmarks.machine import example
from benchmarks.reading.readers import Reader, readers
from benchmarks.reading.score import Score, score
from benchmarks.reading.truth import Truth, truth

PAPERS = "PAPERCODER_BENCH_PAPERS"
"""Environment variable with a folder of more papers."""


@dataclass(frozen=True)
class Reading:
    """One paper read by one reader."""

    paper: str
    reader: str
    score: Score
    pages: int
    pace: float
    """Pages per second."""


def folder_given(argument: Path | None = None) -> Path | None:
    """The folder of more papers from the argument or the environment variable, or None."""
    said = os.environ.get(PAPERS)
    return argument or (Path(said) if said else None)


def measure(folder: Path | None = None) -> tuple[Reading, ...]:
    """The bundled example and the papers in a folder."""
    return tuple(_readings(truths(folder), readers()))


def truths(folder: Path | None) -> Iterator[Truth]:
    """The papers that have their LaTeX source next to the PDF."""
    for pdf in [*sorted(folder.rglob("paper.pdf") if folder else ()), example()]:
        sources = [pdf.with_suffix(".tex"), pdf.parent / "latex" / "template.tex", pdf.parent / "source.tar.gz"]
        source = next((one for one in sources if one.exists()), None)
        if source is not None:
            yield truth(pdf, source)


def _readings(papers: Iterable[Truth], by_name: dict[str, Reader]) -> Iterator[Reading]:
    for paper in papers:
        pages = _pages(paper.pdf)
        for name, reader in by_name.items():
            began = time.perf_counter()
            parse = reader(paper.pdf)
            yield Reading(paper.name, name, score(parse, paper), pages, pages / (time.perf_counter() - began))


def _pages(pdf: Path) -> int:
    with contextlib.closing(pypdfium2.PdfDocument(pdf)) as document:
        return len(document)
