from contextlib import suppress

import pytest
from benchmarks.reading.kinds.case import Case, outcome
from benchmarks.reading.kinds.xml import cases

from papercoder.artifacts import Paper
from papercoder.errors import PaperError
from papercoder.paper.draft import assemble
from papercoder.paper.jats import read_jats

ARTICLE = "<article><front><article-meta/></front><body>%s</body>%s</article>"


def paper_of(body: str, back: str = "") -> Paper:
    return assemble(read_jats((ARTICLE % (body, back)).encode(), "the file"), "jats")


@pytest.mark.parametrize("case", tuple(cases()), ids=lambda case: case.name)
def test_articles_in_xml(case: Case) -> None:
    assert outcome(case).failed == ()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<article><front/></article>", "without the article's text"),
        ("<article><body></body></article>", "`body` has no text"),
        ("<article><body>", "not well-formed"),
        ("<book/>", "without the article's text"),
    ],
)
def test_what_has_no_text_is_refused(source: str, reason: str) -> None:
    with pytest.raises(PaperError, match=reason):
        read_jats(source.encode(), "the file")


def test_formulas_that_are_pictures_are_a_loss() -> None:
    paper = paper_of("<p>Text.</p><disp-formula><label>1</label><graphic/></disp-formula>")
    assert [loss.kind for loss in paper.losses] == ["equations"]
    assert paper.equations[0].number == "1"


def test_citations_without_a_list_are_a_loss() -> None:
    assert [loss.kind for loss in paper_of("<p>As <xref ref-type='bibr'>1</xref>.</p>").losses] == [
        "missing_references"
    ]


def test_a_table_that_is_a_picture_has_no_cells() -> None:
    (table,) = paper_of("<p>T.</p><table-wrap><label>Table 2</label><caption><p>C.</p></caption></table-wrap>").tables
    assert (table.anchor, table.caption, table.rows) == ("tab:2", "C.", ())


def test_an_article_within_a_larger_file() -> None:
    source = f"<record><metadata>{ARTICLE % ('<p>Text.</p>', '')}</metadata></record>"
    assert len(read_jats(source.encode(), "the file").elements) == 1


def test_entities_are_not_expanded() -> None:
    entities = '<!DOCTYPE article [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    source = entities + ARTICLE % ("<p>x &b; &c; y</p>", "")
    text = str(read_jats(source.encode(), "the file").elements)
    assert "aaaa" not in text
    assert "root:" not in text


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece", ["<p>", "<sec><title>x</title>", "<fig>", "<list><list-item>", "<sup>", "<boxed-text>"]
)
def test_nothing_hangs(piece: str) -> None:
    name = piece[1:].split(">")[0]
    closing = "</list-item></list>" if name == "list" else f"</{name}>"
    with suppress(PaperError):
        paper_of("<p>Text.</p>" + piece * 200 + closing * 200)
    with suppress(PaperError):
        paper_of("<p>Text.</p>" + (piece + closing) * 3_000)
