import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.paper.latex.expansion.test_flatten import flat, flattened

PREAMBLE = r"""
\newif\ifa\atrue\newif\ifb\def\empt{}\def\foo{foo}\let\foob\foo\def\seven{7}\newcount\cnt\cnt=5
\newcounter{ctr}\setcounter{ctr}{3}\newlength\len\setlength\len{3pt}"""


def branch(source: str) -> str:
    return flat(PREAMBLE + f"«{source}»").partition("«")[2].rpartition("»")[0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\ifa A\else B\fi", "A"),
        (r"\ifb A\else B\fi", "B"),
        (r"\ifa\ifb X\else Y\fi\else Z\fi", "Y"),
        (r"\ifb\ifa X\else Y\fi\else Z\fi", "Z"),
        (r"\iffalse\iftrue x\fi\else y\fi", "y"),
        (r"\iftrue a\iffalse b\else c\fi d\else e\fi", "acd"),
        (r"\unless\ifa A\else B\fi", "B"),
        (r"\ifx\foo\foob A\else B\fi", "A"),
        (r"\ifx\foo\empt A\else B\fi", "B"),
        (r"\ifx\empt\empty A\else B\fi", "A"),
        (r"\ifx\undefined\nofoo A\else B\fi", "A"),
        (r"\ifx\textbf\emph A\else B\fi", "B"),
        (r"\ifx aaA\else B\fi", "A"),
        (r"\ifx ab A\else B\fi", "B"),
        (r"\expandafter\ifx\csname nofoo\endcsname\relax A\else B\fi", "A"),
        (r"\ifnum\seven>5 A\else B\fi", "A"),
        (r"\ifnum\seven<5A\else B\fi", "B"),
        (r"\ifnum 10>9A\else B\fi", "A"),
        (r"\ifnum\cnt=5 A\else B\fi", "A"),
        (r"\ifnum\value{ctr}=3 A\else B\fi", "A"),
        (r"\ifnum\numexpr\cnt*2+(1-2)\relax=9 A\else B\fi", "A"),
        (r"\ifnum-\seven<0 A\fi", "A"),
        (r'\ifnum"1F=31 A\fi\ifnum`A=65 B\fi' + r"\ifnum'17=15 C\fi", "ABC"),
        (r"\ifodd\cnt A\else B\fi\ifodd 4 A\else B\fi", "AB"),
        (r"\ifcase 0 a\or b\else d\fi\ifcase 1 a\or b\else d\fi\ifcase 7 a\or b\else d\fi", "abd"),
        (r"\ifcase -1 a\or b\else d\fi\ifcase\cnt a\or b\or c\or d\or e\or f\fi", "df"),
        (r"\ifdim 3pt<4pt A\else B\fi\ifdim\len=3pt A\else B\fi\ifdim 1in>2cm A\else B\fi", "AAA"),
        (r"\ifdim 0.5\len<2pt A\else B\fi\ifdim-1.5em<0pt A\else B\fi", "AA"),
        (r"\ifdefined\foo A\else B\fi\ifdefined\nofoo A\else B\fi", "AB"),
        (r"\ifcsname foo\endcsname A\else B\fi\ifcsname nofoo\endcsname A\else B\fi", "AB"),
        (r"\if aaA\else B\fi\if ab A\else B\fi\if\relax\relax A\else B\fi", "ABA"),
        (r"\ifmmode M\else T\fi$\ifmmode M\else T\fi$", "T$M$"),
        (r"$\mbox{\ifmmode M\else T\fi}\ifmmode M\else T\fi$", r"$\mbox{T}M$"),
        (r"\begin{align}\ifmmode M\fi\end{align}\ifmmode M\else T\fi", r"\begin{align}M\end{align}T"),
        (r"{\btrue\ifb A\else B\fi}\ifb A\else B\fi{\global\btrue}\ifb A\else B\fi", "{A}B{}A"),
        (r"\cnt=9 \advance\cnt by 3 \ifnum\cnt=12 A\fi\multiply\cnt 2 \divide\cnt 5 \ifnum\cnt=4 B\fi", "AB"),
        (r"\count255=3 \ifnum\count255>2 A\else B\fi", "A"),
        (r"\ifpdf A\else B\fi\ifxetex A\else B\fi", "AB"),
    ],
)
def test_the_branch_that_tex_takes(source: str, expected: str) -> None:
    assert branch(source) == expected


def test_what_cannot_be_decided_keeps_every_branch_and_is_counted() -> None:
    result = flattened(r"\ifdim\wd0>3pt A\else B\fi \ifofaclass C\else D\fi")
    assert [letter for letter in "".join(result.tokens) if letter in "ABCD"] == ["A", "B", "C", "D"]
    (loss,) = result.losses
    assert loss.message.startswith("2 conditionals could not be decided without running LaTeX")


def test_class_options_decide() -> None:
    source = r"\documentclass[conference,twocolumn]{IEEEtran}"
    assert flat(source + r"\ifCLASSOPTIONconference A\else B\fi\ifCLASSOPTIONcompsoc A\else B\fi").endswith("AB")


def test_a_name_that_looks_like_a_conditional() -> None:
    assert flat(r"\iff \ifsomething{a}{b} \iftrue c\fi") == r"\iff \ifsomething{a}{b} c"


PIECES = [r"\iftrue", r"\iffalse", r"\ifnum1<2", r"\ifcase1", r"\or", r"\else", r"\fi", r"\ifx\a\b", "a"]


@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_any_mixture_ends(pieces: list[str]) -> None:
    flat(" ".join(pieces))
