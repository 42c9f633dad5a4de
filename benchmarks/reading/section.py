"""The section about reading PDFs."""

from benchmarks.reading.measure import PAPERS, Reading
from benchmarks.results import Section, Table

HEADS = (
    "paper, reader",
    "shingles",
    "numbers",
    "order",
    "headings: recall",
    "precision",
    "numbered",
    "pages",
    "pages/s",
)


def section(results: tuple[Reading, ...]) -> Section:
    """The section about all papers and readers."""
    ours = [each for each in results if each.reader == "papercoder"]
    worst = min(ours, key=lambda each: each.score.shingles)
    papers = f"{len(ours)} paper{'' if len(ours) == 1 else 's'}"
    meaning = (
        f"The parse of {papers} is compared with the LaTeX source. PaperCoder keeps at least "
        f"{worst.score.shingles:.1%} of the five-word sequences of a paper's prose ({worst.paper}). The plain text of "
        "the same PDF, which has no headings, is shown for comparison."
    )
    return Section(
        title="Reading PDFs",
        command="python -m benchmarks.reading [FOLDER]",
        meaning=meaning,
        tables=(Table(HEADS, [_row(each) for each in results]),),
        notes=(
            f"In percent. The bundled paper, and those below FOLDER or the variable {PAPERS}, that have `paper.pdf` "
            "and its LaTeX. A short paper reads fewer pages a second, since every parse starts a process of its own.",
        ),
    )


def _row(each: Reading) -> list[str]:
    found = each.score
    shares = (found.shingles, found.numbers, found.order, found.recall, found.precision, found.heading_numbers)
    written = ("-" if share < 0 else f"{100 * share:.1f}" for share in shares)
    return [f"{each.paper}, {each.reader}", *written, str(each.pages), f"{each.pace:.0f}"]
