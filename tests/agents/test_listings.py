"""Claims as text for prompts."""

from papercoder.agents.listings import claim_lines, claims_by_table
from papercoder.artifacts import Claim


def claim(number: int, method: str, dataset: str, **changes: object) -> Claim:
    fields: dict[str, object] = {
        "id": f"C{number}",
        "anchor": "tab:1",
        "experiment": "main comparison",
        "method": method,
        "dataset": dataset,
        "metric": "accuracy",
        "unit": "%",
        "direction": "higher",
        "value": 90.0,
        "quote": "90",
    }
    return Claim.model_validate(fields | changes)


def test_a_complete_table_takes_four_lines() -> None:
    claims = [
        claim(1, "Baseline", "moons"),
        claim(2, "Baseline", "rings"),
        claim(3, "Ours", "moons", is_own=True),
        claim(4, "Ours", "rings", is_own=True),
    ]
    assert claims_by_table(claims) == (
        "Experiment `main comparison` [tab:1]\n"
        "- methods: `Baseline`; `Ours` (the paper's own)\n"
        "- data sets: `moons`; `rings`\n"
        "- metrics: `accuracy` in %, higher is better\n"
        "- C1 to C4: every metric of every method on every data set"
    )


def test_the_data_sets_of_a_mean_are_those_of_trials() -> None:
    average = {"averaged_over": ("moons", "rings", "iris")}
    claims = [claim(1, "Ours", "moons"), claim(2, "Ours", "Average", **average)]
    listed = claims_by_table(claims)
    assert "- data sets: `moons`; `rings`; `iris`\n" in listed
    assert "- `Average` is the mean over `moons`; `rings`; `iris`; it has no trials of its own\n" in listed
    assert "- C1 to C2: every metric" in listed
    assert "`Ours` on `Average` (the mean over `moons`, `rings`, `iris`)" in claim_lines(claims)


def test_an_incomplete_table_names_each_claim() -> None:
    listed = claims_by_table(
        [
            claim(1, "Baseline", "moons"),
            claim(2, "Ours", "rings", statistic="count", condition="< 90"),
            claim(3, "Ours", "moons", compared_with="Other", comparison="lower_by_share"),
        ]
    )
    assert "- methods: `Baseline`; `Ours`; `Other`" in listed
    assert "- C1: `accuracy`: `Baseline` on `moons`" in listed
    assert "- C2: count of `accuracy` < 90: `Ours` on `rings`" in listed
    assert "- C3: `accuracy`: `Ours` on `moons`, compared with `Other`" in listed


def test_no_values_are_listed() -> None:
    assert "90" not in claims_by_table([claim(1, "Ours", "moons", value=90.0)])
