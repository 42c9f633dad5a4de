"""A run in figures, over all processes that worked on it."""

from papercoder.runs.events import (
    AnswerRejected,
    ArtifactEdited,
    ArtifactMade,
    ArtifactReused,
    ArtifactStarted,
    CallMade,
    CallRetried,
    CallReused,
    Event,
    RunEnded,
    RunStarted,
    Warned,
)
from papercoder.runs.summary import StepCost, last_costs, mean_costs, stage_of, summarise


def started(at: float, profile: str = "full") -> RunStarted:
    return RunStarted(at=at, paper="p.pdf", models={"coding": "m"}, profile=profile)


def call(at: float, cost: float | None = 0.25) -> CallMade:
    return CallMade(
        at=at, agent="a", subject="", model="m", prompt=10, cached=4, completion=5, cost_usd=cost, seconds=1
    )


PLAN, CODE = "planning/plan.json", "repo/main.py"
KILLED: list[Event] = [
    started(100),
    ArtifactStarted(at=101, artifact=PLAN),
    call(102),
    AnswerRejected(at=102, agent="a", subject="", reason="x"),
    CallRetried(at=103, agent="a", subject="", reason="x", wait=1),
    call(104, None),
    ArtifactMade(at=105, artifact=PLAN, seconds=4, calls=2),
    Warned(at=105, where="old", message="gone"),
    ArtifactStarted(at=106, artifact=CODE),
]
RESUMED: list[Event] = [
    started(200, "papercoder"),
    ArtifactReused(at=201, artifact=PLAN, calls=2),
    ArtifactEdited(at=201, artifact="repo/config.yaml", stale=True),
    Warned(at=202, where="reading", message="a scan"),
    Warned(at=202, where="reading", message="a scan"),
    ArtifactStarted(at=202, artifact=CODE),
    CallReused(at=203, agent="a", subject="", model="m"),
    call(204),
    ArtifactMade(at=206, artifact=CODE, seconds=4, calls=2),
    RunEnded(at=210, status="complete"),
]


def test_nothing_happened_yet() -> None:
    summary = summarise([])
    assert (summary.status, summary.started, summary.seconds, summary.stages) == ("new", None, 0, ())


def test_a_killed_run_is_running_until_another_takes_it_up() -> None:
    summary = summarise(KILLED)
    assert summary.status == "running"
    assert summary.seconds == 6
    assert [(stage.name, stage.made, stage.open) for stage in summary.stages] == [("planning", 1, 0), ("coding", 0, 1)]


def test_figures_are_over_all_processes_and_state_is_of_the_latest() -> None:
    summary = summarise([*KILLED, *RESUMED])
    assert (summary.status, summary.profile, summary.started, summary.seconds) == ("complete", "papercoder", 100, 16)
    calls = summary.calls
    assert (calls.made, calls.reused, calls.retried, calls.rejected) == (3, 3, 1, 1)
    assert (summary.tokens.prompt, summary.tokens.cached, summary.tokens.completion) == (30, 12, 15)
    assert (summary.cost_usd, summary.unpriced) == (0.5, 1)
    assert summary.edited == ("repo/config.yaml",)
    assert summary.warnings[1:] == ("reading: a scan",)
    assert "repo/config.yaml has your edit" in summary.warnings[0]


def test_a_run_that_stopped_says_why() -> None:
    summary = summarise([*KILLED, RunEnded(at=107, status="partial", reason="the cap")])
    assert (summary.status, summary.reason) == ("partial", "the cap")


def test_the_folder_of_an_artifact_is_its_stage() -> None:
    assert [stage_of(name) for name in (PLAN, "analysis/src/a.py.md", CODE)] == ["planning", "analysis", "coding"]


def call_artifact_costs(artifact: str, tokens: int, cost: float | None = 0.5, agent: str = "coding") -> CallMade:
    return CallMade(
        agent=agent,
        subject="",
        model="x:y",
        artifact=artifact,
        prompt=tokens,
        cached=0,
        completion=1,
        cost_usd=cost,
        seconds=1.0,
    )


def made(artifact: str) -> ArtifactMade:
    return ArtifactMade(artifact=artifact, seconds=1.0, calls=1)


EVENTS = (
    call_artifact_costs("a", 9),
    made("a"),
    call_artifact_costs("b", 99),
    call_artifact_costs("a", 19),
    call_artifact_costs("a", 29),
    made("a"),
    made("b"),
)


def test_the_last_time_counts() -> None:
    assert last_costs(EVENTS) == {
        "a": StepCost(calls=2, tokens=50, cost_usd=1.0),
        "b": StepCost(calls=1, tokens=100, cost_usd=0.5),
    }


def test_what_was_made_of_kept_answers_keeps_its_price() -> None:
    assert last_costs((*EVENTS, made("a")))["a"].calls == 2


def test_an_unknown_price_stays_unknown() -> None:
    assert last_costs([call_artifact_costs("a", 1), call_artifact_costs("a", 1, None), made("a")])["a"].cost_usd is None


def test_an_agent_takes_so_much_for_one_artifact() -> None:
    assert mean_costs(EVENTS)["coding"] == StepCost(calls=4 / 3, tokens=160 / 3, cost_usd=2 / 3)
