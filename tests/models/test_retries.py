""""""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.errors import ContextError, ModelError
from papercoder.models.contract import Model, TransientError
from papercoder.models.retries import CONTINUATIONS, CONTINUE, LONGEST_WAIT, ContinuingModel, RetryingModel, join
from papercoder.runs.events import CallRetried
from tests.models.fakes import Events, Scripted, ask, cut, said


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


def test_a_cut_answer_is_continued_and_its_cost_summed() -> None:
    model = Scripted(
        cut("def run():\n    ret", prompt=10, completion=5, cost_usd=0.5),
        cut("urn 1 +", prompt=20, completion=5, cost_usd=0.25),
        said(" 2\n", prompt=30, cached=8, completion=5, cost_usd=0.25),
    )
    answer = asyncio.run(ContinuingModel(model).answer(ask()))
    assert answer.text == "def run():\n    return 1 + 2\n"
    assert answer.finish == "stop"
    assert (answer.usage.prompt, answer.usage.cached, answer.usage.completion) == (60, 8, 15)
    assert answer.usage.cost_usd == pytest.approx(1.0)
    assert [message.text for message in model.asked[2].messages[1:]] == ["def run():\n    return 1 +", CONTINUE]


def test_a_cost_that_is_not_known_stays_unknown() -> None:
    model = Scripted(cut("a", cost_usd=0.5), said("b"))
    assert asyncio.run(ContinuingModel(model).answer(ask())).usage.cost_usd is None


def test_an_answer_that_is_always_cut_is_an_error() -> None:
    model = Scripted(cut("more\n"))
    with pytest.raises(ModelError, match="still cut off after 6 continuations"):
        asyncio.run(ContinuingModel(model).answer(ask()))
    assert len(model.asked) == CONTINUATIONS + 1


def test_a_model_that_thought_until_no_token_was_left_gets_more() -> None:
    model = Scripted(cut(""), cut("  "), said("at last"))
    answer = asyncio.run(ContinuingModel(model).answer(ask()))
    assert answer.text == "at last"
    assert [request.max_tokens for request in model.asked] == [1000, 2000, 4000]
    assert all(len(request.messages) == 1 for request in model.asked)


def test_more_tokens_than_the_window_has_are_not_asked_for() -> None:
    model = Scripted(cut(""))
    model.context_window = 1500
    with pytest.raises(ModelError, match="before it wrote an answer"):
        asyncio.run(ContinuingModel(model).answer(ask()))


def test_a_continuation_takes_what_room_is_left() -> None:
    model = Scripted(cut("words " * 300), said("end"))
    model.context_window = 1200
    asyncio.run(ContinuingModel(model).answer(ask()))
    assert model.asked[1].max_tokens < model.asked[0].max_tokens


WORDS = st.lists(st.integers(min_value=10_000, max_value=99_999), min_size=12, max_size=40, unique=True)


@given(WORDS, st.data())
def test_a_text_is_joined_at_any_cut_and_with_any_repetition(numbers: list[int], data: st.DataObject) -> None:
    text = " ".join(map(str, numbers))
    at = data.draw(st.integers(min_value=0, max_value=len(text)))
    repeated = data.draw(st.sampled_from([0, 20, 25, 40]))
    start = at - repeated if repeated <= at else at
    assert join(text[:at], text[start:]) == text


@given(WORDS, st.data())
def test_a_cut_line_that_is_repeated_appears_once(numbers: list[int], data: st.DataObject) -> None:
    lines = [f"x_{number} = {number}" for number in numbers]
    text = "\n".join(lines)
    line = data.draw(st.integers(min_value=1, max_value=len(lines) - 1))
    begin = len("\n".join(lines[:line])) + 1
    at = begin + data.draw(st.integers(min_value=2, max_value=len(lines[line])))
    assert join(text[:at], text[begin:]) == text


@pytest.mark.parametrize(
    ("head", "tail", "whole"),
    [
        ("a = 1\n", "b = 2\n", "a = 1\nb = 2\n"),
        ("for i in x:\n    ", "    y()\n", "for i in x:\n        y()\n"),
        ("```python\na = 1\nb", "```python\n = 2\n```", "```python\na = 1\nb = 2\n```"),
        ("```python\na = 1\n", "```\n", "```python\na = 1\n```\n"),
        ("text\n```\ncode\n```\n", "```python\nmore\n```", "text\n```\ncode\n```\n```python\nmore\n```"),
        ("", "all of it", "all of it"),
    ],
)
def test_joins(head: str, tail: str, whole: str) -> None:
    assert join(head, tail) == whole
