"""Authors and addresses of papers, from each kind of source that names them."""

import json
from pathlib import Path

import pytest

from papercoder.paper import read
from papercoder.paper.byline import arxiv_address, authors, doi_address

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
