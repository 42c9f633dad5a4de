""""""

import pytest

from tests.paper.latex.expansion.test_flatten import flat
from tests.paper.latex.source import texts

PREAMBLE = r"""
\def\sfx#1.#2{#1-#2}\def\pair(#1,#2){<#1|#2>}\def\upto#1\end{[#1]}\def\swap#1#2{#2#1}\def\01{\{0,1\}}
\def\dbl#1{\def\in##1{#1##1#1}\in{x}}\def\one{1}\def\two{\one\one}
\newcommand{\opt}[2][d]{#1/#2}\newcommand*{\xs}{Name\xspace}\providecommand{\xs}{Other}\renewcommand{\opt}[2][D]{#1:#2}
\newcommandx{\norm}[2][2=2]{\lVert #1 \rVert_{#2}}\newcommandx\mid[3][1=a,3={b,c}]{#1#2#3}
\newcommandtwoopt{\tw}[3][p][q]{#1#2#3}
\DeclarePairedDelimiter{\abs}{\lvert}{\rvert}\DeclarePairedDelimiterX\inner[2]{\langle}{\rangle}{#1\delimsize\vert #2}
\DeclarePairedDelimiterXPP\lnorm[1]{pre}{\lVert}{\rVert}{_2}{#1}
\def\ddef#1{\expandafter\def\csname b#1\endcsname{(#1)}}
\def\ddefloop#1{\ifx\ddefloop#1\else\ddef{#1}\expandafter\ddefloop\fi}\ddefloop abcXY\ddefloop
\makeatletter\@for\i:=p,q,r\do{\expandafter\edef\csname c\i\endcsname{<\i>}}
\@tfor\i:=AB\do{\expandafter\edef\csname d\i\endcsname{\noexpand\mathbf{\i}}}\@namedef{named}{N}\makeatother
\newcommand{\add}{1}\appto\add{2}\preto\add{0}\csdef{cs1}#1{[#1]}\newcommand{\three}[3]{#3#2#1}"""


def expanded(source: str) -> str:
    return flat(PREAMBLE + f"«{source}»").partition("«")[2].rpartition("»")[0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\sfx 1.2;", "1-2;"),
        (r"\sfx{a.b}.c", "a.b-c"),
        (r"\pair(1,2)\pair( a ,{b,c})", "<1|2>< a |b,c>"),
        (r"\upto x y\end z", "[x y]z"),
        (r"\01^n", r"\{0,1\}^n"),
        (r"\swap ab\swap{ab}c\three abc", "bacabcba"),
        (r"\dbl{o}", "oxo"),
        (r"\opt{a}\opt[b]{c}", "D:ab:c"),
        (r"\xs is \xs, {\xs}x", r"Name\xspace is Name\xspace, {Name\xspace}x"),
        (r"\norm{x}\norm{x}[1]", r"\lVert x \rVert_{2}\lVert x \rVert_{1}"),
        (r"\mid x\mid[y]{x}[z]", "axb,cyxz"),
        (r"\tw{x}\tw[a]{x}\tw[a][b]{x}", "pqxaqxabx"),
        (r"\abs{x}", r"\lvert x \rvert"),
        (r"\abs*{x}", r"\left\lvert x \right\rvert"),
        (r"\abs[\Big]{x}", r"\Bigl\lvert x \Bigr\rvert"),
        (r"\inner{a}{b}", r"\langle a\vert b \rangle"),
        (r"\inner*{a}{b}", r"\left\langle a\middle\vert b \right\rangle"),
        (r"\lnorm{x}", r"pre\lVert x \rVert_2"),
        (r"\ba\bX\cp\cr\csname named\endcsname\named", "(a)(X)<p><r>NN"),
        (r"\dA", r"\mathbf{A}"),
        (r"\add\csuse{cs1}{x}\csuse{nothing}", "012[x]"),
        (r"\expandafter\swap\two", "11"),
        (r"\newcount\n\n=0 \loop\the\n,\advance\n by1 \ifnum\n<4 \repeat", "0,1,2,3,"),
        (r"\def\x{1}\edef\y{\x\noexpand\x}\def\x{2}\y", "12"),
        (r"{\def\one{2}\one}\one{\gdef\one{3}}\one", "{2}1{}3"),
        (r"\begingroup\def\one{2}\one\endgroup\one", "21"),
        (r"\let\before\one\def\one{2}\before\one", "12"),
        (r"\let\eps=\varepsilon\NewCommandCopy\e\eps\eps\e", r"\varepsilon\varepsilon"),
        (r"\let\oldref\ref\renewcommand{\ref}[1]{(\oldref{#1})}\ref{a}", r"\ref{a}"),
        (r"\forcsvlist{\csuse{cs1}}{a, b}\renewcommand\do[1]{<#1>}\docsvlist{a,b}", "[a][b]<a><b>"),
        (r"\foreach \x/\y in {1/a,2/b}{\x\y;}", "1a;2b;"),
        (r"\futurelet\next\one.\ifx\next.A\else B\fi", "1.A"),
        (r"\foreach \i in {1,...,4}{\i}\foreach \i in {1,3,...,8,x}{\i}\foreach \i in {3,...,1}{\i}", "12341357x321"),
        (r"\romannumeral14 \number\numexpr 7/2\relax\inteval{2*3}", "xiv46"),
        (r"\robustify\one\protected\def\p{P}\long\def\q{Q}\p\q\undef\p\ifdefined\p A\else B\fi", "PQB"),
        (r"\texorpdfstring{$a$}{a}\TextOrMath{t}{m}$\TextOrMath{t}{m}$", "$a$t$m$"),
        (r"\ExplSyntaxOn \cs_new:Npn \f { x } \ExplSyntaxOff y", "y"),
    ],
)
def test_expansion(source: str, expected: str) -> None:
    assert expanded(source) == expected


