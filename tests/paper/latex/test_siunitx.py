""""""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.paper.latex.siunitx import parse_options
from tests.paper.latex.source import draft_of, texts

NUMBERS = [
    (r"\num{0.85 \pm 0.02}", "0.85 ± 0.02"),
    (r"\num{0.85 +- 0.02}", "0.85 ± 0.02"),
    (r"\num{123\pm2}", "123 ± 2"),
    (r"\num{123(2)}", "123(2)"),
    (r"\num{1.23(4)}", "1.23(4)"),
    (r"\num{1.23(4)e5}", "1.23(4) × 10^5"),
    (r"\num{1.5 +- 0.1 e3}", "(1.5 ± 0.1) × 10^3"),
    (r"\num{1.2(3)(4)}", "1.2 ± 0.3 ± 0.4"),
    (r"\num[separate-uncertainty]{1.23(4)}", "1.23 ± 0.04"),
    (r"\num[separate-uncertainty=true]{123(45)}", "123 ± 45"),
    (r"\num[uncertainty-mode=separate]{12.3(45)}", "12.3 ± 4.5"),
    (r"\num{1e-4}", "1 × 10^-4"),
    (r"\num{3E+8}", "3 × 10^8"),
    (r"\num{2d3}", "2 × 10^3"),
    (r"\num{e3}", "10^3"),
    (r"\num{-e-3}", "-10^-3"),
    (r"\num[print-unity-mantissa=false]{1e3}", "10^3"),
    (r"\num{.5}", "0.5"),
    (r"\num{-1,5}", "-1.5"),
    (r"\num{10000}", "10000"),
    (r"\num{1 000 000}", "1000000"),
    (r"\num[input-ignore={,}]{1,000,000}", "1000000"),
    (r"\num{2 x 3}", "2 × 3"),
    (r"\num{< 10}", "<10"),
    (r"\num{\approx 10}", "≈10"),
    (r"\complexnum{1+2i}", "1 + 2i"),
    (r"\num[round-mode=places,round-precision=2]{1.005}", "1.01"),
    (r"\num[round-mode=places,round-precision=2]{1}", "1.00"),
    (r"\num[round-mode=figures,round-precision=2]{1234}", "1200"),
    (r"\num[round-mode=figures,round-precision=3]{0.00012345}", "0.000123"),
    (r"\num{no number}", "no number"),
    (r"\num{1e-3 \pm 2e-4}", "1e-3 ± 2e-4"),
    (r"\num{10^3}", "10^3"),
    (r"\numrange{10}{20}", "10 to 20"),
    (r"\numrange[range-phrase=--]{10}{20}", "10–20"),
    (r"\numrange{1e-4}{1e-2}", "1 × 10^-4 to 1 × 10^-2"),
    (r"\numlist{1;2;3}", "1, 2 and 3"),
    (r"\numlist{1;2}", "1 and 2"),
    (r"\numproduct{2 x 3 x 4}", "2 × 3 × 4"),
    (r"\ang{45}", "45°"),
    (r"\ang{1;2;3}", "1°2′3″"),
    (r"\ang{-1.5;;}", "-1.5°"),
]


@pytest.mark.parametrize(("source", "expected"), NUMBERS)
def test_numbers(source: str, expected: str) -> None:
    assert texts(f"Here {source} x") == [f"Here {expected} x"]


