"""The headline, numbers and states of a report."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.report import load
from papercoder.report.formatting import (
    amount,
    cost,
    duration,
    headline,
    is_formula,
    mathml,
    memory,
    money,
    tone,
    with_formulas,
)
from papercoder.runs.events import RunEnded, RunStarted
from tests.report.folders import bare_folder, full_folder, planned_folder


def test_headline_of_a_reproduction(tmp_path: Path) -> None:
    assert headline(load(full_folder(tmp_path))) == (
        "2 Python files were written; the code finishes with tiny settings. "
        "Of the paper’s 3 claims: 1 met, 1 differs, 1 not run."
    )


def test_headline_of_a_failure(tmp_path: Path) -> None:
    assert headline(load(full_folder(tmp_path, "failed"))) == (
        "2 Python files were written; the modules import. The step “smoke” failed: KeyError: 'lr'. "
        "Of the paper’s 3 claims: 1 met, 1 differs, 1 not run."
    )


def test_headline_without_execution(tmp_path: Path) -> None:
    assert headline(load(planned_folder(tmp_path))) == "2 Python files were written. The code was not run."


def test_headline_of_a_run_that_stopped(tmp_path: Path) -> None:
    events = (
        RunStarted(paper="p", models={}, profile="full"),
        RunEnded(status="partial", reason="The cap is reached."),
    )
    assert headline(load(bare_folder(tmp_path, events))) == (
        "The run stopped early: The cap is reached. No code was written."
    )


@pytest.mark.parametrize(
    ("usd", "unpriced", "calls", "expected"),
    [(0, 0, 0, "$0.00"), (0, 4, 4, "price unknown"), (1.5, 1, 4, "$1.50 or more"), (1234.5, 0, 4, "$1,234.50")],
)
def test_cost(usd: float, unpriced: int, calls: int, expected: str) -> None:
    assert cost(usd, unpriced, calls) == expected


def test_numbers() -> None:
    assert [money(0.004), money(0.00001)] == ["$0.0040", "under $0.0001"]
    assert [duration(3), duration(45), duration(150), duration(4000)] == ["3.0 s", "45 s", "2 min", "1 h 7 min"]
    assert [amount(9000), amount(12345), amount(1_200_000)] == ["9,000", "12.3 k", "1.20 M"]
    assert [memory(None), memory(512), memory(1500)] == ["not measured", "512 MB", "1.5 GB"]


def test_other_states_have_no_tone() -> None:
    assert {tone(state) for state in ("not_run", "not_reviewed", "anything")} == {"none"}


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
