""""""

import json
from pathlib import Path

import pytest

from papercoder.paper import read
from papercoder.paper.draft import Heading
from papercoder.paper.printed import PrintedHeading, arxiv_address, authors, doi_address, outlined, read_headings


def numbers(*texts: str, late: int = 99) -> list[tuple[str, str]]:
    """Numbers and titles; headings from position `late` on follow the references."""
    printed = [PrintedHeading(text, 1, follows_references=position >= late) for position, text in enumerate(texts)]
    return [(each.number, each.title) for each in read_headings(printed)]


@pytest.mark.parametrize(
    ("text", "number", "title"),
    [
        ("1 Introduction", "1", "Introduction"),
        ("1. Introduction", "1", "Introduction"),
        ("1.Introduction", "1", "Introduction"),
        ("1) Introduction", "1", "Introduction"),
        ("1 | Introduction", "1", "Introduction"),
        ("Section 1: Introduction", "1", "Introduction"),
        ("§2 Heat", "2", "Heat"),
        ("3.1. Heat", "3.1", "Heat"),
        ("3 . 1 Heat", "3.1", "Heat"),
        ("3.1Heat", "3.1", "Heat"),
        ("3.2 3D Kilns", "3.2", "3D Kilns"),
        ("2. $k$-means", "2", "$k$-means"),
        ("3D Kilns", "", "3D Kilns"),
        ("2024 in Review", "", "2024 in Review"),
        ("A Kiln", "", "A Kiln"),
        ("T5 Models", "", "T5 Models"),
        ("Appendix A: Proofs", "A", "Proofs"),
        ("APPENDIX B PROOFS", "B", "PROOFS"),
        ("A.1 Proofs", "A.1", "Proofs"),
        ("Appendix", "", "Appendix"),
        ("Dataset:", "", "Dataset"),
    ],
)
def test_styles_of_numbers(text: str, number: str, title: str) -> None:
    assert numbers(text) == [(number, title)]


def test_a_letter_is_a_number_if_the_next_one_follows() -> None:
    assert numbers("A Simple Kiln", "A Proofs", "B Data", late=99)[1:] == [("A", "Proofs"), ("B", "Data")]
    assert numbers("A Simple Kiln", "A.1 Lemma")[0] == ("A", "Simple Kiln")
    assert numbers("A Simple Kiln", "Heat")[0] == ("", "A Simple Kiln")


def test_a_letter_after_the_references_begins_the_appendix() -> None:
    assert numbers("Heat", "A Proofs", "Details", late=1) == [("", "Heat"), ("A", "Proofs"), ("", "Details")]
    assert [each.appendix for each in read_headings([PrintedHeading("A Proofs", 1, follows_references=True)])] == [True]


def test_roman_sections_have_lettered_subsections() -> None:
    found = numbers("I. Introduction", "II. Method", "A. Heat", "1) Fast", "B. Cold", "V. End", "Appendix A: More")
    assert [number for number, _ in found] == ["1", "2", "2.A", "2.A.1", "2.B", "5", "A"]


def test_letters_begin_again_after_the_references() -> None:
    found = numbers("I. Introduction", "II. Method", "A. Heat", "B. Cold", "A. Proofs", "B. Data", late=4)
    assert [number for number, _ in found] == ["1", "2", "2.A", "2.B", "A", "B"]


def test_the_ninth_lettered_subsection_is_not_section_one() -> None:
    letters = [f"{letter}. Part" for letter in "ABCDEFGHI"]
    assert numbers("I. One", "II. Two", *letters)[-1] == ("2.I", "Part")


def test_levels_come_from_numbers() -> None:
    printed = [PrintedHeading("1 One", 3), PrintedHeading("1.1 Two", 3), PrintedHeading("Loose", 4)]
    assert [each.level for each in outlined(printed) if isinstance(each, Heading)] == [1, 2, 2]


def test_levels_stay_where_numbers_repeat() -> None:
    printed = [
        PrintedHeading("Data", 2),
        PrintedHeading("1 One", 3),
        PrintedHeading("Model", 2),
        PrintedHeading("1 A", 3),
    ]
    assert [each.level for each in outlined(printed) if isinstance(each, Heading)] == [1, 2, 1, 2]


