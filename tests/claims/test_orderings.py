"""Orderings are judged by the seeds that the methods share."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from papercoder.artifacts import Claims, Ordering, OrderingResult, TrialResult
from papercoder.claims.verdicts import compare
from tests.claims.results import claim, result, seeds


def ordering(*methods: str, **changes: Any) -> Ordering:
    fields: dict[str, Any] = {
        "id": "O1",
        "anchor": "tab:1",
        "experiment": "main",
        "dataset": "moons",
        "metric": "accuracy",
        "direction": "higher",
        "methods": methods or ("Ours", "SVM"),
        "statement": "Ours is better.",
    }
    return Ordering.model_validate(fields | changes)


def judge(one: Ordering, results: list[TrialResult], claims: Claims | None = None) -> OrderingResult:
    (found,) = compare((claims or Claims()).model_copy(update={"orderings": (one,)}), results).orderings
    return found


def both(ours: list[float], theirs: list[float], **changes: Any) -> list[TrialResult]:
    return [*seeds(*ours, **changes), *seeds(*theirs, method="SVM", **changes)]


def test_paired_seeds_decide() -> None:
    """The spread between seeds is large, but the difference is the same for all."""
    found = judge(ordering(), both([80.0, 90.0, 99.0], [78.0, 88.1, 96.9]))
    assert found.verdict == "met"
    assert found.seeds == 3
    assert found.difference == pytest.approx(2.0)
    assert found.reason == "As claimed: better in 3 of 3 seeds, on average by 2 (paired t-test)."
    assert judge(ordering(), both([78.0, 88.1, 96.9], [80.0, 90.0, 99.0])).verdict == "differs"
    assert judge(ordering(), both([80.0, 90.0, 95.0], [78.0, 88.1, 96.9])).verdict == "inconclusive"


def test_lower_may_be_better() -> None:
    assert judge(ordering(direction="lower"), both([1.0, 1.1, 1.2], [2.0, 2.1, 2.3])).verdict == "met"


def test_one_seed_is_too_few() -> None:
    found = judge(ordering(), both([90.0], [80.0]))
    assert (found.verdict, found.interval) == ("inconclusive", None)
    assert found.reason == "Better in 1 of 1 seeds, on average by 10 (one seed has no interval)."


def test_seeds_must_be_the_same() -> None:
    results = [result(90.0, seed=0), result(80.0, seed=1, method="SVM")]
    assert judge(ordering(), results).reason == "The methods have no seed in common."
    assert judge(ordering(), seeds(90.0)).reason == "SVM: No trial of this method was run."


def test_equal_results_are_no_order() -> None:
    assert judge(ordering(), both([90.0, 90.0], [90.0, 90.0])).verdict == "inconclusive"


def test_a_diverged_trial_loses() -> None:
    diverged = [result(None, seed=seed, method="SVM", status="diverged") for seed in range(6)]
    found = judge(ordering(), [*seeds(*[90.0] * 6), *diverged])
    assert found.verdict == "met"
    assert found.reason == "Better in 6 of 6 seeds; trials diverged, so a sign test decides."
    few = judge(ordering(), [*seeds(90.0, 90.0), *diverged[:2]])
    assert few.verdict == "inconclusive"


def test_a_chain_is_as_good_as_its_weakest_step() -> None:
    chain = ordering("k = 20", "k = 10", "k = 5")
    rising = [*seeds(3.0, 3.1, method="k = 20"), *seeds(2.0, 2.1, method="k = 10"), *seeds(1.0, 1.1, method="k = 5")]
    assert judge(chain, rising).verdict == "met"
    turned = [*seeds(3.0, 3.1, method="k = 20"), *seeds(1.0, 1.1, method="k = 10"), *seeds(2.0, 2.1, method="k = 5")]
    found = judge(chain, turned)
    assert found.verdict == "differs"
    assert found.difference == pytest.approx(-1.0)


def test_a_chain_of_data_sets_pairs_their_seeds() -> None:
    claims = Claims(items=(claim("C1", dataset="rings"), claim("C2", dataset="moons")))
    one = ordering("Ours, rings", "Ours, moons", dataset="", claims=("C1", "C2"))
    results = [*seeds(95.0, 96.0, dataset="rings"), *seeds(90.0, 91.2, dataset="moons")]
    assert judge(one, results, claims).verdict == "met"


def test_without_a_data_set_all_count() -> None:
    results = [
        *both([80.0, 81.0], [78.0, 79.1]),
        *both([90.0, 91.0], [88.0, 89.0], dataset="rings"),
    ]
    found = judge(ordering(dataset=""), results)
    assert (found.verdict, found.seeds) == ("met", 4)


def test_a_toy_ordering_says_whether_it_holds() -> None:
    found = judge(ordering(), both([80.0, 90.0, 99.0], [78.0, 88.1, 96.9], scale=0.5))
    assert found.verdict == "toy"
    assert found.reason.startswith("Measured at 0.5 of the paper's scale. As claimed: better in 3 of 3 seeds")


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=2, max_size=12))
def test_it_is_the_paired_t_test(pairs: list[tuple[float, float]]) -> None:
    ours, theirs = [round(one, 3) for one, _ in pairs], [round(other, 3) for _, other in pairs]
    apart = [one - other for one, other in zip(ours, theirs, strict=True)]
    if max(apart) - min(apart) < 1e-2:
        return
    found = judge(ordering(), both(ours, theirs))
    tested = stats.ttest_rel(ours, theirs)
    assert found.interval == pytest.approx(tuple(tested.confidence_interval()), rel=1e-6, abs=1e-6)
    if tested.pvalue < 0.049:
        assert found.verdict == ("met" if sum(apart) > 0 else "differs")
    if tested.pvalue > 0.051:
        assert found.verdict == "inconclusive"
