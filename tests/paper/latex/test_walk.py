import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.errors import PaperError
from papercoder.paper.draft import Display, Grid, Heading, Listing, Picture
from tests.paper.latex.source import draft_of, paper_of, texts


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"A~\emph{b} ``c'' 1--2 \& 5\%", 'A b "c" 1–2 & 5%'),
        (r"M{\`a}rquez, Cede{\~n}o, B\"uhler, \v{S}im\'{\i}k", "Màrquez, Cedeño, Bühler, Šimík"),
        (r"See \citep[e.g.,][p.~2]{one,two} and \citet{three}.", "See [e.g., one, two, p. 2] and [three]."),
        (r"\textcolor{red}{kept} \vspace{2em}and \hspace*{1cm}this", "kept and this"),
        (r"Code at \url{https://x.y/a_b%20} or \href{https://z}{here}.", "Code at https://x.y/a_b%20 or here."),
        (r"Inline $x \leq \frac{1}{2}$ stays", r"Inline $x \leq \frac{1}{2}$ stays"),
        (r"\newcommand{\m}{FOA\xspace}\m is \m, \m{}(ours)", "FOA is FOA, FOA (ours)"),
        (r"21\penalty0 (5)", "21 (5)"),
        (r"\SI{5}{\milli\second}, \qty{2}{GB}, \num{1e3}", "5 ms, 2 GB, 1 × 10^3"),
        (r"a\todo[inline]{no} \begin{}b\end{} c", "a b c"),
    ],
)
def test_text_as_it_would_be_read(source: str, expected: str) -> None:
    assert texts(source) == [expected]


def test_footnotes_follow_their_paragraph_once() -> None:
    assert texts(r"A \textbf{b\footnote{Why.}} c.") == ["A b[^1] c.", "[^1]: Why."]


def test_lists_give_their_items_one_by_one() -> None:
    source = r"\begin{enumerate}\item a\item b\begin{itemize}\item[x] c\end{itemize}\end{enumerate}"
    assert texts(source) == ["1. a", "2. b", "- x c"]


def test_numbers_of_headings() -> None:
    source = r"""
    \section{One}\subsection{Sub}\subsection{Sub}\section*{Thanks}\section{Two}\paragraph{Run in} text
    \appendix\section{More}\subsection{Yet}"""
    headings = [(h.number, h.level, h.appendix) for h in draft_of(source).elements if isinstance(h, Heading)]
    assert headings == [
        ("1", 1, False),
        ("1.1", 2, False),
        ("1.2", 2, False),
        ("", 1, False),
        ("2", 1, False),
        ("A", 1, True),
        ("A.1", 2, True),
    ]
    assert texts(source) == ["Run in. text"]


def test_references_become_numbers() -> None:
    source = r"""
    \section{A}\label{sec:a} See \ref{eq:b}, \eqref{eq:b}, Section~\ref{sec:a}, \cref{tab:c}, \ref{gone}.
    \begin{equation}\label{eq:b} x \end{equation}
    \begin{table}\caption{C}\label{tab:c}\begin{tabular}{l}1\end{tabular}\end{table}"""
    draft = draft_of(source)
    assert texts(source) == ["See 1, (1), Section 1, Table 1, [gone]."]
    assert [loss.kind for loss in draft.losses] == ["unresolved_reference"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\begin{equation} a = b \label{x}\end{equation}", [("a = b", "1")]),
        (r"\begin{equation*} a \end{equation*} \[ b \] $$ c $$", [("a", ""), ("b", ""), ("c", "")]),
        (r"\begin{align} a &= b \\ c &= d \end{align}", [("a = b", "1"), ("c = d", "2")]),
        (
            r"\begin{align} a &= b \notag \\ &+ c \end{align}",
            [(r"\begin{aligned} a &= b \\ &+ c \end{aligned}", "1")],
        ),
        (r"\begin{gather} a \tag{$*$} \\ b \end{gather}", [("a", "*"), ("b", "1")]),
        (
            r"\begin{multline} a \\ b \end{multline}\begin{equation}c\end{equation}",
            [(r"\begin{gathered} a \\ b \end{gathered}", "1"), ("c", "2")],
        ),
        (
            r"\begin{align} \begin{cases} a & b \\ c & d \end{cases} \end{align}",
            [(r"\begin{cases} a & b \\ c & d \end{cases}", "1")],
        ),
        (
            r"\begin{subequations}\begin{align}a \\ b\end{align}\end{subequations}\begin{equation}c\end{equation}",
            [("a", "1a"), ("b", "1b"), ("c", "2")],
        ),
        (
            r"\numberwithin{equation}{section}\section{S}\begin{equation}a\end{equation}",
            [("a", "1.1")],
        ),
        (
            r"\renewcommand{\theequation}{S\arabic{equation}}\begin{equation}a\end{equation}",
            [("a", "S1")],
        ),
    ],
)
def test_equations_are_numbered_as_printed(source: str, expected: list[tuple[str, str]]) -> None:
    displays = [each for each in draft_of(source).elements if isinstance(each, Display)]
    assert [(each.text, each.number) for each in displays] == expected


