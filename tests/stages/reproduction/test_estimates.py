"""Times are measured, extrapolated from progress, or taken from similar trials."""

import pytest

from papercoder.artifacts.reproduction import TrialKind
from papercoder.stages.reproduction.estimates import Estimates


def kind(method: str, dataset: str) -> TrialKind:
    return TrialKind("e", method, dataset)


def test_nothing_is_known_at_first() -> None:
    estimates = Estimates()
    assert estimates.of(kind("a", "x")).basis == "unknown"
    assert estimates.seconds(kind("a", "x")) == 1.0


def test_a_measurement_replaces_an_estimate_and_is_not_replaced_by_one() -> None:
    estimates = Estimates()
    estimates.stopped(kind("a", "x"), 5.0, 60.0)
    assert estimates.of(kind("a", "x")).seconds == 60.0
    estimates.measured(kind("a", "x"), 40.0)
    estimates.stopped(kind("a", "x"), 5.0, 500.0)
    assert estimates.of(kind("a", "x")).seconds == 40.0


def test_without_progress_a_trial_takes_longer_than_it_ran() -> None:
    estimates = Estimates()
    estimates.stopped(kind("a", "x"), 30.0, None)
    assert estimates.of(kind("a", "x")).basis == "at_least"
    assert estimates.seconds(kind("a", "x")) == 60.0


def test_factors_of_method_and_data_set_multiply() -> None:
    estimates = Estimates()
    estimates.measured(kind("a", "x"), 1.0)
    estimates.measured(kind("a", "y"), 10.0)
    estimates.measured(kind("b", "x"), 3.0)
    estimates.measured(kind("b", "y"), 30.0)
    estimates.measured(kind("c", "x"), 5.0)
    del estimates.known[kind("b", "y")], estimates.known[kind("c", "x")]
    estimates.measured(kind("c", "y"), 30.0)
    similar = estimates.of(kind("b", "y"))
    assert similar.basis == "similar"
    assert similar.seconds == pytest.approx(17.3, rel=0.5)


def test_estimates_of_similar_trials_are_not_kept() -> None:
    former, estimates = Estimates(), Estimates()
    former.measured(kind("a", "x"), 2.0)
    estimates.add([former.of(kind("a", "x")), former.of(kind("b", "x"))])
    assert list(estimates.known) == [kind("a", "x")]
