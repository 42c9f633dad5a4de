"""LaTeX by kind: included files, units, conditionals, definitions, struck text, numbering, tables, front matter."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.reading.kinds.case import Case

_START = r"""\documentclass{article}
%s
\begin{document}
\title{A Small Paper}\maketitle
\begin{abstract}An abstract.\end{abstract}
\section{Body}
"""


def latex_case(
    kind: str,
    name: str,
    body: str,
    holds: tuple[str, ...],
    *,
    preamble: str = "",
    files: dict[str, str] | None = None,
    lacks: tuple[str, ...] = (),
    warns: tuple[str, ...] = (),
) -> Case:
    """A case whose input is `main.tex`, with a body after a title, an abstract and a heading, and files beside it."""

    def make(folder: Path) -> Path:
        main = body if "\\documentclass" in body else _START % preamble + body + "\n\\end{document}\n"
        for path, text in {"main.tex": main, **(files or {})}.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return folder / "main.tex"

    return Case(f"LaTeX: {kind}", name, make, holds, lacks, warns)


def cases() -> Iterator[Case]:
    """Every LaTeX case."""
    for kind in (_files, _units, _conditionals, _definitions, _changes, _numbering, _labels, _tables, _front_matter):
        yield from kind()


def _files() -> Iterator[Case]:
    chapter = r"\documentclass[../main]{subfiles}\begin{document}\section{%s} Text of %s.\end{document} trailing"
    yield latex_case(
        "files",
        "subfiles",
        r"\subfile{parts/one}\subfile{parts/two}\section{Last} End.",
        ("## [2] First", "## [3] Second", "## [4] Last"),
        files={"parts/one.tex": chapter % ("First", "one"), "parts/two.tex": chapter % ("Second", "two")},
        lacks=("trailing",),
    )
    yield latex_case(
        "files",
        "ways to include",
        r"""\import{sub/}{a.tex}\subimport{sub/deep/}{c}\input sub/plain
        \input{"sub/quoted name"}\include{./sub/inc}\InputIfFileExists{sub/opt}{}{no}
        \IfFileExists{sub/gone.tex}{yes}{Not there.}""",
        ("From a. From b.", "From c.", "From plain.", "From quoted.", "From inc.", "From opt.", "Not there."),
        files={
            "sub/a.tex": r"From a. \input{deep/b}",
            "sub/deep/b.tex": "From b.",
            "sub/deep/c.tex": "From c.",
            "sub/plain.tex": "From plain.",
            "sub/quoted name.tex": "From quoted.",
            "sub/inc.tex": "From inc.",
            "sub/opt.tex": "From opt.",
        },
        lacks=("sub/",),
    )
    yield latex_case("files", "a missing file", r"Text. \input{gone}", ("Text.",), warns=("gone",))
    yield latex_case(
        "files",
        "a secret beside the paper",
        r"Text. \input{.ssh/key}\lstinputlisting{notes.txt}",
        ("Text.",),
        files={".ssh/key.tex": "SECRET", "notes.txt": "SECRET"},
        lacks=("SECRET",),
        warns=(".ssh/key", "notes.txt"),
    )


def _units() -> Iterator[Case]:
    random = Random(12)
    for place in range(10):
        value, spread, exponent = (
            f"{random.uniform(0, 99):.{place % 4}f}",
            random.randint(1, 9),
            random.randint(-9, 9) or 3,
        )
        yield latex_case(
            "units",
            f"number {place}",
            rf"N \num{{{value} \pm {spread}}}; \num{{{value}({spread})}}; \SI{{{value}e{exponent}}}{{\milli\second}}; "
            rf"\numrange{{{spread}}}{{{value}}}; $\num{{{value}e{exponent}}}$.",
            (
                f"N {value} ± {spread}; {value}({spread}); {value} × 10^{exponent} ms; {spread} to {value}; "
                rf"${value} \times 10^{{{exponent}}}$.",
            ),
        )
    for source, printed in (
        (r"\SIrange{1}{5}{\milli\second}", "1 to 5 ms"),
        (r"\qtylist{1;2;3}{\metre}", "1, 2 and 3 m"),
        (r"\ang{45}", "45°"),
        (r"\si{\micro m}", "µm"),
        (r"\unit{\kilo\gram\per\metre\cubed}", "kg m^-3"),
        (r"\unit[per-mode=symbol]{\metre\per\second}", "m/s"),
        (r"\DeclareSIUnit\flop{FLOP}\qty{3}{\tera\flop}", "3 TFLOP"),
        (r"\num[separate-uncertainty]{1.23(4)}", "1.23 ± 0.04"),
        (r"\num[round-mode=places,round-precision=2]{1.005}", "1.01"),
    ):
        yield latex_case("units", source, f"Here {source} stands.", (f"Here {printed} stands.",))
    table = r"""\begin{table}\caption{T}\begin{tabular}{lS[table-format=1.2]S}\toprule {A} & {B} & {C} \\
        x & 1.23(4) & 0.5 \pm 0.1 \\ y & 1e-3 & {--} \\ \end{tabular}\end{table}"""
    yield latex_case("units", "columns of numbers", table, ("| x | 1.23(4) | 0.5 ± 0.1 |", "| y | 1 × 10^-3 | – |"))


def _conditionals() -> Iterator[Case]:
    preamble = r"""\newif\iflong\longtrue\newtoggle{draft}\newbool{done}\booltrue{done}\def\empt{}\newcount\n\n=3
        \newcommand{\pick}[1]{\ifthenelse{\equal{#1}{}}{none}{#1}}"""
    for source, printed in (
        (r"\ifx\foo\baz same\else different\fi", "same"),
        (r"\ifx\emph\textbf same\else different\fi", "different"),
        (r"\iflong LONG\else SHORT\fi", "LONG"),
        (r"\ifdefined\foo DEF\else UNDEF\fi", "UNDEF"),
        (r"\ifnum 1>2 A\else B\fi", "B"),
        (r"\ifcase\n a\or b\or c\or d\else e\fi", "d"),
        (r"\ifodd\n odd\else even\fi", "odd"),
        (r"\ifdim 2cm>1in A\else B\fi", "B"),
        (r"\iffalse\iftrue HIDDEN\fi\else shown\fi", "shown"),
        (r"$\ifmmode m\else t\fi$", "$m$"),
        (r"\iftoggle{draft}{DRAFT}{FINAL}", "FINAL"),
        (r"\ifbool{done}{YES}{NO}", "YES"),
        (r"\ifdefempty{\empt}{EMPTY}{FULL}", "EMPTY"),
        (r"\ifstrequal{a}{b}{EQ}{NEQ}", "NEQ"),
        (r"\ifnumcomp{3}{>}{2}{MORE}{LESS}", "MORE"),
        (r"\pick{} \pick{x}", "none x"),
    ):
        yield latex_case("conditionals", source, f"Here {source}.", (f"Here {printed}.",), preamble=preamble)


def _definitions() -> Iterator[Case]:
    preamble = r"""\NewDocumentCommand{\vect}{m O{x}}{\mathbf{#1}_{#2}}
        \NewDocumentCommand{\state}{m E{^_}{{t}{i}}}{\mathbf{#1}^{#2}_{#3}}
        \NewDocumentCommand\loss{s m}{\IfBooleanTF{#1}{\mathcal{L}^*_{#2}}{\mathcal{L}_{#2}}}
        \newcommandx{\norm}[2][2=2]{\lVert #1 \rVert_{#2}}\DeclarePairedDelimiter{\abs}{\lvert}{\rvert}
        \def\01{\{0,1\}}\def\sfx#1.#2{#1-#2}\let\eps\varepsilon
        \newcommand{\ours}{\texorpdfstring{\textsc{Ours}}{ours}\xspace}\newcommand{\method}[1][Ours]{\textsc{#1}\xspace}"""
    for source, printed in (
        (r"$\vect{a}$, $\vect{b}[y]$", r"$\mathbf{a}_{x}$, $\mathbf{b}_{y}$"),
        (r"$\state{h}$, $\state{h}_{j}^2$", r"$\mathbf{h}^{t}_{i}$, $\mathbf{h}^{2}_{j}$"),
        (r"$\loss{a}$, $\loss*{a}$", r"$\mathcal{L}_{a}$, $\mathcal{L}^*_{a}$"),
        (r"$\norm{x}$, $\norm{x}[1]$", r"$\lVert x \rVert_{2}$, $\lVert x \rVert_{1}$"),
        (r"$\abs{x}$", r"$\lvert x \rvert$"),
        (r"$x \in \01^n$", r"$x \in \{0,1\}^n$"),
        (r"\sfx 1.2", "1-2"),
        (r"\method, \method[Theirs], and \ours works", "Ours, Theirs, and Ours works"),
        (r"$\eps$", r"$\varepsilon$"),
    ):
        yield latex_case("definitions", source, f"Here {source}.", (f"Here {printed}.",), preamble=preamble)
    yield latex_case(
        "definitions",
        "an unknown command",
        r"Text \fromastyle[width=3cm]{10}{20} stays.",
        ("Text 10 20 stays.",),
        warns=("\\fromastyle",),
    )


def _changes() -> Iterator[Case]:
    preamble = r"\providecommand{\DIFdel}[1]{{\color{red}#1}}\providecommand{\DIFadd}[1]{#1}"
    for name, source, kept in (
        ("latexdiff", r"\DIFdelbegin \DIFdel{0.1 }\DIFdelend \DIFaddbegin \DIFadd{0.01 }\DIFaddend", "0.01"),
        ("ulem", r"\sout{0.1} 0.01", "0.01"),
        ("soul", r"\st{0.1} 0.01", "0.01"),
        ("changes", r"\replaced[id=a]{0.01}{0.1}", "0.01"),
    ):
        yield latex_case(
            "struck text", name, f"Rate {source} here.", (f"Rate {kept} here.",), preamble=preamble, warns=("0.1",)
        )


def _numbering() -> Iterator[Case]:
    report = r"""\documentclass{report}\begin{document}\title{T}\maketitle\begin{abstract}A.\end{abstract}
        \chapter{One}\label{c1} See Appendix~\ref{ca}, Section~\ref{sa}, Table~\ref{t1}, Equation~\ref{e1}.
        \begin{table}\caption{Cap}\label{t1}\begin{tabular}{l}a\end{tabular}\end{table}
        \appendix\chapter{First}\label{ca} Text.\section{Sub}\label{sa} \begin{equation}\label{e1} a=b\end{equation}
        \chapter{Second} Text.\end{document}"""
    yield latex_case(
        "numbering",
        "a report with appendices",
        report,
        (
            "See Appendix A, Section A.1, Table 1.1, Equation A.1.",
            "## [app:A] First",
            "### [app:A.1] Sub",
            "## [app:B] Second",
            "[tab:1.1]",
            "[eq:A.1]",
        ),
    )
    roman = r"""\begin{document}\title{T}\maketitle\begin{abstract}A.\end{abstract}\section{One}\section{Two}\label{a}
        \subsection{Part}\label{b} See Section~\ref{a} and Section~\ref{b}.\end{document}"""
    for document_class, number, printed in (("IEEEtran", "II-A", "II-A"), ("revtex4-2", "II.A", "II A")):
        yield latex_case(
            "numbering",
            f"Roman sections of {document_class}",
            rf"\documentclass{{{document_class}}}{roman}",
            ("## [II] Two", f"### [{number}] Part", f"See Section II and Section {printed}."),
        )
    yield latex_case(
        "numbering",
        "theorems with a shared counter",
        r"""\begin{thm}\label{a}X\end{thm}\begin{lem}[Name]\label{b}Y\end{lem} \cref{a,b}.""",
        ("Theorem 1.1. X", "Lemma 1.2 (Name). Y", "Theorem 1.1 and Lemma 1.2."),
        preamble=r"\newtheorem{thm}{Theorem}[section]\newtheorem{lem}[thm]{Lemma}",
    )
    yield latex_case(
        "definitions",
        "acronyms",
        r"\gls{cnn} and \gls{cnn}; \acp{gan} and \ac{gan}, \acs{gan}.",
        ("convolutional network (CNN) and CNN; adversarial networks (GANs) and GAN, GAN.",),
        preamble=r"\newacronym{cnn}{CNN}{convolutional network}"
        r"\DeclareAcronym{gan}{short=GAN,long=adversarial network}",
    )
    yield latex_case(
        "numbering",
        "rows of IEEE without a number",
        r"""\begin{IEEEeqnarray}{rCl} a &=& b \label{a} \\ c &=& d \IEEEnonumber \end{IEEEeqnarray} See \eqref{a}.""",
        ("$$ (1)", "See (1)."),
        lacks=("IEEEnonumber", "$$ (2)"),
    )


def _labels() -> Iterator[Case]:
    yield latex_case(
        "labels",
        "pseudocode with tab stops",
        r"""\begin{algorithm}\caption{Fit}\label{l}\begin{tabbing}xx \= xx \= \kill
        \textbf{for} each epoch \\ \> step on $x$ \\ end\end{tabbing}\end{algorithm} See Algorithm~\ref{l}.""",
        ("Algorithm: Fit", "for each epoch\n  step on $x$\nend", "See Algorithm 1."),
    )
    yield latex_case(
        "labels",
        "a listing",
        "See Listing~\\ref{l}.\n\\begin{lstlisting}[caption={Code}, label={l}]\nx = 1\n\\end{lstlisting}",
        ("See Listing 1.", "Algorithm: Code"),
    )
    yield latex_case(
        "labels",
        "environments of the paper",
        r"""\begin{myeq}\label{a} a=b \end{myeq} \begin{example}\label{b} X \end{example} Equation~\ref{a}, \ref{b}.""",
        ("[eq:1] $$ a=b $$ (1)", "Example 1. X", "Equation 1, 1."),
        preamble=r"""\newenvironment{myeq}{\refstepcounter{equation}$$}{\eqno(\theequation)$$}
        \newcounter{example}\newenvironment{example}{\refstepcounter{example}\textbf{Example~\theexample.} }{}""",
    )
    yield latex_case(
        "labels",
        "links and names",
        r"""\begin{table}\caption{C}\label{t}\begin{tabular}{l}a\end{tabular}\end{table}
        \hyperref[t]{Table~\ref*{t}}, \autoref{t}, \Cref{t}, \nameref{s}. \section{Next}\label{s} Text.""",
        ("Table 1, Table 1, Table 1, Next.",),
        lacks=("[t]", "[*]"),
    )
    figure = r"\begin{figure}\includegraphics{x}\caption{%s}\label{%s}\end{figure}"
    yield latex_case(
        "labels",
        "ranges",
        "".join(figure % (name, name) for name in "abc") + r"\Cref{a,b,c}; \cref{a,c}; \crefrange{a}{c}.",
        ("Figures 1 to 3; Figures 1 and 3; Figures 1 to 3.",),
    )


def _tables() -> Iterator[Case]:
    yield latex_case(
        "tables",
        "deluxetable",
        r"""\begin{deluxetable*}{lDc}\tablecaption{Stars\label{t}}\tablewidth{0pt}\tablenum{1}
        \tablehead{\colhead{Name} & \multicolumn2c{Mass} & \colhead{Type}}\startdata
        A\tablenotemark{a} & 1.5 & K \\ B & 2 & G \enddata\tablecomments{All of them.}\end{deluxetable*}
        See \ref{t}.""",
        ("[tab:1] Table: Stars", "| Name | Mass |  | Type |", "| A^a | 1.5 |  | K |", "All of them.", "See 1."),
    )
    yield latex_case(
        "tables",
        "longtable",
        r"""\begin{longtable}{lr}\caption{Long\label{t}}\\ A & B \\ \endfirsthead \multicolumn{2}{c}{continued} \\
        \endhead next page \\ \endfoot \endlastfoot 1 & 2 \\ \end{longtable} See \ref{t}.""",
        ("[tab:1] Table: Long | A | B | |---|---| | 1 | 2 |", "See 1."),
        lacks=("continued", "next page"),
    )
    yield latex_case(
        "tables",
        "notes, widths and spans",
        r"""\begin{sidewaystable}\begin{threeparttable}\caption{N}\begin{tabularx}{\linewidth}{lX}
        \multicolumn{2}{c}{Head} \\ \multirow{2}{*}{a}\tnote{1} & b \\ & c \end{tabularx}
        \begin{tablenotes}\item[1] A note.\end{tablenotes}\end{threeparttable}\end{sidewaystable}""",
        ("| Head |  |", "| a^1 | b |", "|  | c |", "1 A note."),
    )
    yield latex_case(
        "tables",
        "ctable",
        r"\ctable[caption={Cap}, label=t]{lc}{\tnote[a]{A note}}{\FL X & Y \ML 1 & 2 \LL} See \ref{t}.",
        ("[tab:1] Table: Cap", "| X | Y |", "| 1 | 2 |", "a A note", "See 1."),
    )


_FRONT_MATTER = {
    "elsarticle": (
        r"\begin{frontmatter}\title{A Title\tnoteref{t}}\tnotetext[t]{LEAK}\author[a]{LEAK}\ead{LEAK}"
        r"\cortext[c]{LEAK}\affiliation[a]{organization={LEAK}}\begin{abstract}An abstract.\end{abstract}"
        r"\begin{keyword}LEAK \sep LEAK\end{keyword}\end{frontmatter}"
    ),
    "IEEEtran": (
        r"\title{A Title\thanks{LEAK}}\author{\IEEEauthorblockN{LEAK}}\markboth{LEAK}{LEAK}\maketitle"
        r"\begin{abstract}An abstract.\end{abstract}\begin{IEEEkeywords}LEAK\end{IEEEkeywords}"
        r"\IEEEPARstart{T}{his} begins."
    ),
    "revtex": (
        r"\title{A Title}\author{LEAK}\altaffiliation[LEAK]{LEAK}\affiliation{LEAK}\email[LEAK]{LEAK}"
        r"\collaboration{LEAK}\date{\today}\begin{abstract}An abstract.\end{abstract}\pacs{LEAK}\maketitle"
    ),
    "llncs": (
        r"\title{A Title}\titlerunning{LEAK}\author{LEAK\inst{1}}\authorrunning{LEAK}\institute{LEAK}\maketitle"
        r"\begin{abstract}An abstract.\keywords{LEAK}\end{abstract}"
    ),
    "acmart": (
        r"\title{A Title}\subtitle{And More}\author{LEAK}\authornote{LEAK}"
        r"\affiliation{\institution{LEAK}\city{LEAK}}"
        r"\begin{abstract}An abstract.\end{abstract}\begin{CCSXML}LEAK\end{CCSXML}\ccsdesc[500]{LEAK}"
        r"\keywords{LEAK}\received{LEAK}\setcopyright{LEAK}\acmDOI{LEAK}\maketitle"
    ),
    "aastex": (
        r"\title{A Title}\shorttitle{LEAK}\correspondingauthor{LEAK}\author[0000]{LEAK}\collaboration{6}{(LEAK)}"
        r"\received{LEAK}\begin{abstract}An abstract.\end{abstract}\keywords{LEAK}"
    ),
    "icml": (
        r"\twocolumn[\icmltitle{A Title}\begin{icmlauthorlist}\icmlauthor{LEAK}{LEAK}\end{icmlauthorlist}"
        r"\icmlaffiliation{LEAK}{LEAK}\icmlkeywords{LEAK}]\printAffiliationsAndNotice{}"
        r"\begin{abstract}An abstract.\end{abstract}"
    ),
}
"""Document class -> the front matter of a paper in it; `LEAK` marks what must not be in the parse."""


def _front_matter() -> Iterator[Case]:
    for name, front in _FRONT_MATTER.items():
        yield latex_case(
            "front matter",
            name,
            rf"\documentclass{{{name}}}\begin{{document}}{front}\section{{Body}} Text.\end{{document}}",
            (
                f"# A Title{': And More' if 'subtitle' in front else ''} ## [abstract] Abstract An abstract.",
                f"## [{'I' if name == 'IEEEtran' else '1'}] Body",
            ),
            lacks=("LEAK",),
        )
