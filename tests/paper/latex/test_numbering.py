""""""

import pytest

from papercoder.paper.draft import Display, Heading
from tests.paper.latex.source import draft_of, paper_of, texts

SOURCE = r"""\newtheorem{thm}{Theorem}[section]\newtheorem{lem}[thm]{Lemma}\newtheorem*{rem}{Remark}
\section{One}\label{s1}\subsection{Sub}\label{s11}
\begin{equation}a\label{e1}\end{equation}\begin{equation}b\label{e2}\end{equation}\begin{equation}c\label{e3}\end{equation}
\begin{figure}\caption{F}\label{f1}\end{figure}\begin{figure}\caption{F}\label{f2}\end{figure}
\begin{figure}\caption{F}\label{f3}\end{figure}\begin{table}\caption{T}\label{t1}\end{table}
\begin{thm}\label{th1}X\end{thm}\begin{lem}\label{le1}X\end{lem}\begin{rem}X\end{rem}
\begin{enumerate}\item a\item\label{i2} b\begin{enumerate}\item\label{i3} c\end{enumerate}\end{enumerate}
\begin{enumerate}[label=(\roman*),start=2]\item\label{i4} d\end{enumerate}
Note\footnote{\label{fn}N.}.
\begin{algorithm}\caption{A}\begin{algorithmic}[1]\Require $x$\For{$i$}\State a\label{l2}\EndFor\end{algorithmic}
\end{algorithm}

Q """


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\ref{s1} \ref{s11} \eqref{e2} \ref{t1} \ref{th1} \ref{le1}", "1 1.1 (2) 1 1.1 1.2"),
        (r"\ref{i2} \ref{i3} \ref{i4} \ref{fn} \ref{l2}", "2 2a (ii) 1 2"),
        (r"\hyperref[s1]{Section~\ref*{s1}}, \autoref{f1}, \autoref{e1}", "Section 1, Figure 1, Equation 1"),
        (r"\nameref{s1}, \nameref{s11}, \namecref{t1}", "One, Sub, Table"),
        (r"\cref{e1} \Cref{e1} \cref{e1,e2,e3}", "Eq. (1) Equation (1) Eqs. (1) to (3)"),
        (r"\cref{f1,f2,f3} \cref{f3,f1} \Cref{f1,t1}", "Figures 1 to 3 Figures 1 and 3 Figure 1 and Table 1"),
        (r"\crefrange{f1}{f3} \labelcref{f1,f2}", "Figures 1 to 3 1 and 2"),
        (r"\cref{s1,f1,t1,th1}", "Section 1, Figure 1, Table 1, and Theorem 1.1"),
        (r"\figref{f2} \prettyref{t1}", "Figure 2 Table 1"),
    ],
)
def test_what_references_print(source: str, expected: str) -> None:
    assert texts(SOURCE + source + ".")[-1] == f"Q {expected}."


def test_a_label_that_is_not_defined() -> None:
    draft = draft_of(r"See \cref{gone}, \ref{gone} and \autoref{gone}.")
    assert [loss.kind for loss in draft.losses] == ["unresolved_reference"]
    assert getattr(draft.elements[0], "text", "") == "See [gone], [gone] and [gone]."


def test_environments_that_number_by_themselves() -> None:
    source = r"""\newenvironment{myeq}{\refstepcounter{equation}$$}{\eqno(\theequation)$$}
    \newenvironment{plaineq}{\refstepcounter{equation}\[}{\]}
    \newcounter{ex}[section]\renewcommand{\theex}{\thesection.\arabic{ex}}
    \newenvironment{ex}{\refstepcounter{ex}\textbf{Example~\theex.} }{}
    \makeatletter\newenvironment{ass}[1]{\textbf{Assumption #1.} \def\@currentlabel{#1}}{}\makeatother
    \section{S}\begin{myeq}\label{a}x\end{myeq}\begin{plaineq}\label{b}y\end{plaineq}
    \begin{ex}\label{c}X\end{ex}

    \begin{ass}{A1}\label{d}Y\end{ass}

    \ref{a} \ref{b} \ref{c} \ref{d}"""
    displays = [each for each in draft_of(source).elements if isinstance(each, Display)]
    assert [(each.text, each.number) for each in displays] == [("x", "1"), ("y", "2")]
    assert texts(source) == ["Example 1.1. X", "Assumption A1. Y", "1 2 1.1 A1"]


def test_theorems_of_every_kind() -> None:
    source = r"""\declaretheorem[name=Satz, numberwithin=section]{satz}\declaretheorem[sibling=satz]{fact}
    \newtcbtheorem[number within=section]{box}{Box}{}{bx}\spnewtheorem{observe}{Observation}{\bf}{\it}
    \section{S}\begin{satz}A\end{satz}\begin{fact}B\end{fact}\begin{box}{Name}{b}C\end{box}
    \begin{observe}D\end{observe}\begin{lemma}E\end{lemma}\begin{proof}F\end{proof}\ref{bx:b}"""
    expected = ["Satz 1.1. A", "Fact 1.2. B", "Box 1.1. Name. C", "Observation 1. D", "Lemma 1. E", "Proof. F", "1.1"]
    assert texts(source) == expected


def test_chapters_and_appendices() -> None:
    source = r"""\setcounter{chapter}{0}\chapter{One}\section{Sub}\begin{figure}\caption{F}\end{figure}\chapter*{No}
    \begin{equation}a\end{equation}\appendix\chapter{App}\section{Sub}\begin{equation}a\label{e}\end{equation}
    \chapter{Next}See \ref{e}."""
    headings = [(h.number, h.level, h.appendix) for h in draft_of(source).elements if isinstance(h, Heading)]
    assert headings == [
        ("1", 1, False),
        ("1.1", 2, False),
        ("", 1, False),
        ("A", 1, True),
        ("A.1", 2, True),
        ("B", 1, True),
    ]
    anchors = [block.anchor for block in paper_of(source).blocks()]
    assert anchors == ["fig:1.1", "eq:1.1", "eq:A.1", "app:B¶1"]


HEADINGS = r"""\begin{document}\section{One}\label{a}\subsection{Sub}\label{b}\subsubsection{Part}\label{c}
\begin{table}\caption{T}\label{t}\end{table}\section{Two}\subsection{Next}\appendix\section{Proofs}\label{p}
See \ref{a}, \ref{b}, \ref{c}, \ref{t}, \ref{p}.\end{document}"""


@pytest.mark.parametrize(
    ("preamble", "numbers", "printed"),
    [
        (r"\documentclass[journal]{IEEEtran}", "I I-A I-A1 II II-A A", "I, I-A, I-A1, I, A"),
        (r"\documentclass[compsoc]{IEEEtran}", "1 1.1 1.1.1 2 2.1 A", "1, 1.1, 1.1.1, 1, A"),
        (r"\documentclass{revtex4-2}", "I I.A I.A.1 II II.A A", "I, I A, I A 1, I, A"),
        (
            r"\renewcommand{\thesection}{\Roman{section}.}\renewcommand\thesubsection{\mbox{\Alph{subsection}}}",
            "I I.A I.A.1 II II.A A",
            "I., A, A.1, 1, A",
        ),
    ],
)
def test_roman_sections_with_lettered_subsections(preamble: str, numbers: str, printed: str) -> None:
    source = preamble + HEADINGS
    headings = [element for element in draft_of(source).elements if isinstance(element, Heading)]
    assert [heading.number for heading in headings] == numbers.split()
    assert texts(source) == [f"See {printed}."]