TABLE = r"""
\begin{table*}[t]\centering\caption{Scores \textbf{here}.}\label{t}
\resizebox{\linewidth}{!}{%
\begin{tabular}{@{}l|cc>{\columncolor{gray!8}}c@{}}
\toprule
\multirow{2}{*}{Model} & \multicolumn{2}{c}{BLEU} & Cost \\ \cmidrule(lr){2-3}
 & DE & FR & \\ \midrule
\rowcolor{gray} ours (\textit{big}) & \textbf{28.4} & 41.8 & \makecell{$10^{19}$ \\ flops} \\ \bottomrule
\end{tabular}}
\end{table*}"""


def test_a_table_within_a_box() -> None:
    (table,) = [each for each in draft_of(TABLE).elements if isinstance(each, Grid)]
    assert (table.caption, table.number) == ("Scores here.", "1")
    assert table.rows == (
        ("Model", "BLEU", "", "Cost"),
        ("", "DE", "FR", ""),
        ("ours (big)", "28.4", "41.8", "$10^{19}$ flops"),
    )


def test_a_float_with_two_tables_and_one_caption() -> None:
    one = r"\begin{tabular}{l}1\end{tabular}"
    tables = paper_of(
        rf"\begin{{table}}{one}{one}\caption{{C}}\end{{table}}\begin{{table}}\caption{{D}}{one}\end{{table}}"
    )
    assert [table.anchor for table in tables.tables] == ["tab:1", "tab:1b", "tab:2"]


def test_tabularx_and_longtable_and_a_bare_tabular() -> None:
    source = r"""\begin{tabularx}{\linewidth}{XX}a & b\end{tabularx}
    \begin{longtable}{ll}\caption{Long}\\ c & d \\\endhead e & f\end{longtable}"""
    tables = [each for each in draft_of(source).elements if isinstance(each, Grid)]
    assert [(t.caption, t.number, t.rows) for t in tables] == [
        ("", "", (("a", "b"),)),
        ("Long", "1", (("c", "d"), ("e", "f"))),
    ]


def test_figures_keep_captions_and_printed_prompts() -> None:
    source = r"""
    \begin{figure}\begin{subfigure}{.5\textwidth}\includegraphics{a}\caption{Left}\end{subfigure}
    \caption{Both}\end{figure}
    \begin{figure}\fbox{\parbox{5cm}{You are a careful judge of answers; reply with a score from one to five.}}
    \caption{The prompt}\end{figure}"""
    draft = draft_of(source)
    pictures = [each for each in draft.elements if isinstance(each, Picture)]
    assert [(p.caption, p.number) for p in pictures] == [("Both (a) Left", "1"), ("The prompt", "2")]
    assert [picture.graphics for picture in pictures] == [("a",), ()]
    assert "careful judge" in texts(source)[0]


ALGORITHMIC = r"""
\renewcommand{\algorithmicrequire}{\textbf{Input:}}
\begin{algorithm}\caption{Train}\label{alg}
\begin{algorithmic}[1]
\Require data $D$
\For{$t = 1, \dots, T$}
  \State $x \gets 0$ \Comment{start}
  \If{$x > 1$} \State a \Else \State \Return $x$ \EndIf
\EndFor
\end{algorithmic}\end{algorithm}"""

ALGORITHM2E = r"""
\begin{algorithm}[H]\SetAlgoLined\KwIn{data $D$}\KwOut{$x$}
\For{$t = 1$ \KwTo $T$}{ $x \leftarrow 0$\; \eIf{$x > 1$}{ a\; }{ b \tcp*{why} } }
\caption{Train}\end{algorithm}"""


def test_algorithmic_keeps_its_lines() -> None:
    (listing,) = [each for each in draft_of(ALGORITHMIC).elements if isinstance(each, Listing)]
    assert (listing.caption, listing.number) == ("Train", "1")
    assert listing.text.splitlines() == [
        "Input: data $D$",
        r"for $t = 1, \dots, T$ do",
        r"  $x \gets 0$ // start",
        "  if $x > 1$ then",
        "    a",
        "  else",
        "    return $x$",
        "  end if",
        "end for",
    ]


