"""Markdown by the converter that writes it, and by what converters get wrong."""

from collections.abc import Iterator

from benchmarks.reading.kinds.case import Case, file_case


def cases() -> Iterator[Case]:
    """Every Markdown case."""
    yield from _marker()
    yield from _marker_with_author_years()
    yield from _mineru()
    yield from _mineru_two_columns()
    yield from _nougat()
    yield from _docling_and_olmocr()
    yield from _parts()
    yield _pandoc()


def _marker() -> Iterator[Case]:
    yield file_case(
        "Markdown: converters",
        "marker.md",
        (
            "# A Kiln for Glazes: Firing with Few Samples",
            "We fire glazes",
            "## [1] Introduction",
            "Earlier kilns [1, 2] were slow (Hu et al., 2017). See Section 3.1, Table 1 and Eq. (1).[^1]",
            "- First point of it with stress.",
            "[^1]: The code is at https://example.org/kiln_code.",
            "### [2.1] Heat",
            r"[eq:1] $$ \nabla u = f(x) $$ (1)",
            "[eq:2] $$ v = g(2) $$ (2)",
            "[alg:1] Algorithm: Firing a kiln",
            "[fig:1] Figure: The kiln seen from above.",
            "[tab:1] Table: Loss of all glazes. | Glaze | Loss (train) |",
            "[tab:2] Table: Memory *of* kilns. | Kiln | MB |",
            "## [3] Conclusion",
            "## [app:A] Proofs",
            "### [app:A.1] Lemma",
            "## [app:B] Data",
            "[1] [1] A. Potter. Clay. arXiv:1234.5678, 2020.",
            "[2] [2] B. Clay. Long title that wraps. 2021.",
        ),
        lacks=("<span", "](#", "{1}---", "**"),
    )


def _marker_with_author_years() -> Iterator[Case]:
    yield file_case(
        "Markdown: converters",
        "marker_author_year.md",
        (
            "# KILNS AT NIGHT: A STUDY OF HEAT ## [abstract] Abstract We fire at night.",
            "## [1] INTRODUCTION",
            "Deep kilns (Potter & Clay, 2020; Ash et al., 2021) are hot. See Figure 2 and §3.2; code at "
            "https://github.com/kiln/kiln. We use Eq. 3 and Appendix A.2.",
            "- (i) Heat: we heat.",
            "[fig:2] Figure: (Left) a kiln. (Right) another (Ash et al., 2021).",
            "### [3.2] LOSS",
            r"[eq:3] $$ \mathcal{L} = \mathbb{E}_{x \sim p} \left[ \log p(x) \right], $$ (3)",
            "where x^2 is `x**2`.",
            "[tab:1] Table: Accuracy (%) on glazes. † from Ash et al. (2021). | | CIFAR 10 | 100 |",
            "| Ours | 95.1 ± 0.1 | 77.0 |",
            "[tab:2] Table: Sizes. | Kiln | Size |",
            "[alg:1] Algorithm: Heat",
            "## [app:A] APPENDIX ### [app:A.1] PROOF OF THEOREM 1",
            "[tab:7] Table: More. | a | b |",
            "[2] Cat Ash, Dan Dust, et al. Ash. In ICK, pp. 1–9, 2021.",
            "[3] Eve Ember. Ember. 2022.",
        ),
        lacks=("<span", "](", "<br>"),
    )


def _mineru() -> Iterator[Case]:
    yield file_case(
        "Markdown: converters",
        "mineru2.md",
        (
            "# KILNS FOR ALL ## [abstract] Abstract We fire for all.",
            "[tab:1] Table: First results. Best in bold. | Model | Score (↑) | |",
            "[tab:2] Table: Second results. | a | b |",
            "### [1.1] Related Work",
            "[fig:1] Figure: Two kilns. (a) one; (b) two.",
            "[alg:1] Algorithm: Fire ``` Input: x for i in 1..n # heat",
            "## [app:A] PROOFS ### [app:A.1] LEMMA 1",
            "## [app:B] ADDITIONAL RESULTS",
            "[3] 3. Ash, C. Ash. 2022.",
        ),
        lacks=("not a heading ##", "] not a heading"),
    )
    yield file_case(
        "Markdown: converters",
        "mineru.md",
        (
            "# Kilns at Scale: A Study ## [abstract] Abstract We fire. It works.",
            "[fig:1] Figure: The kiln. (a) left, (b) right.",
            "### [2.1] A Model of Heat",
            r"[eq:2] $$ T _ { t + 1 } = T _ { t } + \Delta $$ (2)",
            "[alg:1] Algorithm: Firing",
            "Then text.",
            "[tab:3] Table: Loss by glaze. Lower is better. | Glaze | Loss | |",
            "| Celadon | 0.1 | 0.2 |",
            "[tab:4] Table: Memory. | a | b |",
            "## [app:A] Proofs",
            "### [app:A.1] First",
            "[tab:5] Table: Settings. | lr | 0.1 | |---|---| | | 0.2 |",
            "[1] Ada Potter. Clay and fire. In Proc. of Kilns, 2020.",
            "[4] D. Dust. Dust, 2023.",
        ),
        lacks=("<table", "<html", "images/"),
    )


def _mineru_two_columns() -> Iterator[Case]:
    yield file_case(
        "Markdown: converters",
        "mineru_two_columns.md",
        (
            "## [abstract] Abstract We fire glazes in two columns.",
            "## [1] INTRODUCTION",
            "## [2] METHOD",
            "### [2.A] Heat",
            "#### [2.A.1] Fast Heat",
            "### [2.B] Cold",
            "[tab:1] Table: LOSS OF ALL GLAZES | Glaze | Loss |",
            "[fig:1] Figure: The kiln.",
            "## [5] CONCLUSION",
            "## [app:A] PROOFS",
            '[3] [3] C. Ash, "Ash," in Proc. Kilns, 2022.',
        ),
    )


