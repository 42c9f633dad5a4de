"""XML of publishers and of GROBID."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.reading.kinds.case import Case, file_case

_NOTES = """<article><front><article-meta><title-group><article-title>Kilns that Learn</article-title>
<subtitle>A Study</subtitle></title-group></article-meta></front><body><sec><title>Heat</title>
<p>It rises<fn id="n1"><p>Slowly.</p></fn> and falls<fn><label>2</label><p>Fast.</p></fn>.</p>
<table-wrap><label>Table 1</label><caption><p>Loss.</p></caption><table><tr><td>a</td></tr></table>
<table-wrap-foot><fn><p>In percent.</p></fn></table-wrap-foot></table-wrap>
<boxed-text><caption><title>A box</title></caption><p>Boxed.</p></boxed-text></sec></body></article>"""


def _notes(folder: Path) -> Path:
    path = folder / "notes.xml"
    path.write_text(_NOTES, encoding="utf-8")
    return path


def cases() -> Iterator[Case]:
    """Every XML case."""
    yield from _jats()
    yield _tei()


def _jats() -> Iterator[Case]:
    yield file_case(
        "XML: JATS",
        "publisher.xml",
        (
            "# Kilns that Learn ## [abstract] Abstract Background: Kilns are hot. Results: We fire 10^3 glazes.",
            "## [1] Introduction",
            "Earlier kilns[1,2] were slow (Potter, 2020), see Fig. 1.[^a]",
            "[^a]: The code is public. [fig:1] Figure: A kiln.",
            "Heat $x_{t}$ is",
            r"[eq:1] $$ a = \beta $$ (1)",
            "where α is hot.",
            "## [2] Method ### [2.1] Heat",
            r"[eq:2] $$ \frac{p}{q} $$ (2)",
            "- Two",
            "[tab:1] Table: Loss of glazes. Lower is better. | Glaze | Loss | |",
            "Theorem 1 Heat. It rises.",
            "[alg:1] Algorithm: Firing ``` for t do heat end ```",
            "Thanks.",
            "## [app:A] Proofs ### [app:A.1] Lemma",
            "[r1] [1] Potter A. Clay. J. Kilns 2020.",
            "[r2] [2] B Clay. Heat. 2021",
        ),
        lacks=("A picture.", "usepackage"),
    )
    yield Case(
        "XML: JATS",
        "notes",
        _notes,
        (
            "# Kilns that Learn: A Study",
            "It rises[^n1] and falls[^2]. [1¶2] [^n1]: Slowly. [1¶3] [^2]: Fast.",
            "| a | |---| [1¶4] In percent. [1¶5] A box [1¶6] Boxed.",
        ),
        lacks=("[^]",),
    )


def _tei() -> Case:
    return file_case(
        "XML: TEI",
        "grobid.xml",
        (
            "# Kilns that Learn ## [abstract] Abstract We fire.",
            "## [1] INTRODUCTION [1¶1] Kilns [1] are hot.",
            "## [2] METHOD",
            "[eq:1] $$ a = b $$ (1)",
            "### [2.A] Heat",
            "[^2]: The code is public.",
            "[alg:1] Algorithm: ``` 1: fire 2: cool",
            "[tab:1] Table: Loss. | Glaze | Loss |",
            "In percent of all glazes.",
            "## [app:A] Proofs",
            "[b0] A. Potter. A work.",
        ),
        lacks=("Work done",),
    )
