"""A change is kept only for a gain beyond noise that costs nothing."""

from typing import get_args

import pytest
from scipy import stats

from papercoder.artifacts import ClaimChange, ClaimVerdict
from papercoder.stages.diagnosis import LEVEL, Shift, decide


def change(claim: str, before: ClaimVerdict, after: ClaimVerdict) -> ClaimChange:
    return ClaimChange(claim=claim, before=before, after=after, measured_before=73.7, measured_after=88.7)


CLEAR = Shift("C1", before=(73.0, 74.1, 72.5, 75.0), after=(88.0, 89.4, 87.6, 90.1), tolerance=3.0)


def test_a_clear_gain_without_a_loss_is_kept() -> None:
    decision = decide([change("C1", "differs", "met"), change("C2", "met", "met")], [CLEAR], tried=1)
    assert decision.keep
    assert "C1" in decision.reason


def test_a_lost_claim_forbids_it() -> None:
    decision = decide([change("C1", "differs", "met"), change("C2", "met", "differs")], [CLEAR], tried=1)
    assert not decision.keep
    assert decision.reason == "It meets C1, but no longer C2."


@pytest.mark.parametrize("after", sorted(set(get_args(ClaimVerdict)) - {"met"}))
def test_without_a_claim_that_becomes_met_nothing_is_kept(after: ClaimVerdict) -> None:
    assert not decide([change("C1", "differs", after)], [], tried=1).keep


def test_a_gain_within_noise_is_not_kept() -> None:
    noisy = Shift("C1", before=(70.0, 75.0, 80.0), after=(79.0, 72.0, 83.0), tolerance=3.0)
    decision = decide([change("C1", "differs", "met")], [noisy], tried=1)
    assert not decision.keep
    assert "noise" in decision.reason


def test_the_more_was_tried_the_clearer_a_gain_must_be() -> None:
    shift = Shift("C1", before=(0.0, 0.0, 0.0, 0.0, 0.0), after=(1.0, 2.0, 0.5, 1.5, 1.2), tolerance=0.1)
    level = stats.ttest_rel(shift.after, shift.before).pvalue
    enough, too_many = int(LEVEL / level), int(LEVEL / level) + 1
    gain = [change("C1", "differs", "met")]
    assert decide(gain, [shift], tried=enough).keep
    assert not decide(gain, [shift], tried=too_many).keep


def test_with_one_seed_the_tolerance_stands_for_the_noise() -> None:
    assert Shift("C1", (70.0,), (75.0,), tolerance=3.0).exceeds_noise(0.05)
    assert not Shift("C1", (70.0,), (72.0,), tolerance=3.0).exceeds_noise(0.05)


def test_deterministic_trials_have_no_noise() -> None:
    assert Shift("C1", (70.0, 70.0), (71.0, 71.0), tolerance=3.0).exceeds_noise(0.05)
    assert not Shift("C1", (70.0, 70.0), (70.0, 70.0), tolerance=3.0).exceeds_noise(0.05)


def test_a_claim_that_needs_more_seeds_is_no_loss_and_is_named() -> None:
    decision = decide([change("C1", "differs", "met"), change("O1", "met", "inconclusive")], [CLEAR], tried=1)
    assert decision.keep
    assert decision.reason == "It meets C1 and loses no claim; more seeds must tell about O1."
