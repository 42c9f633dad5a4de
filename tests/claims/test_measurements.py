"""What trials measured is found by the claims' names and converted to their units."""

import pytest

from papercoder.artifacts import Claim, TrialResult, UnclaimedResult
from papercoder.claims.measurements import Measurement, Measurements, conversion, split_unit
from tests.claims.results import claim, result, seeds


def measured(one: Claim, results: list[TrialResult]) -> Measurement:
    return Measurements(results).of(one)


def test_results_are_found_by_names() -> None:
    found = measured(claim(), [*seeds(1.0, 2.0, method=" ours ", dataset="Moons"), *seeds(9.0, method="SVM")])
    assert list(found.values.values()) == [1.0, 2.0]
    assert found.notes == ()


def test_a_trial_that_names_the_claim_counts_once() -> None:
    results = seeds(1.0, 2.0, claims=("C1",)) + seeds(5.0, claims=("C1",), method="SVM")
    assert list(measured(claim(), results).values.values()) == [1.0, 2.0]


def test_the_same_method_in_another_experiment_counts_only_if_there_is_no_other() -> None:
    elsewhere = seeds(7.0, experiment="ablation")
    assert list(measured(claim(), [*seeds(1.0), *elsewhere]).values.values()) == [1.0]
    found = measured(claim(), elsewhere)
    assert list(found.values.values()) == [7.0]
    assert found.notes == ("Measured in the experiment “ablation”.",)


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ([], "No trial of this method was run."),
        (seeds(1.0, metric="loss"), "Its trials measure loss, not accuracy."),
        ([result(None, status="failed", reason="out of memory")], "All 1 trials failed: out of memory"),
    ],
)
def test_why_nothing_was_measured(results: list[TrialResult], reason: str) -> None:
    assert measured(claim(), results).missing == reason


def test_results_at_the_papers_scale_come_first() -> None:
    toys = seeds(1.0, 2.0, scale=0.1)
    assert measured(claim(), toys).toy == "at 0.1 of the paper's scale"
    full = result(3.0, seed=7)
    found = measured(claim(), [*toys, full])
    assert (list(found.values.values()), found.toy) == ([3.0], "")


AVERAGE = claim(dataset="Average", averaged_over=("moons", "Rings"))


def test_a_mean_over_data_sets_is_taken_by_seed() -> None:
    found = measured(
        AVERAGE, [*seeds(1.0, 2.0, 9.0), *seeds(3.0, 6.0, dataset="rings"), *seeds(7.0, dataset="Average")]
    )
    assert found.values == {("", 0): 2.0, ("", 1): 4.0}


def test_a_mean_over_data_sets_says_which_of_them_it_lacks() -> None:
    assert measured(AVERAGE, seeds(1.0)).missing == (
        "The mean over 2 data sets lacks Rings. Rings: No trial of this method was run."
    )
    apart = [*seeds(1.0), result(3.0, seed=1, dataset="rings")]
    assert measured(AVERAGE, apart).missing == "No seed was measured on all of its 2 data sets."


def test_a_mean_over_data_sets_is_a_toy_if_one_of_them_is() -> None:
    found = measured(AVERAGE, [*seeds(1.0), *seeds(3.0, dataset="rings", synthetic=True)])
    assert (found.values, found.toy) == ({("", 0): 2.0}, "on synthetic data")


def test_the_data_sets_of_a_mean_are_converted_alike() -> None:
    rare = claim(dataset="Average", averaged_over=("moons", "rings"), unit="%", value=5.0)
    found = measured(rare, [*seeds(0.6), *seeds(0.01, dataset="rings")])
    assert found.values[("", 0)] == pytest.approx(30.5)


def test_a_trial_that_diverged_on_one_data_set_has_no_mean() -> None:
    diverged = result(None, status="diverged", dataset="rings", seed=1)
    found = measured(AVERAGE, [*seeds(1.0, 2.0), *seeds(3.0, dataset="rings"), diverged])
    assert (found.values, found.diverged) == ({("", 0): 2.0}, frozenset({("", 1)}))


def test_synthetic_data_makes_a_toy() -> None:
    assert measured(claim(), seeds(1.0, synthetic=True)).toy == "on synthetic data"
    assert measured(claim(), seeds(1.0, synthetic=True, scale=0.5)).toy == (
        "at 0.5 of the paper's scale and on synthetic data"
    )


def test_a_unit_in_the_metrics_name_is_converted_and_named() -> None:
    found = measured(claim(metric="inference time", unit="s", value=0.2), seeds(210.0, metric="inference time (ms)"))
    assert list(found.values.values()) == pytest.approx([0.21])
    assert found.notes == ("Converted from ms to s.",)


def test_a_unit_of_another_kind_is_not_the_metric() -> None:
    found = measured(claim(metric="time", unit="s"), seeds(3.0, metric="time (MB)"))
    assert found.missing == "Its trials measure time (MB), not time."


def test_fractions_are_percentages_only_if_the_unit_says_so() -> None:
    percent = claim(unit="%", value=96.5)
    found = measured(percent, seeds(0.965, 0.964))
    assert list(found.values.values()) == pytest.approx([96.5, 96.4])
    assert found.notes == ("The code measures fractions; they were converted to percent.",)
    assert list(measured(claim(value=96.5), seeds(0.965)).values.values()) == [0.965]


def test_small_percentages_stay() -> None:
    """A calibration error of 0.9 % where the paper reports 1.3 %."""
    assert list(measured(claim(unit="%", value=1.3), seeds(0.9)).values.values()) == [0.9]
    others = [*seeds(0.9), *seeds(40.0, method="SVM")]
    assert list(measured(claim(unit="%", value=90.0), others).values.values()) == [0.9]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("time (ms)", ("time", "ms")),
        ("time [s]", ("time", "s")),
        ("accuracy in percent", ("accuracy", "percent")),
        ("error (top 1)", ("error (top 1)", "")),
        ("accuracy", ("accuracy", "")),
    ],
)
def test_units_in_names(metric: str, expected: tuple[str, str]) -> None:
    assert split_unit(metric) == expected


def test_conversions() -> None:
    assert conversion("ms", "s") == pytest.approx(1e-3)
    assert conversion("fraction", "%") == pytest.approx(100)
    assert conversion("GB", "MB") == pytest.approx(1000)
    assert conversion("MB", "s") is None
    assert conversion("frogs", "frogs") == 1
    assert conversion("frogs", "toads") is None


def test_what_no_claim_names_is_left_over() -> None:
    measurements = Measurements(
        [*seeds(1.0, 3.0), *seeds(4.0, 6.0, method="SVM"), result(None, seed=9, status="failed")]
    )
    measurements.of(claim())
    (left,) = measurements.unclaimed()
    assert left == UnclaimedResult(
        experiment="main", method="SVM", dataset="moons", metric="accuracy", mean=5.0, std=2**0.5, seeds=2
    )
