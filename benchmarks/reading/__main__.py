"""`python -m benchmarks.reading [FOLDER]`: reads every paper that has a PDF and its LaTeX, and prints the scores."""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
from rich.console import Console
from rich.table import Table

from benchmarks.reading.readers import readers
from benchmarks.reading.score import Score, score
from benchmarks.reading.truth import Truth, truth

REPOSITORY = Path(__file__).parents[2]
CONSOLE = Console(width=120)


def truths(folder: Path) -> Iterator[Truth]:
    """The papers below the folder, and the examples of this repository."""
    for pdf in sorted([*folder.rglob("paper.pdf"), *(REPOSITORY / "examples").glob("*/paper.pdf")]):
        sources = [pdf.with_suffix(".tex"), pdf.parent / "latex" / "template.tex", pdf.parent / "source.tar.gz"]
        source = next((one for one in sources if one.exists()), None)
        if source is not None:
            yield truth(pdf, source)


def _pages(pdf: Path) -> int:
    with contextlib.closing(pypdfium2.PdfDocument(pdf)) as document:
        return len(document)


def _cells(found: Score) -> list[str]:
    shares = (found.shingles, found.numbers, found.order, found.recall, found.precision, found.heading_numbers)
    return ["-" if share < 0 else f"{100 * share:.1f}" for share in shares]


def main() -> None:
    """Print one row for each paper and reader."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY.parent / "shared" / "papers"
    table = Table("paper", "reader", "shingles %", "numbers %", "order %", "headings: recall", "precision", "numbered",
                  "pages/s", title="Reading PDFs, against their LaTeX")  # fmt: skip
    for paper in truths(folder):
        for name, reader in readers().items():
            start = time.perf_counter()
            parse = reader(paper.pdf)
            pace = _pages(paper.pdf) / (time.perf_counter() - start)
            table.add_row(paper.name, name, *_cells(score(parse, paper)), f"{pace:.0f}")
    if not table.rows:
        CONSOLE.print(f"No paper with both PDF and LaTeX below {folder}; nothing to measure.")
        return
    CONSOLE.print(table)


if __name__ == "__main__":
    main()
