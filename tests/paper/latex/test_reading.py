from pathlib import Path

import pytest

from papercoder.errors import PaperError
from papercoder.paper.files import Folder, Memory
from papercoder.paper.latex import read_latex
from papercoder.paper.latex.expansion.expander import Sources
from papercoder.paper.latex.reading import find_main
from tests.paper.latex.source import draft_of

BBL = r"""\begin{thebibliography}{2}
\bibitem[A et~al.(2020)A, B]{a2020}
A. Author and B.~Other.
\newblock \emph{A title}. 2020.

\bibitem{b} Someone. \url{http://x}
\end{thebibliography}"""

BIB = """@article{a2020, title={A {Title} of "it"}, author = "Author, A.", year = 2020,}
@string{x = "y"}
@book{unused, title={No}}"""


def test_references_from_bibitems_in_the_text() -> None:
    draft = draft_of(r"Text \cite{b}." + BBL)
    assert [(r.key, r.text) for r in draft.references] == [
        ("a2020", "A. Author and B. Other. A title. 2020."),
        ("b", "Someone. http://x"),
    ]


def test_references_from_a_bbl_beside_the_paper() -> None:
    assert [r.key for r in draft_of(r"Text \cite{b}.\bibliography{x}", main_bbl=BBL).references] == ["a2020", "b"]


def test_the_bbl_of_another_paper_is_left_alone() -> None:
    draft = draft_of(r"Text \cite{mine}.", main_bbl=BBL, other_bbl=BBL)
    assert draft.references == []


def test_references_from_a_bib_are_those_cited() -> None:
    draft = draft_of(r"Text \cite{a2020}.\bibliography{refs}", refs_bib=BIB)
    assert [(r.key, r.text) for r in draft.references] == [("a2020", 'Author, A.. A Title of "it". 2020')]


def test_missing_references_are_reported() -> None:
    assert [loss.kind for loss in draft_of(r"Text \cite{b}.").losses] == ["missing_references"]
    assert {loss.kind for loss in draft_of(r"Text \cite{b}.\bibliography{gone}").losses} == {
        "missing_references",
        "missing_file",
    }


def test_tables_that_are_lost_are_counted() -> None:
    table = r"\begin{tabular}{l}1\end{tabular}"
    assert draft_of(rf"Text. {table} \colorbox{{red}}{{{table}}} \underline{{{table}}}").losses == []
    (loss,) = draft_of(rf"Text. {table} \footnote{{{table}}}").losses
    assert loss.message == "The source has 2 tables, but only 1 were read with their cells."


def test_the_main_file_is_the_one_with_a_document() -> None:
    files = {
        "._main.tex": b"\\documentclass{a}\\begin{document}",
        "intro.tex": b"x" * 1000,
        "old.tex": b"% \\documentclass{a}\n",
        "paper.tex": b"\\documentclass{a}\\begin{document}x\\end{document}",
    }
    assert find_main(Sources(Memory(files, "here"))) == "paper.tex"


def test_several_main_files_are_reported() -> None:
    source = b"\\documentclass{a}\\begin{document}x\\end{document}"
    sources = Sources(Memory({"a.tex": source, "b.tex": source, "b.bbl": b"x"}, "here"))
    assert find_main(sources) == "b.tex"
    assert [loss.kind for loss in sources.losses] == ["main_file"]


def test_a_folder_without_latex() -> None:
    with pytest.raises(PaperError, match=r"holds no \.tex"):
        find_main(Sources(Memory({"a.png": b""}, "here")))


def test_latin_1_is_read_and_reported(tmp_path: Path) -> None:
    (tmp_path / "p.tex").write_bytes("Café au lait.".encode("latin-1"))
    draft = read_latex(Folder(tmp_path), "p.tex")
    assert [loss.kind for loss in draft.losses] == ["encoding"]
    assert "Café" in str(draft.elements[0])
