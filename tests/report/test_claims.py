"""Claims and measurements: which rows count, and when a claim is met."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts.claims import Claim, Claims, Measured
from papercoder.report.claims import Tolerance, compare, parse_results, rounding


def claim(number: int = 1, value: float = 91.2, spread: float | None = None, quote: str = "") -> Claim:
    return Claim(
        id=f"C{number}",
        anchor="tab:1",
        experiment="main",
        method=f"Ours {number}",
        dataset="moons",
        metric="accuracy",
        value=value,
        spread=spread,
        quote=quote or f"Ours {value}",
    )


def verdict(one: Claim, mean: float) -> str:
    return compare(Claims(items=(one,)), (Measured(claim=one.id, value=mean),))[0].verdict


@pytest.mark.parametrize(
    ("one", "mean", "expected"),
    [
        (claim(value=91.2, spread=0.4), 91.9, "met"),
        (claim(value=91.2, spread=0.4), 92.0, "met"),
        (claim(value=91.2, spread=0.4), 92.1, "differs"),
        (claim(value=91.2, spread=0.0), 91.25, "met"),
        (claim(value=91.2, spread=0.0), 91.3, "differs"),
        (claim(value=100.0), 95.0, "met"),
        (claim(value=100.0), 94.9, "differs"),
        (claim(value=-2.0), -2.1, "met"),
        (claim(value=0.0, quote="0.00"), 0.004, "met"),
        (claim(value=0.0, quote="0.00"), 0.006, "differs"),
        (claim(value=0.1, quote="0.1"), 0.14, "met"),
    ],
)
def test_the_rule(one: Claim, mean: float, expected: str) -> None:
    assert verdict(one, mean) == expected


def test_a_claim_without_a_measurement_is_not_run() -> None:
    (result,) = compare(Claims(items=(claim(),)), ())
    assert result.verdict == "not_run"
    assert result.measured is None


def test_noise_of_the_code_does_not_widen_the_tolerance() -> None:
    (result,) = compare(Claims(items=(claim(value=91.2, spread=0.1),)), (Measured(claim="C1", value=50.0, std=99.0),))
    assert result.verdict == "differs"


def test_the_tolerance_can_be_changed() -> None:
    (result,) = compare(
        Claims(items=(claim(value=100.0),)), (Measured(claim="C1", value=98.0),), Tolerance(relative=0.01)
    )
    assert result.verdict == "differs"


@pytest.mark.parametrize(
    ("value", "quote", "expected"),
    [
        (91.2, "Ours 91.20 ± 0.1", 0.005),
        (12000.0, "12,000 steps", 0.5),
        (0.001, "1e-3", 0.0005),
        (3.5, "no number", 0.05),
    ],
)
def test_rounding_is_of_the_printed_digits(value: float, quote: str, expected: float) -> None:
    assert rounding(claim(value=value, quote=quote)) == pytest.approx(expected)


def test_rows_by_id_and_by_name() -> None:
    rows = [
        {"claim": "C1", "mean": 1, "std": 0.5, "seeds": 3},
        {"claim": "C1", "mean": 2},
        {
            "experiment": "Main",
            "method": "ours  2",
            "dataset": "moons",
            "metric": "accuracy",
            "mean": "4.5",
            "seeds": [0, 1],
        },
    ]
    found = parse_results(json.dumps({"results": rows}), Claims(items=(claim(1), claim(2))))
    assert found == (
        Measured(claim="C1", value=1, std=0.5, seeds=3),
        Measured(claim="C2", value=4.5, seeds=2),
    )


def test_a_name_that_two_claims_share_belongs_to_neither() -> None:
    twice = Claims(items=(claim(1), claim(1).model_copy(update={"id": "C2"})))
    row = {"experiment": "main", "method": "Ours 1", "dataset": "moons", "metric": "accuracy", "mean": 1.0}
    assert parse_results(json.dumps([row]), twice) == ()


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "3", '{"results": 3}', "[" * 100_000,
     '[{"claim": "C1", "mean": NaN}]', '[{"claim": "C1", "mean": 1e999}]',
     '[{"claim": "C1", "mean": true}]', '[{"claim": "<script>", "mean": 1}]',
     '[{"claim": "C1", "mean": ' + "9" * 5000 + "}]"],
)  # fmt: skip
def test_what_is_no_measurement_is_passed_over(text: str) -> None:
    assert parse_results(text) == ()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["results", "claim", "mean", "std", "seeds"]), inner)
    ),
)


@given(_json)
def test_any_json_is_tolerated(content: object) -> None:
    for row in parse_results(json.dumps(content)):
        assert row.claim.startswith("C")


@given(st.text())
def test_any_text_is_tolerated(text: str) -> None:
    parse_results(text)
