from tests.paper.latex.expansion.test_flatten import flat, flattened
from tests.paper.latex.source import texts

STYLE = r"""\ProvidesPackage{mine}
\newif\ifdraft \DeclareOption{draft}{\drafttrue} \DeclareOption*{} \ProcessOptions\relax
\newcommand{\R}{\mathbb{R}} \newcommand{\secret}{\my@internal{3pt}} \newtheorem{claim}{Claim}[section]
\renewcommand{\email}[1]{leak} \def\@maketitle{leak} \newcommand{\again}{\again\again} \again
\newcommand{\late}{late}"""


def test_simple_macros_options_and_declarations_of_a_style_file() -> None:
    text = flat(r"\usepackage[draft]{mine}$\R$\ifdraft A\else B\fi\late", mine_sty=STYLE)
    assert text == r"\newtheorem{claim}{Claim}[section]$\mathbb{R}$Alate"


def test_internals_of_a_style_file_do_not_leak() -> None:
    assert "leak" not in flat(r"\usepackage{mine}\email{a}\secret\maketitle", mine_sty=STYLE)
    assert flattened(r"\usepackage{mine}", mine_sty=STYLE).losses == []


def test_theorems_of_a_class_file() -> None:
    source = r"\documentclass{mine}\begin{document}\section{S}\begin{claim}X\end{claim}\end{document}"
    assert texts(source, mine_cls=STYLE) == ["Claim 1.1. X"]


def test_a_style_file_is_read_once() -> None:
    assert flat(r"\usepackage{a}\usepackage{a}", a_sty=r"\newtheorem{x}{X}") == r"\newtheorem{x}{X}"


def test_a_style_file_that_loads_itself() -> None:
    assert flat(r"\usepackage{a}x", a_sty=r"\RequirePackage{a}\newcommand{\b}{}") == "x"
