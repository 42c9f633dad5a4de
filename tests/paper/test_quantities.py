"""Printed numbers in table cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.paper.quantities import Quantity, cell_text, half_unit, label_text, read_quantities


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
