"""XML of publishers and of GROBID."""

from collections.abc import Iterator

from benchmarks.reading.kinds.case import Case
from benchmarks.reading.kinds.files import file_case


def cases() -> Iterator[Case]:
    """Every XML case."""
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
    yield file_case(
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
            "## [app:A] Proofs",
            "[b0] A. Potter. A work.",
        ),
        lacks=("Work done",),
    )