def test_counters_and_labels_pass_to_the_walk() -> None:
    assert flat(r"\renewcommand{\thetable}{S\arabic{table}}") == r"\papercoderthe{table}{S\arabic{table}}"
    assert flat(r"\newcommand{\thename}{Ours}\thename") == "Ours"
    assert flat(r"\makeatletter\def\@currentlabel{A1}") == r"\papercoderlabel{A1}"


def test_a_macro_that_uses_internals_of_a_package_is_left_alone() -> None:
    assert flat(r"\newcommand{\x}{\some@internal{3pt}text}\x") == r"\x"


def test_a_macro_whose_arguments_do_not_end_is_left_alone() -> None:
    assert flat(r"\def\x#1.{<#1>}{\x abc} \x a.") == r"{\x abc} <a>"


def test_abbreviations_that_look_at_what_follows() -> None:
    source = r"""\DeclareRobustCommand\onedot{\futurelet\@let@token\@onedot}
    \def\@onedot{\ifx\@let@token.\else.\null\fi\xspace}\def\ie{\emph{i.e}\onedot}"""
    assert texts(source + r"This, \ie that, \ie, or \ie.") == ["This, i.e. that, i.e., or i.e."]


PREAMBLE_XPARSE = r"""
\NewDocumentCommand{\va}{m O{x} o}{#1-#2-\IfNoValueTF{#3}{none}{#3}}
\NewDocumentCommand\vb{s t+ m}{\IfBooleanTF{#1}{star}{plain}\IfBooleanT{#2}{plus}\IfBooleanF{#2}{-}#3}
\DeclareDocumentCommand\vc{d() D<>{def} r[] }{\IfValueTF{#1}{#1}{no}|#2|#3}
\NewDocumentCommand{\vd}{g e{^_}}{\IfNoValueTF{#1}{none}{#1}\IfValueT{#2}{sup#2}\IfValueF{#3}{nosub}}
\NewExpandableDocumentCommand\ve{+m G{g}}{#1#2}\ProvideDocumentCommand\ve{m}{other}
\RenewDocumentCommand\vf{>{\TrimSpaces} m u.}{#1:#2}
\NewDocumentCommand\vg{m}{\IfBlankTF{#1}{blank}{#1}}
\NewDocumentCommand{\vh}{m E{^_}{{t}i}}{#1(#2,#3)}\NewDocumentCommand\vi{E{_^}{{n}} m}{#1\IfValueT{#2}{#2}#3}
\NewDocumentEnvironment{myenv}{O{opt} m}{begin #1 #2 }{ end #2}"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\va{a}\va{a}[b]\va{a}[b][c]", "a-x-nonea-b-nonea-b-c"),
        (r"\vb{a}\vb*{a}\vb+{a}\vb*+{a}", "plain-astar-aplainplusastarplusa"),
        (r"\vc[r]\vc(p)<q>[r]", "no|def|rp|q|r"),
        (r"\vc((a)(b))[r]", "(a)(b)|def|r"),
        (r"\vd\vd{a}^{2}_{i}", "nonenosubasup2"),
        (r"\vh{a}\vh{b}^2\vh{c}_{j}\vh{d}_k^{3}", "a(t,i)b(2,i)c(t,j)d(3,k)"),
        (r"\vi{a}\vi^{2}{b}", "nan2b"),
        (r"\ve{a}\ve{a}{b}", "agab"),
        (r"\vf{a}b.", "a:b"),
        (r"\vg{ }\vg{x}", "blankx"),
        (r"\begin{myenv}{m}x\end{myenv}\begin{myenv}[z]{m}x\end{myenv}", "begin opt m x end mbegin z m x end m"),
    ],
)
def test_arguments_by_letters(source: str, expected: str) -> None:
    assert flat(PREAMBLE_XPARSE + f"«{source}").partition("«")[2] == expected
