""""""

from papercoder.paper.files import Memory
from papercoder.paper.latex import read_latex
from papercoder.paper.latex.expansion import flatten
from papercoder.paper.latex.expansion.expander import Sources
from papercoder.paper.latex.tokens import join
from tests.paper.latex.expansion.test_flatten import flat, flattened
from tests.paper.latex.source import texts


def read(main: str, **files: str) -> tuple[str, list[str]]:
    """The text and the losses of a main file beside files; `__` in a name is `/`, `_` is a dot."""
    beside = {name.replace("__", "/").replace("_", "."): text.encode() for name, text in files.items()}
    flattened = flatten(Sources(Memory({"main.tex": main.encode(), **beside}, "the test"), "main.tex"))
    return join(flattened.tokens), [loss.message for loss in flattened.losses]


def test_a_subfile_is_read_from_its_beginning_to_its_end() -> None:
    one = r"\documentclass[../main]{subfiles}\newcommand{\x}{no}\begin{document}one \input{near}\end{document} trailing"
    text, losses = read(r"a \subfile{sub/one} b", sub__one_tex=one, sub__near_tex="near", near_tex="far")
    assert (text, losses) == ("a one near b", [])


def test_a_standalone_file_is_read_without_its_preamble() -> None:
    text, _ = read(r"\input{fig}", fig_tex=r"\documentclass{standalone}\begin{document}figure\end{document}")
    assert text == "figure"


def test_imported_files_look_beside_themselves_first() -> None:
    files = {"sub__a_tex": r"a \input{b}", "sub__b_tex": "near", "b_tex": "far"}
    assert read(r"\import{sub/}{a}\input{b}", **files)[0] == "a nearfar"
    assert read(r"\subimport*{./sub}{a.tex}", **files)[0] == "a near"
    assert read(r"\input{sub/a}", **files)[0] == "a far"


def test_files_that_may_be_missing() -> None:
    source = r"\InputIfFileExists{opt}{then }{else }\InputIfFileExists{no}{then}{else} \IfFileExists{opt.tex}{yes}{no}"
    assert read(source, opt_tex="opt ") == ("then opt else yes", [])


def test_other_ways_to_write_a_name() -> None:
    assert read(r'\input a \input{"b"}\include{./c}\def\n{a}\input{\n}', a_tex="A", b_tex="B", c_tex="C")[0] == "ABCA"


def test_includeonly() -> None:
    text, losses = read(r"\includeonly{a}\include{a}\include{b}\input{b}", a_tex="A", b_tex="B")
    assert (text, losses) == ("AB", ["The source's \\includeonly leaves out: b."])


def test_listings_of_files() -> None:
    source = r"\lstinputlisting[caption={Code}, label=l]{code.tex} See \ref{l}. \lstinputlisting{code.py}"
    draft = read_latex(Memory({"main.tex": source.encode(), "code.tex": b"x = 1"}, "the test"), "main.tex")
    assert [getattr(each, "text", "") for each in draft.elements] == ["x = 1", "See 1.", ""]
    assert "code.py" in draft.losses[0].message


def test_a_file_that_is_included_over_and_over() -> None:
    text, losses = read(r"\input{a}" * 3_000, a_tex="x")
    assert len(text) == 1_999
    assert losses == ["The source is too large; these files were left out: a.tex."]


def test_pipes_are_no_files() -> None:
    assert read(r"\input{|ls}x") == ("x", ["The source includes files that are missing or may not be read: |ls."])


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
