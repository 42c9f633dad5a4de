"""Real papers, where the folder that holds them lies beside the checkout; they are never part of it."""

from pathlib import Path

import pytest

from papercoder.artifacts import Paper
from papercoder.paper import read
from papercoder.paper.fidelity import fidelity

PAPERS = Path(__file__).parents[3] / "shared" / "papers"

pytestmark = pytest.mark.skipif(not PAPERS.is_dir(), reason="needs papers that are not part of this repository")


def counts(paper: Paper) -> dict[str, int]:
    names = ("sections", "equations", "tables", "algorithms", "figures", "references")
    return {name: len(getattr(paper, name)) for name in names}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("transformer/paper.tex", (23, 5, 4, 0, 5, 0)),
        ("transformer/s2orc.json", (25, 3, 4, 0, 5, 39)),
        ("transformer/s2orc_cleaned.json", (25, 3, 4, 0, 5, 0)),
        ("grid_noise_adaptation/latex", (16, 8, 1, 0, 3, 7)),
        ("latex/otsl_multifile", (12, 0, 2, 0, 6, 23)),
        ("latex/eprint_2004.14974.gz", (27, 0, 11, 0, 7, 36)),
        ("paperbench/test-time-model-adaptation/source.tar.gz", (19, 9, 17, 1, 4, 78)),
        ("paperbench/test-time-model-adaptation/paper.md", (21, 8, 17, 1, 4, 76)),
    ],
)
def test_counts(name: str, expected: tuple[int, ...]) -> None:
    assert tuple(counts(read(PAPERS / name)).values()) == expected


def test_the_transformer_says_the_same_in_latex_and_in_s2orc() -> None:
    latex, s2orc = read(PAPERS / "transformer/paper.tex"), read(PAPERS / "transformer/s2orc.json")
    titles = {section.anchor: section.title for section in s2orc.sections}
    same = [section.anchor for section in latex.sections if titles.get(section.anchor) == section.title]
    assert len(same) >= 19
    assert [equation.number for equation in latex.equations] == ["1", "", "2", "", "3"]
    assert [len(table.rows) for table in latex.tables] == [6, 12, 22, 13]


def test_every_number_of_a_table_is_read() -> None:
    (table,) = [t for t in read(PAPERS / "transformer/paper.tex").tables if t.anchor == "tab:3"]
    assert table.rows[-1] == ("big", "6", "1024", "4096", "16", "", "", "0.3", "", "300K", "4.33", "26.4", "213")


def test_the_report_tells_what_the_cleaned_json_has_lost() -> None:
    warnings = " ".join(fidelity(read(PAPERS / "transformer/s2orc_cleaned.json")).warnings)
    assert "3 displayed equations are only the word EQUATION" in warnings
    assert "no bibliography" in warnings


def test_latex_and_its_conversion_have_the_same_sections() -> None:
    folder = PAPERS / "paperbench/test-time-model-adaptation"
    latex, markdown = read(folder / "source.tar.gz"), read(folder / "paper.md")
    titles = {section.anchor: section.title for section in markdown.sections}
    assert all(titles[section.anchor] == section.title for section in latex.sections)
