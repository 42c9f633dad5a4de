"""What artifacts took, from events."""

from papercoder.runs.events import ArtifactMade, CallMade
from papercoder.runs.summary import StepCost, last_costs, mean_costs


def call(artifact: str, tokens: int, cost: float | None = 0.5, agent: str = "coding") -> CallMade:
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


EVENTS = (call("a", 9), made("a"), call("b", 99), call("a", 19), call("a", 29), made("a"), made("b"))


def test_the_last_time_counts() -> None:
    assert last_costs(EVENTS) == {
        "a": StepCost(calls=2, tokens=50, cost_usd=1.0),
        "b": StepCost(calls=1, tokens=100, cost_usd=0.5),
    }


def test_what_was_made_of_kept_answers_keeps_its_price() -> None:
    assert last_costs((*EVENTS, made("a")))["a"].calls == 2


def test_an_unknown_price_stays_unknown() -> None:
    assert last_costs([call("a", 1), call("a", 1, None), made("a")])["a"].cost_usd is None


def test_an_agent_takes_so_much_for_one_artifact() -> None:
    assert mean_costs(EVENTS)["coding"] == StepCost(calls=4 / 3, tokens=160 / 3, cost_usd=2 / 3)