BODY = r"\begin{document}\maketitle\begin{abstract}We do.\end{abstract}\section{One} Some text.\end{document}"
NAMES = ("Ada Lovelace", "Grace M. Hopper", "Alan Turing")


@pytest.mark.parametrize(
    "head",
    [
        r"\author{Ada Lovelace\thanks{Equal.} \\ University of X \And Grace M. Hopper$^{1,2}$, Alan Turing \\ "
        r"\texttt{a@b.c}}",
        r"\author{Ada Lovelace}\affiliation{X}\author[1]{Grace M. Hopper}\author{\textbf{Alan Turing}\inst{2}}",
        r"\author{\IEEEauthorblockN{Ada Lovelace}\IEEEauthorblockA{Dept of X \\ Y} \and Grace M. Hopper "
        r"\and Alan Turing}",
        r"\twocolumn[\begin{icmlauthorlist}\icmlauthor{Ada Lovelace}{x}\icmlauthor{Grace M. Hopper}{x}"
        r"\icmlauthor{Alan Turing}{y}\end{icmlauthorlist}\icmlaffiliation{x}{Google Research}]",
    ],
    ids=["neurips", "revtex", "ieee", "icml"],
)
def test_latex(head: str, tmp_path: Path) -> None:
    file = tmp_path / "paper.tex"
    begin, rest = BODY.split(r"\maketitle")
    file.write_text(rf"\documentclass{{article}}\title{{T}}{begin}{head}\maketitle{rest}")
    paper = read(file)
    assert paper.authors == NAMES
    assert paper.text.split() == ["T", "We", "do.", "One", "Some", "text."]


def test_xml_json_and_html(tmp_path: Path) -> None:
    sources = {
        "jats.xml": """<article><front><article-meta><article-id pub-id-type="doi">10.1000/x.1</article-id>
<title-group><article-title>T</article-title></title-group><contrib-group><contrib contrib-type="author"><name>
<surname>Lovelace</surname><given-names>Ada</given-names></name></contrib>
<contrib contrib-type="editor"><name><surname>Editor</surname>
<given-names>An</given-names></name></contrib></contrib-group></article-meta></front><body><sec><title>One</title>
<p>Some text.</p></sec></body></article>""",
        "tei.xml": """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>T</title></titleStmt>
<sourceDesc><biblStruct><analytic><author><persName>
<forename type="first">Ada</forename><surname>Lovelace</surname></persName></author></analytic>
<idno type="DOI">10.1000/x.1</idno></biblStruct></sourceDesc></fileDesc></teiHeader><text><body><div>
<head>One</head><p>Some text.</p></div></body></text></TEI>""",
        "s2orc.json": json.dumps(
            {
                "title": "T",
                "authors": [{"first": "Ada", "middle": [], "last": "Lovelace", "suffix": ""}],
                "doi": "10.1000/x.1",
                "pdf_parse": {"body_text": [{"text": "Some text.", "section": "One"}]},
            }
        ),
        "page.html": """<html><head><meta name="citation_title" content="T">
<meta name="citation_author" content="Lovelace, Ada"><meta name="citation_doi" content="10.1000/x.1"></head>
<body><h1>T</h1><h2>One</h2><p>Some text of it.</p></body></html>""",
    }
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
        paper = read(tmp_path / name)
        assert (paper.authors, paper.address) == (("Ada Lovelace",), "https://doi.org/10.1000/x.1"), name


def test_what_is_no_name_is_left_out() -> None:
    assert authors(["Anonymous Authors", "under review", "a@b.c", "University of Cambridge", "OpenAI Team"]) == []
    assert authors(["José Ñandú† and Mary-Ann O'Neil1,2 & Ludwig van Beethoven (ETH)"]) == [
        "José Ñandú",
        "Mary-Ann O'Neil",
        "Ludwig van Beethoven",
    ]


def test_addresses() -> None:
    assert arxiv_address("arXiv:2504.17192v1 [cs.CL] 24 Apr 2025") == "https://arxiv.org/abs/2504.17192v1"
    assert doi_address("see doi:10.1145/3292500.3330701.") == "https://doi.org/10.1145/3292500.3330701"
    assert doi_address('10.1/"><script>') == arxiv_address("2504.17192") == ""