def _nougat() -> Iterator[Case]:
    yield file_case(
        "Markdown: converters",
        "nougat.mmd",
        (
            "We fire $x$ glazes.",
            r"$\alpha$-glazes",
            "[^1]: The code is public.",
            r"[eq:1] $$ \mathcal{L}(\theta)=\sum_{i=1}^{n}\ell(x_{i}) $$ (1)",
            "[eq:2] $$ c =d $$ (2)",
            "[tab:1] Table: Loss of all glazes, see $x$. | | Loss | |",
            r"| Celadon | $0.1\pm 0.02$ | 0.2 |",
            "[alg:1] Algorithm: Firing",
            "## [app:A] Proofs",
            "## [app:B]",
            "[2] [2] B. Clay. Heat. 2021.",
            "[3] Dust et al. (2022) D. Dust. Dust. 2022.",
        ),
        lacks=("\\begin{", "MISSING_PAGE"),
        warns=("page 5",),
    )


def _docling_and_olmocr() -> Iterator[Case]:
    yield file_case(
        "Markdown: converters",
        "docling.md",
        (
            "# Kilns and their Glazes",
            "We fire & cool.",
            "Text with under_score < 5.",
            "[fig:1] Figure: A kiln.",
            "### [1.1] Heat",
            r"[eq:1] $$ L = \sum_{i} x_{i} $$ (1)",
            "[tab:1] Table: Loss. | Glaze | Loss | Loss |",
            "[fig:2] Figure: Another.",
            "## [app:A] Proofs",
            "[1] [1] A. Potter. Clay. 2020.",
        ),
        warns=("1 of 2 displayed equations are placeholders",),
    )
    yield file_case(
        "Markdown: converters",
        "olmocr.md",
        (
            "# A KILN FOR SMALL GLAZES ## [abstract] Abstract We fire glazes.",
            "## [1] INTRODUCTION",
            r"[eq:1] $$ \mathcal{L} = \sum_{i} x_i, $$ (1)",
            "where $x_i$ is clay.",
            "### [2.1] HEAT",
            "[eq:2] $$ a = b $$ (2)",
            "[fig:1] Figure: The kiln.",
            "[tab:1] Table: Loss by glaze. | Glaze | Loss | |",
            "## [3] CONCLUSION",
            "## [app:A] PROOFS",
            "### [app:A.1] MORE",
            "[2] [2] B. Clay. Heat. 2021.",
        ),
        lacks=("primary_language", "A drawing of a kiln"),
    )


def _parts() -> Iterator[Case]:
    yield file_case(
        "Markdown: headings",
        "bold_headings.md",
        (
            "# Kilns and Tables ## [abstract] Abstract We fire tables.",
            "## [1] Introduction",
            "[eq:1] $$ L = x^2 $$ (1)",
            "[fig:1] Figure: A kiln.",
            "[tab:1] Table: Results. | Method | Acc |",
            "### [1.1] Setup [1.1¶1] Data. We use clay.",
            "## [2] Method",
            "## [app:A] Proofs",
            "### [app:A.1] First",
            "## [app:B] Data",
            '[2] 2. B. Clay, "Heat," 2021.',
        ),
    )
    yield file_case(
        "Markdown: pseudocode",
        "pseudocode.md",
        (
            "[alg:1] Algorithm: Firing a kiln ``` # initialise the kiln theta = init()",
            "# finish return theta ``` [1¶1] Text after it.",
            "[alg:2] Algorithm: Cooling ``` # cool x = 1",
            "```\n# f: encoder networks",
            "## [2] Results",
            "Algorithm 1 shows that it works.",
            "## [3] Discussion [3¶1] We discuss it.",
        ),
        lacks=("] initialise", "] augment", "] update"),
    )
    yield file_case(
        "Markdown: captions",
        "captions.md",
        (
            "[tab:1] Table: Below the first. | a | b |",
            "[tab:2] Table: Below the second. | c | d |",
            "[tab:A.1] Table: Below the third | e | f |",
            "Table 2 shows that it works. Figure 1 shows it too.",
            "[fig:1] Figure: Centred.",
            "[tab:4] Table: Within. | g | m^2 |",
            "| 7 < 8 | $x_{1}$ |",
        ),
    )


def _pandoc() -> Case:
    return file_case(
        "Markdown: pandoc",
        "pandoc.md",
        (
            "# Kilns that Learn: A Study of Heat ## [abstract] Abstract We fire pots and measure how many crack.",
            "## [1] Why Kilns Crack [1¶1] Pots crack [@potter, p. 3] as @sec:why says.[^inline1]",
            "[^inline1]: The code is public.",
            "[eq:1] $$ h = c^2 $$",
            "[tab:1] Table: Cracks of all pots | Kiln | Cracks |",
            "[fig:1] Figure: The kiln",
            "Slow cooling helps.",
            "[tab:2] Table: Cracks by heat. | Kiln | Cracks | Heat |",
            "| wood | 3 | high | | gas | 1 | low |",
            "Potter, A. 2020. Clay. Journal of Kilns.",
            "Smith, B. 2021. Heat. Journal of Kilns.",
        ),
        lacks=("{#", ":::", "bibliography", "## [2]"),
    )
