import asyncio

import pytest

from papercoder.errors import ContextError, ModelError
from papercoder.models.contract import Model, TransientError
from papercoder.models.retries import LONGEST_WAIT, RetryingModel
from papercoder.runs.events import CallRetried
from tests.models.fakes import Events, Scripted, ask, said


class Sleeper:
    """Sleeps without losing time."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


def retrying(model: Model, retries: int = 4) -> tuple[RetryingModel, Sleeper, Events]:
    sleeper, events = Sleeper(), Events()
    return RetryingModel(model, retries, events, sleeper), sleeper, events


def test_a_transient_failure_is_reported_and_retried() -> None:
    model, sleeper, events = retrying(Scripted(TransientError("500"), TransientError("reset"), said("x")))
    assert asyncio.run(model.answer(ask())).text == "x"
    reasons = [(event.reason, event.wait) for event in events.all if isinstance(event, CallRetried)]
    assert [reason for reason, _ in reasons] == ["500", "reset"]
    assert [wait for _, wait in reasons] == sleeper.slept


def test_waits_grow_and_differ() -> None:
    model, sleeper, _ = retrying(Scripted(TransientError("500")), retries=10)
    with pytest.raises(ModelError):
        asyncio.run(model.answer(ask()))
    assert all(0.5 * 2**n <= wait or wait == 60 for n, wait in enumerate(sleeper.slept))
    assert max(sleeper.slept) <= 60
    assert len(set(sleeper.slept)) > 5


@pytest.mark.parametrize("wait", [0.0, 0.25, 7.5])
def test_a_wait_that_is_asked_for_is_kept_to(wait: float) -> None:
    model, sleeper, _ = retrying(Scripted(TransientError("429", retry_after=wait), said("x")))
    asyncio.run(model.answer(ask()))
    assert wait <= sleeper.slept[0] <= wait + 0.3


def test_too_long_a_wait_is_left_to_the_user() -> None:
    model, sleeper, _ = retrying(Scripted(TransientError("429", retry_after=LONGEST_WAIT + 1)))
    with pytest.raises(ModelError, match="asks to wait 301 s"):
        asyncio.run(model.answer(ask()))
    assert not sleeper.slept


def test_it_gives_up_and_says_what_to_do() -> None:
    inner = Scripted(TransientError("503, busy"))
    model, _, _ = retrying(inner, retries=2)
    with pytest.raises(ModelError, match=r"coding model\.py: scripted:test was asked 3 times .*503, busy.*to resume"):
        asyncio.run(model.answer(ask()))
    assert len(inner.asked) == 3


@pytest.mark.parametrize("error", [ModelError("the key was refused"), ContextError("too large")])
def test_what_will_not_pass_is_not_tried_again(error: ModelError) -> None:
    inner = Scripted(error)
    model, _, _ = retrying(inner)
    with pytest.raises(type(error), match=str(error)):
        asyncio.run(model.answer(ask()))
    assert len(inner.asked) == 1