QUANTITIES = [
    (r"\SI{1.5 \pm 0.1}{\percent}", "1.5 ± 0.1 %"),
    (r"\qty{3e-4}{\second}", "3 × 10^-4 s"),
    (r"\SI{5}{\micro\metre}", "5 µm"),
    (r"\SI{5}{\kilo\gram\metre\per\second\squared}", "5 kg m s^-2"),
    (r"\SI[per-mode=symbol]{5}{\metre\per\second}", "5 m/s"),
    (r"\SI[per-mode=fraction]{5}{\kg\per\m\squared\per\s}", "5 kg/(m^2 s)"),
    (r"\unit[per-mode=symbol]{\per\s}", "1/s"),
    (r"\unit{\per\s}", "s^-1"),
    (r"\unit{\m\per\s\kg}", "m s^-1 kg"),
    (r"\unit[sticky-per]{\m\per\s\kg}", "m s^-1 kg^-1"),
    (r"\unit{\cubic\centi\metre}", "cm^3"),
    (r"\unit{\metre\tothe{4}}", "m^4"),
    (r"\unit{\raiseto{4}\metre}", "m^4"),
    (r"\unit{\kg\of{metal}}", "kg_metal"),
    (r"\si{m.s^{-1}}", "m s^-1"),
    (r"\si{kg.m/s^2}", "kg m/s^2"),
    (r"\si{m~s^{-1}}", "m s^-1"),
    (r"\si{\micro m}", "µm"),
    (r"\SI{5}{GB}", "5 GB"),
    (r"\SI{5}{\giga\byte\per\second}", "5 GB s^-1"),
    (r"\SI{5}{\kibi\byte}", "5 KiB"),
    (r"\SI{20}{\celsius}", "20 °C"),
    (r"\SI{20}{\degreeCelsius}", "20 °C"),
    (r"\SI{20}{\degree}", "20°"),
    (r"\SI{5}{\angstrom}", "5 Å"),
    (r"\SI{5}{\kilo\ohm}", "5 kΩ"),
    (r"\SI{5}{\kWh}", "5 kWh"),
    (r"\SI{5}{\milli\volt\per\metre}", "5 mV m^-1"),
    (r"\SI{1e-3}{}", "1 × 10^-3"),
    (r"\SI{5}[\$]{\per\hour}", "$5 h^-1"),
    (r"\SIrange{1}{5}{\milli\second}", "1 to 5 ms"),
    (r"\qtyrange{1}{5}{\ms}", "1 to 5 ms"),
    (r"\SIlist{1;2;3}{\metre}", "1, 2 and 3 m"),
    (r"\qtyproduct{1 x 2}{\m}", "1 × 2 m"),
    (r"\unit[5]{m}", "5 m"),
    (r"\unitfrac[5]{m}{s}", "5 m/s"),
    (r"\DeclareSIUnit\flop{FLOP}\SI{3}{\giga\flop\per\second}", "3 GFLOP s^-1"),
    (r"\DeclareSIUnit{\epoch}{epochs}\qty{10}{\epoch}", "10 epochs"),
    (r"\sisetup{per-mode=symbol}\SI{5}{\m\per\s}", "5 m/s"),
    (r"\sisetup{separate-uncertainty, round-mode=places}\num{1.23(4)}", "1.23 ± 0.04"),
    (r"\newcommand{\m}{\mathbf{m}}\SI{5}{\m}", "5 m"),
    (r"\newcommand{\lr}{3e-4}\newcommand{\speed}{\metre\per\second}\SI{\lr}{\speed}", "3 × 10^-4 m s^-1"),
]


@pytest.mark.parametrize(("source", "expected"), QUANTITIES)
def test_quantities(source: str, expected: str) -> None:
    assert texts(f"Here {source} x") == [f"Here {expected} x"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\num{1e-3}", r"1 \times 10^{-3}"),
        (r"\num{0.85 \pm 0.02}", r"0.85 \pm 0.02"),
        (r"\SI{5}{\milli\second}", r"5\,\mathrm{ms}"),
        (r"\SI{5}{\micro\metre\per\second}", r"5\,\mathrm{\mu m\,s^{-1}}"),
        (r"x_{\SI{20}{\percent}}", r"x_{20\,\mathrm{\%}}"),
        (r"\numrange{1}{2}", r"1\text{ to }2"),
        (r"\numlist{1;2;3}", r"1, 2\text{ and }3"),
        (r"\ang{45}", r"45^{\circ}"),
        (r"\qty(a) + \qty[b]", r"\qty(a) + \qty[b]"),
        (r"\num", r"\num"),
    ],
)
def test_quantities_in_formulas(source: str, expected: str) -> None:
    assert texts(f"So ${source}$.") == [f"So ${expected}$."]


def test_a_name_of_the_paper_is_no_unit() -> None:
    assert texts(r"\newcommand{\unit}[1]{unit #1}\unit{a}") == ["unit a"]


def test_columns_of_numbers() -> None:
    source = r"""\newcolumntype{N}{S[table-format=1.2]}
    \begin{tabular}{l*{2}{S[table-format=2.1]}N@{\,}S[round-mode=places,round-precision=1]r}
    {Name} & {A} & {B} & C & D & E \\
    ours & 1.5(2) & 1e-3 & 0.5 \pm 0.1 & 2.25 & 1e-3 \\
    both & \multicolumn{2}{c}{3.0} & \bfseries 7 & {--} & x
    \end{tabular}"""
    (table,) = draft_of(source).elements
    assert getattr(table, "rows", ()) == (
        ("Name", "A", "B", "C", "D", "E"),
        ("ours", "1.5(2)", "1 × 10^-3", "0.5 ± 0.1", "2.3", "1e-3"),
        ("both", "3.0", "", "7", "–", "x"),
    )


def test_options() -> None:
    assert parse_options("a, b = c, d={e,f=g}") == {"a": "", "b": "c", "d": "e,f=g"}


@given(st.integers(0, 10**9), st.integers(0, 6), st.integers(1, 99))
def test_no_digit_is_lost(whole: int, places: int, spread: int) -> None:
    value = f"{whole / 10**places:.{places}f}"
    assert texts(rf"\num{{{value}({spread})}} \num{{{value} \pm {spread}}}") == [
        f"{value}({spread}) {value} ± {spread}"
    ]


@given(st.text(alphabet="0123456789.,()+-eE{}\\pm ~x", max_size=20))
def test_any_number_reads(source: str) -> None:
    texts(rf"Text \num{{{source}}} \SI{{{source}}}{{\m}}")
