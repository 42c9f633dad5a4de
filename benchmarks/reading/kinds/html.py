"""HTML by the program that makes it, and by the form of its formulas."""

from collections.abc import Iterator

from benchmarks.reading.kinds.case import Case, file_case


def cases() -> Iterator[Case]:
    """Every HTML case."""
    yield file_case(
        "HTML: LaTeXML",
        "latexml.html",
        (
            "# Kilns that Learn ## [abstract] Abstract We fire.",
            "## [1] Introduction [1¶1] Kilns are hot.[^1]",
            "## [2] Method ### [2.A] Heat",
            "Heat is $x_{t}$.",
            r"[eq:1] $$ a = \beta $$ (1)",
            "[eq:2] $$ c $$ (2)",
            "## [app:A] Proofs",
            "[bib.bib1] [1] A. Potter. 2020.",
        ),
        lacks=("Work done", "Contents", "Alert", "lucky"),
    )
    yield file_case(
        "HTML: formulas",
        "mathjax.html",
        (
            "# Kilns with Scripts ## [abstract] Abstract We fire.",
            "Inline $x_{1} < 2$ here, and $z^{2}$.",
            "[eq:1] $$ a = b $$ (1)",
            "[eq:2] $$ c=d $$ (2)",
            "Raw $y$ and [eq:3] $$ e = f $$ (3)",
            "[eq:4] $$ g = h $$ (4)",
            "$p$ and [eq:u1] $$ q = r $$",
            "$k_{0}$ and",
            r"$$ \frac{m}{n} $$",
        ),
        lacks=("drawn", "preview"),
    )