def test_algorithm2e_keeps_its_lines() -> None:
    (listing,) = [each for each in draft_of(ALGORITHM2E).elements if isinstance(each, Listing)]
    assert (listing.caption, listing.number) == ("Train", "1")
    assert listing.text.splitlines() == [
        "Input: data $D$",
        "Output: $x$",
        "for $t = 1$ to $T$ do",
        r"  $x \leftarrow 0$",
        "  if $x > 1$ then",
        "    a",
        "  else",
        "    b // why",
    ]


def test_code_listings() -> None:
    source = "\\begin{lstlisting}[language=Python, caption={Code}]\nfor x in y:\n    print(x % 2)\n\\end{lstlisting}"
    (listing,) = [each for each in draft_of(source).elements if isinstance(each, Listing)]
    assert (listing.caption, listing.text) == ("Code", "for x in y:\n    print(x % 2)")


def test_lines_with_tab_stops() -> None:
    source = r"""\begin{tabbing} xx \= xx \= \kill
    \textbf{while} $x \> 1$ do \\ \> step \+ \\ inner \' $y$ \- \\ done \` (3) \\ \end{tabbing}
    \begin{algorithm}\caption{A}\begin{tabbing}for \= all \\ \> \> next\end{tabbing}\end{algorithm} Caf\'e."""
    listings = [each for each in draft_of(source).elements if isinstance(each, Listing)]
    assert [(each.caption, each.text) for each in listings] == [
        ("", "while $x \\> 1$ do\n  step\n  inner $y$\ndone (3)"),
        ("A", "for all\n    next"),
    ]
    assert texts(source) == ["Café."]


def test_title_and_abstract_and_theorems() -> None:
    source = r"""\documentclass{article}\newtheorem{thm}{Theorem}\title{A \\ Title\thanks{us}}
    \begin{document}\maketitle\begin{abstract}Short.\end{abstract}
    \begin{thm}[Main]\label{t} It holds.\end{thm} By Theorem~\ref{t}.\end{document} after"""
    draft = draft_of(source)
    assert (draft.title, draft.abstract) == ("A Title", "Short.")
    assert texts(source) == ["Theorem 1 (Main). It holds.", "By Theorem 1."]


def test_a_file_without_a_preamble() -> None:
    paper = paper_of("\\title{T}\n\\section{S}\nText.\n\\end{document}")
    assert (paper.title, [section.title for section in paper.sections]) == ("T", ["S"])


def test_what_stands_still_with_a_caption() -> None:
    source = r"\begin{minipage}{5cm}\captionof{table}{C}\begin{tabular}{l}1\end{tabular}\end{minipage}"
    (table,) = [each for each in draft_of(source).elements if isinstance(each, Grid)]
    assert (table.caption, table.number) == ("C", "1")


def test_a_figure_with_a_tabular_is_a_figure_still() -> None:
    paper = paper_of(r"\begin{figure}\begin{tabular}{l}1\end{tabular}\caption{C}\end{figure}")
    assert [block.anchor for block in paper.blocks()] == ["fig:1", "tab:1"]


def test_restated_theorems() -> None:
    source = r"\newtheorem{thm}{Theorem}\begin{restatable}[Main]{thm}{name} It holds.\end{restatable}"
    assert texts(source) == ["Theorem 1. It holds."]


def test_no_text_is_an_error() -> None:
    with pytest.raises(PaperError, match="no text"):
        draft_of(r"\documentclass{article}\begin{document}\end{document}")


STARTS = frozenset(
    r"""
    { } $ ${ \\[ \section{ \section[ \begin{a} \begin{equation} \footnote{ \item[ \begin{tabular}{l} \For{x}{ \label{
    \begin{align}\label{ \textbf{\footnote{ \'
    """.split()
)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("piece", sorted(STARTS))
def test_nothing_hangs(piece: str) -> None:
    draft_of("Some text. " + piece * 5_000)


PIECES = frozenset(
    r"""
    \section{ \begin{align} \end{align} \begin{tabular}{l} \end{tabular} { } $ $$ & \\ [ ] x \item \caption{c}
    \begin{figure} \end{figure} \label{l} \ref{l} \appendix \cite{k} \begin{algorithm} \end{algorithm} \For{a}{b}
    """.split()
)


@given(st.lists(st.sampled_from(sorted(PIECES)), max_size=30))
def test_any_mixture_reads(pieces: list[str]) -> None:
    draft_of("Some text. " + " ".join(pieces))
