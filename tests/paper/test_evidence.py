"""A quote counts only where the paper says it; a changed number or a dropped `not` does not pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import Equation, Figure, Paper, Paragraph, Section, Table
from papercoder.paper.evidence import (
    Quantity,
    cell_text,
    find_quote,
    half_unit,
    label_text,
    numbers,
    plain,
    read_quantities,
)
from tests.support import PAPER, draft


def paper(*texts: str) -> Paper:
    """A paper of these paragraphs, `1¶1`, `1¶2`, ..."""
    blocks = tuple(Paragraph(anchor=f"1¶{index}", text=text) for index, text in enumerate(texts, 1))
    return Paper(
        title="T",
        abstract="We do it.",
        source="pdf",
        sections=(Section(anchor="1", level=1, title="M", blocks=blocks),),
    )


def test_the_given_anchor_stays_where_it_is_right() -> None:
    """Words that occur twice, equations that a parser read otherwise, and rows of tables stay at their anchor."""
    same = "The temperature is lowered by a factor of 0.9 after each sweep"
    blocks = (
        Equation(anchor="eq:1", text="L = a + b c d e f g h i j k", number="1"),
        Equation(anchor="eq:2", text="L = a + b c d e f g h i j k", number="2"),
        Equation(anchor="eq:3", text="L = b + a c d e f g h i j k", number="3"),
        Paragraph(anchor="1¶1", text=same),
        Paragraph(anchor="1¶2", text=f"Again: {same}."),
        Figure(anchor="fig:1", caption="Accuracy of Kiln 97.1 on digits."),
        Table(anchor="tab:1", caption="Results.", rows=(("method", "l", "acc"), ("Kiln", "2", "97.1"))),
    )
    section = Section(anchor="1", level=1, title="M", blocks=blocks)
    made = Paper(title="T", abstract="", source="pdf", sections=(section,))
    assert find_quote(made, "L = a + b c d e f g h i j k", "eq:2") == "eq:2"
    assert find_quote(made, "L = a + b c d e f g h i j k", "eq:3") == "eq:3", "the same signs"
    assert find_quote(made, same, "1¶2") == "1¶2"
    assert find_quote(made, same) == "1¶1"
    assert find_quote(made, "Kiln 97.1", "fig:1") == "fig:1"
    assert find_quote(made, "Kiln | acc 97.1", "tab:1") is None
    assert find_quote(made, "method acc Kiln 97.1", "tab:1") == "tab:1"


def test_brackets_are_no_part_of_an_anchor() -> None:
    assert draft(anchor="[[eq:2]]").anchor == "eq:2"


SAID = "We train the encoder for 40 epochs with a learning rate of 0.05, and we do not use dropout in any layer."


@pytest.mark.parametrize(
    "quote",
    [
        SAID,
        "We train the encoder for 40 epochs",
        "a learning rate of 0.05",
        "learning   rate\nof 0.05",
        "WE TRAIN THE ENCODER",
        "“We train the encoder”",
        "We train the encoder … a learning rate of 0.05",
        "We train the encoder [...] do not use dropout",
        "We train the encoder ... dropout in any layer.",
        "train the encodr for 40 epochs with a learning rate of 0.05, and we do not use dropout",
    ],
)
def test_words_of_the_paper_are_found(quote: str) -> None:
    assert find_quote(paper("Other words.", SAID), quote) == "1¶2"


@pytest.mark.parametrize(
    "quote",
    [
        "",
        "...",
        "We train the decoder",
        "for 4 epochs",
        "0 epochs",
        "learning rate of 0.0",
        "learning rate of 0.5",
        "We train the encoder for 41 epochs with a learning rate of 0.05, and we do not use dropout in any layer.",
        "We train the encoder for 40 epochs with a learning rate of 0.06, and we do not use dropout in any layer.",
        "We train the encoder for 40 epochs with a learning rate of 0.05, and we do use dropout in any layer.",
        "a learning rate of 0.05 ... we use momentum",
        "rain the encode",
    ],
)
def test_words_that_the_paper_does_not_say_are_not_found(quote: str) -> None:
    assert find_quote(paper("Other words.", SAID), quote) is None


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        ("an efﬁcient classiﬁer with ﬂow", "an efficient classifier with flow"),
        ("a semi‑supervised method — ours — works", "a semi-supervised method - ours - works"),
        ("a semi-supervised method", "a semi supervised method"),
        ("between 5–10 steps", "between 5-10 steps"),
        ("a step of −0.5", "a step of -0.5"),
        ("opti\u00admisation of the\u200b loss", "optimisation of the loss"),
        (r"with $\alpha = 0.5$ and $x_{i}$", r"with $\alpha=0.5$ and $x_i$"),
        (r"\left( \frac{a}{b} \right) \, c", r"(\frac{a}{b}) c"),
        ("“smart” ‘quotes’", "\"smart\" 'quotes'"),
        ("it costs 10,000 points", "it costs 10,000 points"),
    ],
)
def test_what_looks_alike_is_alike(said: str, quote: str) -> None:
    assert find_quote(paper(said), quote) == "1¶1"


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        ("a step of 0.057", "a step of 0.05"),
        ("it takes 112 epochs", "12 epochs"),
        ("a rate of 10.5 percent", "5 percent"),
        (
            r"we set the weight decay of all the layers to $10^{-3}$",
            r"we set the weight decay of all the layers to $10^{3}$",
        ),
        (
            "we ran it twice with 3 seeds and 5 splits of all data",
            "we ran it twice with 3 seeds and 3 splits of all data",
        ),
    ],
)
def test_numbers_must_be_the_same(said: str, quote: str) -> None:
    assert find_quote(paper(said), quote) is None


def test_the_named_block_comes_first_then_the_first_that_says_it() -> None:
    twice = paper("The loss is the mean.", "Again: the loss is the mean.", "No.")
    assert find_quote(twice, "the loss is the mean", "1¶2") == "1¶2"
    assert find_quote(twice, "the loss is the mean", "1¶3") == "1¶1"
    assert find_quote(twice, "the loss is the mean", "nowhere") == "1¶1"


def test_title_abstract_tables_and_equations_are_evidence_too() -> None:
    assert find_quote(PAPER, "fit a line by gradient descent") == "abstract"
    assert find_quote(PAPER, "TinyFit | 0.12") == "tab:1"
    assert find_quote(PAPER, r"\hat{y} = w x") == "eq:1"


def test_parts_of_a_quote_stand_in_one_block_or_section() -> None:
    parted = paper("First we sample points.", "Then we fit a line.")
    assert find_quote(parted, "we sample points ... we fit a line") == "1"


def test_a_paper_made_of_equations() -> None:
    found = Paper(
        title="T",
        abstract="",
        source="latex",
        sections=(Section(anchor="1", level=1, title="", blocks=(Equation(anchor="eq:1", text="E = m c^2"),)),),
    )
    assert find_quote(found, "E = m c^2") == "eq:1"
    assert find_quote(found, "E = m c^3") is None


@given(st.text(), st.text())
def test_looking_never_fails(said: str, quote: str) -> None:
    assert find_quote(paper(said), quote) in {None, "1¶1", "1", "abstract", "title"}


@given(st.text())
def test_plain_text_is_plain_already(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(st.lists(st.sampled_from([*SAID.replace(",", "").split(), "x", "7"]), min_size=1, max_size=12))
def test_a_paragraph_holds_all_its_own_words(words: list[str]) -> None:
    said = " ".join(words)
    assert find_quote(paper(said), said) is not None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("0.001", 0.001),
        (".5 of it", 0.5),
        ("1e-3", 0.001),
        ("1E-3", 0.001),
        ("10^{-3}", 0.001),
        ("10^-3", 0.001),
        ("10^{ -3 }", 0.001),
        ("10⁻³", 0.001),
        ("10−3", 0.001),
        (r"5\times10^{-4}", 5e-4),
        (r"3 \times 10^{-4}", 3e-4),
        (r"3 \cdot 10^{-4}", 3e-4),
        ("3 × 10⁻⁴", 3e-4),
        ("2.5x10^-4", 2.5e-4),
        ("10^4", 10_000),
        ("10^{5}", 100_000),
        ("10⁴", 10_000),
        ("2^8", 256),
        ("2^{10}", 1024),
        ("10,000", 10_000),
        ("1,234,567", 1_234_567),
        ("10{,}000", 10_000),
        (r"10\,000", 10_000),
        ("10k", 10_000),
        ("1.5M", 1_500_000),
        ("2 million", 2_000_000),
        ("10%", 0.1),
        (r"0.7\%", 0.007),
        ("15 %", 0.15),
        ("three seeds", 3),
        ("about a tenth of a second", 0.1),
        ("one half of the points", 0.5),
        ("5/6 of the labels", 5 / 6),
        ("Two thirds of the data", 2 / 3),
        ("three-quarters", 0.75),
        ("twenty-five runs", 25),
        ("fifty epochs", 50),
        ("less than a minute", 1),
        ("twice as fast", 2),
        ("Ten runs", 10),
        ("a single label per class", 1),
        (r"seeds $1000, \ldots, 1029$", 30),
        ("seeds 0, ..., 19", 20),
        ("a 64-dimensional space", 64),
        ("x1 and x2", 2),
    ],
)
def test_numbers_are_read_in_every_form(text: str, named: float) -> None:
    assert named in numbers(text)


def test_no_number_is_read_that_is_not_there() -> None:
    assert numbers("no number, e.g. none") == frozenset()
    assert numbers("the 40 epochs") == {40.0}
    assert numbers("1,5 and 2,50") == {1.0, 5.0, 2.0, 50.0}
    assert 0.05 not in numbers("0.057")


@given(st.floats(min_value=0, max_value=1e12, allow_nan=False))
def test_a_number_as_python_prints_it_is_read(value: float) -> None:
    assert value in numbers(f"set to {value!r} here")


@given(st.text() | st.text(st.sampled_from(list("0159.,^{}-+ \t\n⁻³×x\\%kMe")), max_size=20))
def test_reading_numbers_never_fails(text: str) -> None:
    assert all(isinstance(number, float) for number in numbers(text))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("96.50", Quantity(96.5, "96.50")),
        ("$\\mathbf{96.5 \\pm 1.4}$", Quantity(96.5, "96.5", spread=1.4)),
        ("**0.6312** ± 0.1523", Quantity(0.6312, "0.6312", spread=0.1523)),
        ("−2.1", Quantity(-2.1, "-2.1")),
        ("40,428", Quantity(40428, "40428")),
        ("$12\\,000$", Quantity(12000, "12000")),
        ("> 10^4", Quantity(1e4, "1e4", bound=">")),
        ("$\\geq 10^{-3}$", Quantity(1e-3, "1e-3", bound=">=")),
        ("≈ 0.1 s", Quantity(0.1, "0.1", bound="about")),
        ("~3", Quantity(3, "3", bound="about")),
        ("$1.0\\cdot10^{20}$", Quantity(1e20, "1.0e20")),
        ("3.5×10⁻⁴", Quantity(3.5e-4, "3.5e-4")),
        ("$(1.2 \\pm 0.3)\\times10^4$", Quantity(12000, "1.2e4", spread=3000)),
        ("1e-3", Quantity(1e-3, "1e-3")),
        ("100K", Quantity(100_000, "100e3")),
        ("95.2 %", Quantity(95.2, "95.2")),
        (".5", Quantity(0.5, ".5")),
        ("88.3†", Quantity(88.3, "88.3")),
        ("88.3 [12]", Quantity(88.3, "88.3")),
        ("96.5$^{1}$", Quantity(96.5, "96.5")),
    ],
)
def test_one_number(cell: str, expected: Quantity) -> None:
    (found,) = read_quantities(cell)
    assert found == expected


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("84.80(-0.37)", [84.8, -0.37]),
        ("96.5 (1.4)", [96.5, 1.4]),
        ("$96.5_{1.4}$", [96.5, 1.4]),
        ("28.4 / 30.1", [28.4, 30.1]),
        ("61.0 9.5", [61.0, 9.5]),
        ("5,165 MB", [5165]),
        ("", []),
        ("-", []),
        ("n/a", []),
        ("[1, 2]", []),
        ("ResNet50", []),
        ("F1", []),
        ("✗", []),
    ],
)
def test_several_numbers_and_none(cell: str, values: list[float]) -> None:
    assert [found.value for found in read_quantities(cell)] == values


def test_a_cell_is_readable_without_latex() -> None:
    assert cell_text("$T_1=T_\\tau=0.3/C$") == "T_1=T_τ=0.3/C"
    assert cell_text("$\\beta = 0.1$") == "β = 0.1"


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("GNMT + RL [wu2016google]", "GNMT + RL"),
        ("Acc. (%, ↑)", "Acc. (%)"),
        ("ECE (↓)", "ECE"),
        ("$\\ell=2$", "ℓ=2"),
        ("FOA†", "FOA†"),
        ("\\textbf{Ours}", "Ours"),
    ],
)
def test_a_label_has_no_citations_or_arrows(cell: str, name: str) -> None:
    assert label_text(cell) == name


@pytest.mark.parametrize(
    ("printed", "expected"),
    [("96.50", 0.005), ("12,000", 0.5), ("1e-3", 0.0005), ("1.50e4", 50.0), (".5", 0.05), ("-2.1", 0.05), ("5/6", 0)],
)
def test_half_a_unit_of_the_last_digit(printed: str, expected: float) -> None:
    assert half_unit(printed) == pytest.approx(expected)


@given(st.text())
def test_any_text_is_read(cell: str) -> None:
    for found in read_quantities(cell):
        assert half_unit(found.printed) > 0


@given(st.integers(-999_999, 999_999), st.integers(0, 4))
def test_what_is_printed_is_read_again(digits: int, decimals: int) -> None:
    value = digits / 10**decimals
    (found,) = read_quantities(f"{value:,.{decimals}f}")
    assert found.value == pytest.approx(value)
    assert half_unit(found.printed) == pytest.approx(0.5 * 10.0**-decimals)
