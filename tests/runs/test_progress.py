"""The progress of a reproduction, from its events; the page shows it."""

from papercoder.runs.events import (
    ClaimDecided,
    ReproductionPlanned,
    RunStarted,
    TrialEnded,
    TrialProgress,
    TrialStarted,
)
from papercoder.runs.progress import ReproductionProgress
from papercoder.web.parts import live

PLAN = ReproductionPlanned(
    trials=3, finished=2, omitted=1, claims=4, claims_total=6, seconds=60.0, budget=3600.0, workers=2
)


def progress(*events: object) -> ReproductionProgress:
    found = ReproductionProgress()
    for event in events:
        found.add(event)  # type: ignore[arg-type]
    return found


def test_trials_and_claims_are_counted() -> None:
    found = progress(
        TrialEnded(trial="probed", status="stopped", seconds=5.0),
        PLAN,
        TrialStarted(trial="a", seconds=30.0),
        TrialStarted(trial="b", seconds=None),
        TrialProgress(trial="a", fraction=0.25, seconds_left=20.0),
        TrialEnded(trial="b", status="failed", seconds=3.0, reason="no memory"),
        ClaimDecided(claim="C1", verdict="differs"),
        ClaimDecided(claim="C1", verdict="met"),
        PLAN.model_copy(update={"trials": 1}),
    )
    assert (found.done, found.total, found.failed) == (3, 5, 1)
    assert (found.count("met"), found.count("differs"), found.open_claims) == (1, 0, 5)
    assert found.running["a"].fraction == 0.25
    assert found.without_running().running == {}


def test_without_progress_a_trial_is_as_far_as_its_estimate_says() -> None:
    found = progress(TrialStarted(trial="a", seconds=1000.0), TrialStarted(trial="b", seconds=9.0, probe=True))
    assert found.running["a"].fraction is not None
    assert found.running["a"].fraction < 0.1
    assert found.running["b"].fraction is None


def test_another_process_starts_with_its_own_plan() -> None:
    found = progress(PLAN, ClaimDecided(claim="C1", verdict="met"), RunStarted(paper="p", models={}, profile="full"))
    assert (found.plan, found.count("met")) == (None, 1)


def test_the_page_shows_running_trials_and_the_latest_verdicts() -> None:
    found = progress(
        PLAN, TrialStarted(trial="a<b", seconds=30.0), ClaimDecided(claim="C1", verdict="met", reason="96.4 & 96.5")
    )
    trials, claims = live.trials(found), live.claims(found)
    assert "2 of 5 trials" in trials
    assert "a&lt;b" in trials
    assert "1 left out" in trials
    assert "1 met" in claims
    assert "5 open" in claims
    assert 'title="96.4 &amp; 96.5"' in claims
