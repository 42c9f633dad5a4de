# ruff: noqa: E501  (pages as they are served)
from contextlib import suppress

import pytest

from papercoder.artifacts import Paper
from papercoder.errors import PaperError
from papercoder.paper.draft import assemble
from papercoder.paper.html import read_html

LATEXML = r"""<!DOCTYPE html><html><head><title>[1] T</title></head><body>
<nav class="ltx_TOC">Contents</nav>
<article class="ltx_document"><h1 class="ltx_title ltx_title_document">The Title</h1>
<div class="ltx_authors">A. Author</div>
<div class="ltx_abstract"><h6 class="ltx_title ltx_title_abstract">Abstract</h6><p class="ltx_p">Short.</p></div>
<section id="S1" class="ltx_section"><h2 class="ltx_title ltx_title_section"><span class="ltx_tag">1 </span>Intro</h2>
<div class="ltx_para"><p class="ltx_p">With <math class="ltx_Math" alttext="x\leq 1" display="inline"><semantics><mi>x</mi>
<annotation encoding="application/x-tex">x\leq 1</annotation></semantics></math> and
<cite class="ltx_cite">(<a class="ltx_ref">A, 2020</a>)</cite>.<span id="footnote1" class="ltx_note ltx_role_footnote"><sup
class="ltx_note_mark">1</sup><span class="ltx_note_outer"><span class="ltx_note_content"><sup class="ltx_note_mark">1</sup>
<span class="ltx_tag ltx_tag_note">1</span>A note.</span></span></span></p>
<table class="ltx_equation ltx_eqn_table"><tbody><tr class="ltx_equation ltx_eqn_row"><td class="ltx_eqn_cell">
<math alttext="\displaystyle a=b" display="block"><mi>a</mi></math></td>
<td class="ltx_eqn_cell ltx_eqn_eqno"><span class="ltx_tag ltx_tag_equation">(1)</span></td></tr></tbody></table>
<table class="ltx_equationgroup ltx_eqn_table">
<tbody><tr class="ltx_equation"><td><math alttext="c" display="inline"></math></td><td><math alttext="=d" display="inline"></math>
</td><td><span class="ltx_tag ltx_tag_equation">(2)</span></td></tr></tbody>
<tbody><tr class="ltx_equation"><td><math alttext="e"></math></td><td><span class="ltx_tag ltx_tag_equation">(3)</span>
</td></tr></tbody></table></div>
<section class="ltx_subsection"><h3 class="ltx_title ltx_title_subsection"><span class="ltx_tag">1.1 </span>Sub</h3>
<section class="ltx_paragraph"><h4 class="ltx_title ltx_title_paragraph">Run in</h4><div class="ltx_para">
<p class="ltx_p">Text.</p></div></section>
<ul class="ltx_itemize"><li class="ltx_item"><span class="ltx_tag ltx_tag_item">•</span><div class="ltx_para"><p>One</p></div></li>
</ul>
<figure class="ltx_table"><figcaption class="ltx_caption"><span class="ltx_tag ltx_tag_table">Table 1: </span>Scores</figcaption>
<table class="ltx_tabular"><tr class="ltx_tr"><th class="ltx_td" rowspan="2">Model</th><td class="ltx_td" colspan="2">BLEU</td></tr>
<tr class="ltx_tr"><td class="ltx_td">DE</td><td class="ltx_td"><math alttext="\alpha"></math></td></tr></table></figure>
<figure class="ltx_float ltx_float_algorithm"><figcaption class="ltx_caption"><span class="ltx_tag">Algorithm 1</span> Train
</figcaption><div class="ltx_listing"><div class="ltx_listingline">for x do</div><div class="ltx_listingline">y</div></div></figure>
<figure class="ltx_figure"><img src="a.png"><figcaption class="ltx_caption"><span class="ltx_tag">Figure 1: </span>A picture.
</figcaption></figure></section></section>
<section class="ltx_bibliography"><h2 class="ltx_title ltx_title_bibliography">References</h2><ul class="ltx_biblist">
<li id="bib.bib1" class="ltx_bibitem"><span class="ltx_tag">[1]</span><span class="ltx_bibblock">A. Author. 2020.</span></li>
</ul></section>
<section class="ltx_appendix"><h2 class="ltx_title ltx_title_appendix"><span class="ltx_tag">Appendix A </span>More</h2>
<p class="ltx_p">Later.</p></section>
</article></body></html>"""


def paper_of(page: str) -> Paper:
    return assemble(read_html(page.encode(), "the page"), "html")


def test_latexml() -> None:
    paper = paper_of(LATEXML)
    assert (paper.title, paper.abstract) == ("The Title", "Short.")
    assert [(s.anchor, s.title) for s in paper.sections] == [("1", "Intro"), ("1.1", "Sub"), ("app:A", "More")]
    assert [(e.anchor, e.text) for e in paper.equations] == [
        ("eq:1", r"\displaystyle a=b"),
        ("eq:2", "c =d"),
        ("eq:3", "e"),
    ]
    texts = [block.text for block in paper.blocks() if block.kind == "paragraph"]
    assert texts == [r"With $x\leq 1$ and (A, 2020).[^1]", "[^1]: A note.", "Run in. Text.", "- One", "Later."]


def test_floats_of_latexml() -> None:
    paper = paper_of(LATEXML)
    (table,), (algorithm,), (figure,) = paper.tables, paper.algorithms, paper.figures
    assert (table.anchor, table.caption, table.rows) == (
        "tab:1",
        "Scores",
        (("Model", "BLEU", ""), ("", "DE", r"$\alpha$")),
    )
    assert (algorithm.anchor, algorithm.caption, algorithm.text) == ("alg:1", "Train", "for x do\ny")
    assert (figure.anchor, figure.caption) == ("fig:1", "A picture.")
    assert [(r.key, r.text) for r in paper.references] == [("bib.bib1", "[1] A. Author. 2020.")]


def test_any_page() -> None:
    paper = paper_of("""<html><body><div id="nav"><script>x</script></div><h1>T</h1><h2>Abstract</h2><p>Short.</p>
    <h2>1. Intro</h2><div>Loose <b>text</b><p>A <i>paragraph</i>.</p></div><h3>1.1 Sub</h3><pre>code
    here</pre><table><caption>Table 2: C</caption><tr><td>a</td></tr></table>
    <h2>References</h2><ol><li>One.</li><li>Two.</li></ol></body></html>""")
    assert (paper.title, paper.abstract) == ("T", "Short.")
    assert [(s.anchor, s.level) for s in paper.sections] == [("1", 1), ("1.1", 2)]
    assert [block.text for block in paper.sections[0].blocks if block.kind == "paragraph"] == [
        "Loose text",
        "A paragraph.",
    ]
    assert [table.anchor for table in paper.tables] == ["tab:2"]
    assert [reference.text for reference in paper.references] == ["One.", "Two."]


def test_a_page_without_text() -> None:
    with pytest.raises(PaperError, match="without a paper's text"):
        paper_of("<html><body><img></body></html>")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["<div>", "<p><span>", "<table><tr><td>", "<figure>", "<li>x", "<b", "&amp;&#0;"])
def test_nothing_hangs(piece: str) -> None:
    page = "<html><body><p>Text.</p>" + piece * 5_000
    with suppress(PaperError):
        paper_of(page)
