"""Which rows of a `results.json` count."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts.claims import Claim, Claims, Measured
from papercoder.claims.summaries import parse_results


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
