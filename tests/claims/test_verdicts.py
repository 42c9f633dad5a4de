"""Verdicts of claims: values, bounds, statistics and comparisons of methods."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from papercoder.artifacts import Claim, ClaimResult, Claims, Ordering, OrderingResult, Tolerance, TrialResult
from papercoder.claims.verdicts import (
    TOLERANCE,
    allowed_difference,
    compare,
    reported_deviation,
)
from tests.claims.results import claim, result, seeds


def judge(one: Claim, results: list[TrialResult], tolerance: Tolerance = TOLERANCE) -> ClaimResult:
    (found,) = compare(Claims(items=(one,)), results, tolerance).items
    return found


@pytest.mark.parametrize(
    ("one", "allowed"),
    [
        (claim(value=100.0), 5.0),
        (claim(value=-2.0), 0.1),
        (claim(value=91.2, spread=0.4), 0.8),
        (claim(value=91.2, spread=0.4, spread_kind="other"), 4.56),
        (claim(value=91.2, spread=0.4, spread_kind="stderr", runs=25), 4.0),
        (claim(value=91.2, spread=0.4, spread_kind="stderr"), 0.8),
        (claim(value=91.2, spread=0.0), 0.05),
        (claim(value=0.0, printed="0.00"), 0.005),
        (claim(value=0.1, printed="0.1"), 0.05),
        (claim(value=0.1, printed="", bound="about", quote="about a tenth"), 0.05),
        (claim(value=10.0, printed="10", bound="about"), 2.0),
        (claim(value=10.0, bound=">"), 0.0),
    ],
)
def test_the_tolerance_comes_from_the_paper(one: Claim, allowed: float) -> None:
    assert allowed_difference(one) == pytest.approx(allowed)


def test_the_tolerance_can_be_set() -> None:
    one = claim(value=100.0)
    assert judge(one, seeds(98.0)).verdict == "met"
    strict = Tolerance(relative=0.01)
    assert judge(one, seeds(98.0), strict).verdict == "differs"
    assert "1 % of the value" in strict.rule


def test_enough_seeds_decide() -> None:
    one = claim(value=90.0)
    near, far, wide = seeds(89.0, 90.0, 90.5), seeds(70.0, 71.0, 70.5), seeds(80.0, 90.0, 99.0)
    assert judge(one, near).verdict == "met"
    assert judge(one, far).verdict == "differs"
    found = judge(one, wide)
    assert found.verdict == "inconclusive"
    assert found.reason == "3 seeds: too few to tell, because values on both sides of the limit are in the interval."
    assert found.measured is not None
    assert found.measured.value == pytest.approx(89.667, abs=1e-3)
    assert (found.measured.seeds, found.measured.values) == (3, (80.0, 90.0, 99.0))
    assert found.difference == pytest.approx(-0.333, abs=1e-3)


def test_a_mean_over_data_sets_has_the_interval_of_its_seeds() -> None:
    one = claim(value=60.0, dataset="Average", averaged_over=("moons", "rings"))
    found = judge(one, [*seeds(89.0, 90.0, 91.0), *seeds(29.0, 30.0, 31.0, dataset="rings")])
    assert found.measured is not None
    assert (found.measured.value, found.measured.std, found.measured.seeds) == (60.0, 1.0, 3)
    assert found.interval == pytest.approx((-2.484, 2.484), abs=1e-3)
    assert found.verdict == "met"
    other = one.model_copy(update={"compared_with": "SVM", "comparison": "higher_by", "value": 10.0})
    assert judge(other, seeds(90.0)).reason.startswith("The mean over 2 data sets lacks rings.")


def test_a_stated_ordering_of_means_compares_them_by_seed() -> None:
    average = claim(dataset="Average", averaged_over=("moons", "rings"))
    stated = Ordering(
        id="O1",
        anchor="1",
        experiment="main",
        dataset="average",
        metric="accuracy",
        direction="higher",
        methods=("Ours", "SVM"),
        statement="Ours is better on average.",
    )
    worse_once = [*seeds(9.0, 9.5, 9.9), *seeds(1.0, 1.5, 1.7, dataset="rings")]
    svm = [*seeds(5.0, 5.1, 5.2, method="SVM"), *seeds(2.0, 2.1, 2.2, method="SVM", dataset="rings")]
    claims = Claims(items=(average,), orderings=(stated,))
    (found,) = compare(claims, [*worse_once, *svm]).orderings
    assert (found.verdict, found.seeds) == ("met", 3)


def test_one_seed_is_judged_by_the_papers_deviation_if_there_is_one() -> None:
    printed = claim(value=90.0, spread=1.0, runs=20)
    assert judge(printed, seeds(90.0)).verdict == "inconclusive"
    assert judge(printed, seeds(80.0)).verdict == "differs"
    found = judge(claim(value=90.0), seeds(90.5))
    assert found.verdict == "met"
    assert found.interval is None
    assert found.reason == "1 seed; the spread is not known, so there is no interval."


def test_noise_of_the_code_does_not_help() -> None:
    assert judge(claim(value=90.0, spread=0.1), seeds(40.0, 90.0, 141.0, 60.0, 120.0)).verdict == "inconclusive"


@pytest.mark.parametrize(
    ("bound", "values", "expected"),
    [
        (">", (1.2e4, 1.3e4, 1.25e4), "met"),
        (">", (9e3, 9.1e3, 9.05e3), "differs"),
        (">", (0.9e4, 1.2e4, 1.1e4), "inconclusive"),
        (">=", (1.2e4,), "met"),
        ("<", (9e3, 9.1e3, 9.05e3), "met"),
        ("<=", (1.2e4, 1.3e4, 1.25e4), "differs"),
        ("about", (1.1e4, 1.15e4, 1.12e4), "met"),
        ("about", (1.5e4, 1.51e4, 1.52e4), "differs"),
    ],
)
def test_bounds_are_bounds(bound: str, values: tuple[float, ...], expected: str) -> None:
    assert judge(claim(value=1e4, printed="10000", bound=bound), seeds(*values)).verdict == expected


def test_toys_are_never_met() -> None:
    found = judge(claim(), seeds(90.0, 90.1, scale=0.1))
    assert found.verdict == "toy"
    assert found.reason.startswith("Measured at 0.1 of the paper's scale. 2 seeds: the interval of the difference is")
    assert judge(claim(), seeds(90.0, synthetic=True)).verdict == "toy"


def test_conversions_are_part_of_the_reason() -> None:
    found = judge(claim(unit="%", value=96.5), seeds(0.965, 0.966, 0.964))
    assert found.verdict == "met"
    assert found.reason.endswith("The code measures fractions; they were converted to percent.")


def test_what_was_not_measured_has_a_reason() -> None:
    one = claim()
    assert judge(one, []).reason == "No trial of this method was run."
    (found,) = compare(Claims(items=(one,)), [], not_measured={"C1": "It needs 8 GPUs."}).items
    assert (found.verdict, found.reason, found.measured) == ("not_run", "It needs 8 GPUs.", None)
    failed = judge(one, [result(None, status="failed", reason="out of memory")])
    assert (failed.verdict, failed.reason) == ("not_run", "All 1 trials failed: out of memory")


# Statistics other than the mean


def test_a_median_needs_six_seeds_or_as_many_as_the_paper() -> None:
    one = claim(statistic="median", value=90.0, runs=100)
    assert judge(one, seeds(90.0, 90.1, 89.9)).verdict == "inconclusive"
    assert judge(one, seeds(90.0, 90.1, 89.9, 90.2, 89.8, 90.0)).verdict == "met"
    complete = judge(claim(statistic="median", value=90.0, runs=3), seeds(10.0, 90.1, 99.0))
    assert (complete.verdict, complete.measured and complete.measured.value) == ("met", 90.1)


def test_a_minimum_can_only_fall() -> None:
    one = claim(statistic="min", value=75.9, runs=100)
    assert judge(one, seeds(93.0, 95.0)).verdict == "inconclusive"
    assert judge(one, seeds(60.0, 95.0)).verdict == "differs"
    assert judge(claim(statistic="min", value=75.9, runs=2), seeds(93.0, 95.0)).verdict == "differs"
    assert judge(claim(statistic="max", value=75.9, runs=100), seeds(93.0)).verdict == "differs"


def test_a_deviation() -> None:
    one = claim(statistic="std", value=1.0)
    assert judge(one, seeds(90.0)).verdict == "inconclusive"
    assert judge(one, seeds(*range(60, 100))).verdict == "differs"


def test_a_count_of_runs_on_one_side() -> None:
    one = claim(statistic="count", condition="< 90", value=2, printed="2", runs=4)
    assert judge(one, seeds(80.0, 85.0, 95.0, 96.0)).verdict == "met"
    few = judge(claim(statistic="count", condition="< 90", value=50, printed="50", runs=100), seeds(80.0, 95.0))
    assert few.verdict == "inconclusive"
    assert few.measured is not None
    assert few.measured.value == 50


def test_a_paired_count() -> None:
    one = claim(statistic="count", compared_with="SVM", value=4, printed="4", runs=5, metric="accuracy")
    results = [*seeds(90.0, 91.0, 92.0, 93.0, 80.0), *seeds(85.0, 86.0, 87.0, 88.0, 89.0, method="SVM")]
    found = judge(one, results)
    assert (found.verdict, found.measured and found.measured.value) == ("met", 4)
    lower = judge(one.model_copy(update={"direction": "lower"}), results)
    assert lower.measured is not None
    assert lower.measured.value == 1


# Comparisons of two methods


@pytest.mark.parametrize(
    ("comparison", "value", "unit"),
    [
        ("lower_by", 2.0, ""),
        ("lower_by_share", 0.2, ""),
        ("lower_by_share", 20.0, "%"),
        ("times_lower", 1.25, ""),
    ],
)
def test_a_comparison_uses_common_seeds(comparison: str, value: float, unit: str) -> None:
    one = claim(metric="error", direction="lower", value=value, unit=unit, compared_with="SVM", comparison=comparison)
    results = [
        *seeds(8.0, 8.1, 7.9, 50.0, metric="error"),
        *seeds(10.0, 10.1, 9.9, method="SVM", metric="error"),
    ]
    found = judge(one, results)
    assert found.measured is not None
    assert found.measured.value == pytest.approx(value)
    assert found.measured.seeds == 3
    assert found.verdict == "met"


def test_a_comparison_needs_both_methods() -> None:
    one = claim(compared_with="SVM", comparison="higher_by", value=2.0)
    assert judge(one, seeds(90.0)).reason == "SVM: No trial of this method was run."
    apart = judge(one, [result(90.0, seed=0), result(88.0, seed=1, method="SVM")])
    assert apart.reason == "SVM was not measured with the same seeds."


# Properties

values = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8)


@given(values, st.floats(-1e3, 1e3), st.none() | st.floats(0, 100), st.none() | st.integers(1, 50))
def test_a_met_claim_is_within_its_tolerance(
    measured: list[float], value: float, spread: float | None, runs: int | None
) -> None:
    found = judge(claim(value=value, spread=spread, runs=runs), seeds(*measured))
    assert found.difference is not None
    apart = abs(found.difference)
    if found.verdict == "met":
        assert apart <= found.tolerance * (1 + 1e-6) + 1e-9
    if found.verdict == "differs":
        assert apart >= found.tolerance * (1 - 1e-6) - 1e-9
    if found.verdict == "inconclusive":
        assert found.interval is not None
    assert found.reason


@given(values, st.floats(0.01, 1e3))
def test_a_larger_tolerance_never_turns_met_into_differs(measured: list[float], value: float) -> None:
    narrow, wide = Tolerance(relative=0.05), Tolerance(relative=0.5)
    if judge(claim(value=value), seeds(*measured), narrow).verdict == "met":
        assert judge(claim(value=value), seeds(*measured), wide).verdict == "met"


@given(st.sampled_from(["mean", "std", "median", "min", "max", "count"]), values, st.integers(1, 20))
def test_every_statistic_has_a_verdict(statistic: str, measured: list[float], runs: int) -> None:
    fields: dict[str, Any] = {"statistic": statistic, "runs": runs, "value": 3.0, "condition": "< 5"}
    assert judge(claim(**fields), seeds(*measured)).verdict in {"met", "differs", "inconclusive"}


def test_the_deviation_of_a_count_is_binomial() -> None:
    assert reported_deviation(claim(statistic="count", value=10, runs=20)) == pytest.approx(5**0.5)
    assert reported_deviation(claim(statistic="count", value=20, runs=20)) == 0


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


def judge_orderings(one: Ordering, results: list[TrialResult], claims: Claims | None = None) -> OrderingResult:
    (found,) = compare((claims or Claims()).model_copy(update={"orderings": (one,)}), results).orderings
    return found


def both(ours: list[float], theirs: list[float], **changes: Any) -> list[TrialResult]:
    return [*seeds(*ours, **changes), *seeds(*theirs, method="SVM", **changes)]


def test_paired_seeds_decide() -> None:
    """The spread between seeds is large, but the difference is the same for all."""
    found = judge_orderings(ordering(), both([80.0, 90.0, 99.0], [78.0, 88.1, 96.9]))
    assert found.verdict == "met"
    assert found.seeds == 3
    assert found.difference == pytest.approx(2.0)
    assert found.reason == "As claimed: better in 3 of 3 seeds, on average by 2 (paired t-test)."
    assert judge_orderings(ordering(), both([78.0, 88.1, 96.9], [80.0, 90.0, 99.0])).verdict == "differs"
    assert judge_orderings(ordering(), both([80.0, 90.0, 95.0], [78.0, 88.1, 96.9])).verdict == "inconclusive"


def test_lower_may_be_better() -> None:
    assert judge_orderings(ordering(direction="lower"), both([1.0, 1.1, 1.2], [2.0, 2.1, 2.3])).verdict == "met"


def test_one_seed_is_too_few() -> None:
    found = judge_orderings(ordering(), both([90.0], [80.0]))
    assert (found.verdict, found.interval) == ("inconclusive", None)
    assert found.reason == "Better in 1 of 1 seeds, on average by 10 (one seed has no interval)."


def test_seeds_must_be_the_same() -> None:
    results = [result(90.0, seed=0), result(80.0, seed=1, method="SVM")]
    assert judge_orderings(ordering(), results).reason == "The methods have no seed in common."
    assert judge_orderings(ordering(), seeds(90.0)).reason == "SVM: No trial of this method was run."


def test_equal_results_are_no_order() -> None:
    assert judge_orderings(ordering(), both([90.0, 90.0], [90.0, 90.0])).verdict == "inconclusive"


def test_a_diverged_trial_loses() -> None:
    diverged = [result(None, seed=seed, method="SVM", status="diverged") for seed in range(6)]
    found = judge_orderings(ordering(), [*seeds(*[90.0] * 6), *diverged])
    assert found.verdict == "met"
    assert found.reason == "Better in 6 of 6 seeds; trials diverged, so a sign test decides."
    few = judge_orderings(ordering(), [*seeds(90.0, 90.0), *diverged[:2]])
    assert few.verdict == "inconclusive"


def test_a_chain_is_as_good_as_its_weakest_step() -> None:
    chain = ordering("k = 20", "k = 10", "k = 5")
    rising = [*seeds(3.0, 3.1, method="k = 20"), *seeds(2.0, 2.1, method="k = 10"), *seeds(1.0, 1.1, method="k = 5")]
    assert judge_orderings(chain, rising).verdict == "met"
    turned = [*seeds(3.0, 3.1, method="k = 20"), *seeds(1.0, 1.1, method="k = 10"), *seeds(2.0, 2.1, method="k = 5")]
    found = judge_orderings(chain, turned)
    assert found.verdict == "differs"
    assert found.difference == pytest.approx(-1.0)


def test_a_chain_of_data_sets_pairs_their_seeds() -> None:
    claims = Claims(items=(claim("C1", dataset="rings"), claim("C2", dataset="moons")))
    one = ordering("Ours, rings", "Ours, moons", dataset="", claims=("C1", "C2"))
    results = [*seeds(95.0, 96.0, dataset="rings"), *seeds(90.0, 91.2, dataset="moons")]
    assert judge_orderings(one, results, claims).verdict == "met"


def test_without_a_data_set_all_count() -> None:
    results = [
        *both([80.0, 81.0], [78.0, 79.1]),
        *both([90.0, 91.0], [88.0, 89.0], dataset="rings"),
    ]
    found = judge_orderings(ordering(dataset=""), results)
    assert (found.verdict, found.seeds) == ("met", 4)


def test_a_toy_ordering_says_whether_it_holds() -> None:
    found = judge_orderings(ordering(), both([80.0, 90.0, 99.0], [78.0, 88.1, 96.9], scale=0.5))
    assert found.verdict == "toy"
    assert found.reason.startswith("Measured at 0.5 of the paper's scale. As claimed: better in 3 of 3 seeds")


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=2, max_size=12))
def test_it_is_the_paired_t_test(pairs: list[tuple[float, float]]) -> None:
    ours, theirs = [round(one, 3) for one, _ in pairs], [round(other, 3) for _, other in pairs]
    apart = [one - other for one, other in zip(ours, theirs, strict=True)]
    if max(apart) - min(apart) < 1e-2:
        return
    found = judge_orderings(ordering(), both(ours, theirs))
    tested = stats.ttest_rel(ours, theirs)
    assert found.interval == pytest.approx(tuple(tested.confidence_interval()), rel=1e-6, abs=1e-6)
    if tested.pvalue < 0.049:
        assert found.verdict == ("met" if sum(apart) > 0 else "differs")
    if tested.pvalue > 0.051:
        assert found.verdict == "inconclusive"
