from benchmarks.resumption.measure import counted

from papercoder.runs.events import CallMade, CallReused, CallStarted, Event


def sent(subject: str) -> CallStarted:
    return CallStarted(agent="coding", subject=subject, model="m", prompt=1)


def made(subject: str) -> CallMade:
    return CallMade(
        agent="coding", subject=subject, model="m", prompt=1, cached=0, completion=1, cost_usd=None, seconds=0.0
    )


def test_what_a_kill_cost_is_counted() -> None:
    before: list[Event] = [sent("a"), made("a"), sent("b")]
    after: list[Event] = [CallReused(agent="coding", subject="a", model="m"), sent("b"), sent("c")]
    found = counted(before, after, fresh=2.0, resumed=1.0)
    assert (found.kept, found.in_flight, found.paid_again) == (1, 1, 0)
    assert counted(before, [sent("a")], 2.0, 1.0).paid_again == 1
