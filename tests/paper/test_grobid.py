# ruff: noqa: E501  (pages as they are served)
""""""

import json
from typing import Any

import pytest

from papercoder.artifacts import Paper
from papercoder.errors import PaperError
from papercoder.paper.draft import assemble
from papercoder.paper.grobid import read_s2orc, read_tei

TEI = """<?xml version="1.0"?><TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt>
<title level="a">The Title</title></titleStmt></fileDesc>
<profileDesc><abstract><div><p>Short.</p></div></abstract></profileDesc></teiHeader><text><body>
<div><head n="1">Intro</head><p>Text <ref type="bibr" target="#b0">[1]</ref> before
<formula xml:id="f0">a = b<label>(1)</label></formula> after.</p></div>
<div><head n="1.1">Sub</head><list><item>One</item><item>Two</item></list></div>
<figure xml:id="fig_0"><head>Figure 1 :</head><label>1</label><figDesc>A picture.</figDesc></figure>
<figure type="table"><head>Table 2 :</head><label>2</label><figDesc>Scores</figDesc>
<table><row><cell>a</cell><cell cols="2">b</cell></row><row><cell>1</cell><cell>2</cell><cell>3</cell></row></table></figure>
</body><back><div type="annex"><div><head n="A">More</head><p>Later.</p></div></div>
<div type="references"><listBibl><biblStruct xml:id="b0"><analytic><title>A work</title></analytic>
<note type="raw_reference">A. Author. A work.</note></biblStruct></listBibl></div></back></text></TEI>"""


def paper_of(source: str) -> Paper:
    return assemble(read_tei(source.encode(), "the file"), "tei")


def test_grobid() -> None:
    paper = paper_of(TEI)
    assert (paper.title, paper.abstract) == ("The Title", "Short.")
    assert [(s.anchor, s.level, s.title) for s in paper.sections] == [
        ("1", 1, "Intro"),
        ("1.1", 2, "Sub"),
        ("app:A", 1, "More"),
    ]
    assert [(e.anchor, e.text) for e in paper.equations] == [("eq:1", "a = b")]
    assert [block.text for block in paper.sections[0].blocks if block.kind == "paragraph"] == [
        "Text [1] before",
        "after.",
    ]
    assert [(t.anchor, t.caption, t.rows) for t in paper.tables] == [
        ("tab:2", "Scores", (("a", "b", ""), ("1", "2", "3")))
    ]
    assert [(f.anchor, f.caption) for f in paper.figures] == [("fig:1", "A picture.")]
    assert [(r.key, r.text) for r in paper.references] == [("b0", "A. Author. A work.")]


@pytest.mark.parametrize("source", ["<TEI", "<TEI></TEI>", "not xml"])
def test_what_is_no_tei(source: str) -> None:
    with pytest.raises(PaperError, match="the file"):
        paper_of(source)


def test_entities_are_not_expanded() -> None:
    entities = '<!DOCTYPE TEI [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    source = entities + "<TEI><text><body><div><p>x &b; &c; y</p></div></body></text></TEI>"
    (section,) = paper_of(source).sections
    assert "aaaa" not in str(section)
    assert "root:" not in str(section)


def block(text: str, section: str = "Intro", number: str | None = "1", **more: Any) -> dict[str, Any]:
    return {"text": text, "section": section, "sec_num": number, **more}


def paper_of_s2orc(body: list[dict[str, Any]], **parse: Any) -> Paper:
    document = {"title": "T", "abstract": "Short.", "pdf_parse": {"body_text": body, **parse}}
    return assemble(read_s2orc(json.dumps(document), "the file"), "s2orc")


def test_raw() -> None:
    equation = block("EQUATION", eq_spans=[{"text": "EQUATION", "raw_str": "a = b", "eq_num": "(1)"}])
    paper = paper_of_s2orc(
        [block("One [1]."), equation, block("Two.", "Sub", "1.1")],
        bib_entries={"BIBREF0": {"title": "A work", "year": 2020, "raw_text": ""}},
        ref_entries={
            "FIGREF0": {"text": "Figure 1: A picture.", "type_str": "figure", "fig_num": "1"},
            "TABREF0": {
                "text": "Scores",
                "type_str": "table",
                "num": 2,
                "content": "<table><tr><td>a</td></tr></table>",
            },
        },
        back_matter=[block("Thanks.", "acknowledgement", None)],
    )
    assert [(s.anchor, s.title) for s in paper.sections] == [
        ("1", "Intro"),
        ("1.1", "Sub"),
        ("figures-and-tables", "Figures and Tables"),
        ("acknowledgement", "acknowledgement"),
    ]
    assert [(e.anchor, e.text) for e in paper.equations] == [("eq:1", "a = b")]
    assert [(t.anchor, t.caption, t.rows) for t in paper.tables] == [("tab:2", "Scores", (("a",),))]
    assert [(f.anchor, f.caption) for f in paper.figures] == [("fig:1", "A picture.")]
    assert [(r.key, r.text) for r in paper.references] == [("BIBREF0", "A work. 2020")]
    assert paper.losses == ()


def test_cleaned_tells_what_is_lost() -> None:
    paper = paper_of_s2orc([block("One [1, 2]."), block("EQUATION")])
    assert [loss.kind for loss in paper.losses] == ["equations", "missing_references"]


@pytest.mark.parametrize(
    "source", ["{", '{"a": 1}', '{"pdf_parse": {"body_text": "x"}}', "[" * 100_000, '{"pdf_parse": {}}']
)
def test_what_is_no_s2orc(source: str) -> None:
    with pytest.raises(PaperError, match="the file"):
        read_s2orc(source, "the file")
