"""Formulas become MathML or stay LaTeX, and never become HTML."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.report.formulas import is_formula, mathml, with_formulas

TAGS = {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msup", "msub", "msubsup", "munder", "mover", "munderover"}
TAGS |= {"mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom"}
ATTRIBUTES = {
    "display",
    "displaystyle",
    "stretchy",
    "fence",
    "accent",
    "movablelimits",
    "largeop",
    "form",
    "scriptlevel",
}
ATTRIBUTES |= {"width", "height", "depth", "lspace", "rspace", "voffset", "minsize", "maxsize", "linethickness"}
ATTRIBUTES |= {"mathvariant", "scriptlevel", "style"}


def words(latex: str) -> str:
    """The characters of a formula."""
    formula = mathml(latex)
    assert formula, latex
    return "".join(ElementTree.fromstring(formula).itertext())


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"\mathbb{R}^d", "ℝd"),
        (r"\mathcal{L}(\theta)", "ℒ(θ)"),
        (r"\bm{x} + \mathbf{W} + \boldsymbol{\theta}", "𝒙+𝐖+𝜽"),
        (r"\mathrm{softmax}(x)", "softmax(x)"),
        (r"\operatorname*{arg\,min}_x", "argminx"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "a=bc=d"),
        (r"\begin{cases} 1 & x>0 \\ 0 & \text{otherwise} \end{cases}", "{1x>00otherwise"),
        (r"\text{50\% of a \& b}", "50%\xa0of\xa0a\xa0&\xa0b"),
        (r"a = b \label{eq:1} \tag{7}", "a=b"),
        (r"x \in \{1, 2\}", "x∈{1,2}"),
        ("a < b", "a<b"),
    ],
)
def test_formulas_of_papers_are_typeset(latex: str, shown: str) -> None:
    assert words(latex) == shown


def test_a_fraction_has_its_structure() -> None:
    formula = mathml(r"\frac{a}{b}", display=True)
    assert (
        formula
        == '<math display="block"><mrow><mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac></mrow></math>'
    )


@pytest.mark.parametrize(
    "latex",
    [
        r"\unknown{x}",
        r"\frac{a",
        r"\left( a",
        "a & b",
        r"x^2^3",
        r"\def\a{\b\b}\def\b{\c\c}\a",
        r"\newcommand{\x}{\x\x}\x",
        "x" * 2_001,
        "{" * 900 + "x" + "}" * 900,
    ],
)
def test_what_is_not_understood_stays_latex(latex: str) -> None:
    assert mathml(latex) is None


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\text{&lt;script&gt;}",
        r"<script>alert(1)</script>",
        r"\unicode{x3c}script\unicode{x3e}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{position:fixed}{x}",
        r"\class{evil}{x}",
        r"\color{red;background:url(x)} x",
        r"\colorbox{red}{x}",
        r"\rule{99999em}{99999em}",
        r"\hspace{1em' onclick='alert(1)}",
        r"\mathrm{\text{<img src=x onerror=alert(1)>}}",
    ],
)
def test_hostile_formulas_are_mathml_and_text(latex: str) -> None:
    assert_harmless(str(mathml(latex) or with_formulas(f"${latex}$")))


def assert_harmless(markup: str) -> None:
    for element in ElementTree.fromstring(f"<p>{markup}</p>").iter():
        assert element.tag in {*TAGS, "p"}
        for name, value in element.attrib.items():
            assert name in ATTRIBUTES
            assert re.fullmatch(r"[\w.+-]*|text-align: (left|right|center)", value)


@given(st.text(st.sampled_from(list("\\{}^_&$%#<>\"' \n1ax()[]~")), max_size=60), st.booleans())
def test_any_formula_is_typeset_or_left(latex: str, display: bool) -> None:
    assert_harmless(str(mathml(latex, display=display) or ""))


def test_formulas_in_text() -> None:
    text = with_formulas(r"Let $x^2 < 1$, \(y\), \[z\] and $$w$$ be <b>bold</b>.")
    assert text.count("<math") == 4
    assert text.count('display="block"') == 2
    assert "&lt;b&gt;bold&lt;/b&gt;." in text


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "$5-$10",
        r"a \$x\$ b",
        "a $ x $ b",
        "$",
        r"$\unknown{a}$",
        r"\(a",
        "$$",
    ],
)
def test_text_without_formulas_stays(text: str) -> None:
    assert with_formulas(text) == text


def test_a_formula_may_end_before_a_digit() -> None:
    assert with_formulas(r"coarse (5$\times$5) and fine (20$\times$20)") == (
        'coarse (5<math display="inline"><mrow><mo>×</mo></mrow></math>5) and fine '
        '(20<math display="inline"><mrow><mo>×</mo></mrow></math>20)'
    )


def test_a_quote_of_an_equation_is_a_formula() -> None:
    assert is_formula(r"\mathcal{L}(\theta) = \sum_i \text{loss}(x_i)")
    assert not is_formula("learning_rate = 0.1")
    assert not is_formula(r"where \alpha is the learning rate")
    assert not is_formula(r"with $\alpha$")


@pytest.mark.parametrize("text", ["$" * 20_000, r"\(" * 10_000, "$a " * 7_000, r"\[" * 10_000, "$\\" * 10_000])
def test_long_texts_are_read_once(text: str) -> None:
    assert len(with_formulas(text)) >= 20_000
